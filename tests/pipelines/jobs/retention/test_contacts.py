"""What the operations database says of lists and warnings."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines.jobs.retention import kpis
from pipelines.jobs.retention.contacts import Contacts
from pipelines.outreach.operations import database, rounds, warnings
from pipelines.outreach.operations.warnings import Warning_
from pipelines.workspace import Workspace
from tests.pipelines.jobs.retention import company_by_hand as by_hand


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return by_hand.company(tmp_path)


def draw(workspace: Workspace, as_of: date, proposed: dict[str, str]) -> None:
    closes = as_of + timedelta(days=60)
    head = rounds.Round("demo", as_of, "2024-01-01T00:00:00", "me", "s", 0.1, 0.0, closes, {"model": "1"})
    rows = [
        {
            "customer_id": who,
            "action": rounds.NONE,
            "proposed": action,
            "withheld": action != rounds.NONE,
            "explored": False,
            "level": "high",
            "risk": 0.5,
            "expected_value": None,
            "next_best": None,
            "next_best_value": None,
            "warnings": [],
            "because": "",
            "probabilities": {rounds.NONE: 1.0},
            "reasons": [],
        }
        for who, action in proposed.items()
    ]
    assert rounds.written(database.opened(workspace.root), head, pd.DataFrame(rows), rest_days=0) is not None


def warn(workspace: Workspace, who: str, raised: str, due: str, **events: str) -> None:
    engine = database.opened(workspace.root)
    made = Warning_("demo", "rule", who, raised, raised, "high", "desk", "list", due, None, {})
    warnings.raised(engine, [made], {}, spec="demo", at=raised)
    for kind, at in events.items():
        warnings.happened(engine, ("demo", "rule", who, raised), kind, at=at, by="me")


def test_nothing_is_kept(workspace: Workspace) -> None:
    assert Contacts.read(workspace.root, "demo") is None
    assert not database.exists(workspace.root)  # asking makes no database
    database.opened(workspace.root)
    assert Contacts.read(workspace.root, "demo") is None


def test_leavers_on_lists_and_warnings_acted_on(workspace: Workspace) -> None:
    draw(workspace, date(2023, 12, 1), {"c": "call", "a": rounds.NONE})
    draw(workspace, date(2024, 3, 1), {"c": "call", "d": rounds.NONE})
    warn(workspace, "c", "2024-03-10T00:00:00", "2024-03-12T00:00:00", acknowledged="2024-03-11T00:00:00")
    warn(workspace, "a", "2024-03-20T00:00:00", "2024-03-22T00:00:00", done="2024-03-25T00:00:00")
    warn(workspace, "e", "2024-03-20T12:00:00", "2024-03-22T00:00:00")
    found = kpis.figures(by_hand.spec(kpis={"days": [60]}), workspace, at="2024-04-20", by=None)
    window = found["windows"][0]
    # c left on 31 March, 121 days after the list of December.
    of_rounds, of_warnings = window["early"]["rounds"], window["early"]["warnings"]
    assert (of_rounds["leavers"], of_rounds["judged"], of_rounds["ahead"]["value"]) == (1, 1, 1.0)
    assert of_rounds["days"] == [121.0, 121.0, 121.0]
    assert (of_warnings["judged"], of_warnings["ahead"], of_warnings["days"]) == (0, None, [21.0, 21.0, 21.0])
    assert (window["acted"]["raised"], window["acted"]["due"]) == (3, 3)
    assert window["acted"]["in_time"]["value"] == pytest.approx(1 / 3)
    assert set(found["missing"]) == {kpis.LIFETIME, kpis.NPS}


def test_warnings_count_where_the_data_have_no_dates(workspace: Workspace) -> None:
    warn(workspace, "c", "2024-03-10T00:00:00", "2024-03-12T00:00:00", done="2024-03-11T00:00:00")
    by_hand.write(workspace, {}, ends=None)
    spec = by_hand.spec(kpis={"days": [60]}, observations=None, split={"kind": "random"})
    found = kpis.figures(spec, workspace, at="2024-04-20", by=None)
    assert found["windows"][0]["acted"]["in_time"]["value"] == 1.0
    assert kpis.ACTED not in found["missing"]


def test_a_warning_that_is_not_due_yet_is_pending(workspace: Workspace) -> None:
    warn(workspace, "c", "2024-03-10T00:00:00", "2024-03-12T00:00:00")
    found = Contacts.read(workspace.root, "demo")
    assert found is not None
    opens, closes = datetime(2024, 3, 1), datetime(2024, 3, 10)
    one = found.acted(opens, closes, now=datetime(2024, 3, 11))
    assert one is not None
    assert (one["pending"], one["in_time"]) == (1, None)
    assert found.acted(datetime(2024, 3, 10), closes, now=datetime(2024, 3, 11)) is None
