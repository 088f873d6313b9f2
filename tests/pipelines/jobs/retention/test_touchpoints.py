"""What was known of a customer when asked: only what happened before, and not too long before."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.jobs.retention import reading, touchpoints
from pipelines.jobs.retention.company import Company
from pipelines.jobs.retention.windows import window
from pipelines.outreach.operations import database
from tests.pipelines.jobs.retention import company_by_hand as by_hand


def moments(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), format="ISO8601")).astype("datetime64[us]")


def test_events_before_are_those_of_a_brute_force_count() -> None:
    rng = np.random.default_rng(0)
    start = np.datetime64("2024-01-01", "s")
    rows, events = (
        pd.DataFrame(
            {
                "place": rng.integers(0, 6, size),
                "event_at": (start + rng.integers(0, 400 * 86_400, size).astype("timedelta64[s]")),
            }
        )
        for size in (60, 200)
    )
    events = events.sort_values(["place", "event_at"]).reset_index(drop=True)
    for days in (None, 90):
        count, last = touchpoints.before(rows, events, days=days)
        for at, row in enumerate(rows.itertuples()):
            earlier = events[(events["place"] == row.place) & (events["event_at"] < row.event_at)]
            if days:
                earlier = earlier[earlier["event_at"] >= row.event_at - pd.Timedelta(days=days)]
            assert count[at] == len(earlier)
            assert not len(earlier) or last[at] == earlier.index[-1]


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """b was asked thrice: before any contact, in the second of one, and after it was resolved."""
    monkeypatch.delenv(database.ADDRESS, raising=False)
    asked = moments("2024-03-01", "2024-03-05T10:00:00", "2024-03-20", "2024-03-20", "2024-03-20")
    surveys = pd.DataFrame({"survey_id": list("12345"), "customer_id": ["b", "b", "b", "a", "stranger"]}).assign(
        event_at=asked, known_at=asked, touchpoint=["renewal"] * 4 + ["onboarding"], score=[9.0, 8.0, 2.0, np.nan, 1.0]
    )
    called = moments("2024-03-05T10:00:00", "2023-11-01")
    interactions = pd.DataFrame({"interaction_id": ["1", "2"], "customer_id": ["b", "b"]}).assign(
        event_at=called,
        known_at=called,
        channel="call",
        topic=None,
        complaint=[True, False],
        resolved=True,
        resolved_at=moments("2024-03-08T10:00:00", "2023-11-01"),
        handling_minutes=[12.0, 3.0],
        text="",
        sentiment=np.nan,
    )
    interactions = interactions.astype({"topic": "string"})
    workspace = by_hand.company(tmp_path, surveys=surveys, interactions=interactions)
    found = reading.read(by_hand.spec(), workspace, ends=by_hand.ENDS)
    assert not isinstance(found, str)
    return found


def test_drivers_are_what_was_known_when_asked(company: Company) -> None:
    rows = company.tables["surveys"].sort_values("survey_id").iloc[:3].reset_index(drop=True)
    found = touchpoints._columns(company, rows)
    expected = {
        "contacts_90d": [0, 0, 1],
        "complaints_90d": [0, 0, 1],
        "handling_minutes": [np.nan, np.nan, 12],
        "days_to_resolve": [np.nan, np.nan, 3],
        "price": [20, 20, 20],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert found["tenure_days"][0] == (pd.Timestamp("2024-03-01") - pd.Timestamp("2023-06-01")).days


def test_scores_are_of_a_window_and_of_known_customers(company: Company) -> None:
    scores = touchpoints.scores(company, window(20, pd.Timestamp("2024-03-21").to_pydatetime(), company))
    assert set(scores) == {"all", "renewal"}
    assert (scores["renewal"]["asked"], scores["renewal"]["customers"]) == (4, 1)
    assert scores["renewal"]["score"]["value"] == 0
    assert touchpoints.found_drivers(company, window(20, pd.Timestamp("2024-03-21").to_pydatetime(), company)) == []
