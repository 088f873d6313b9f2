"""The figures of a company of six, worked out by hand, and what is said where there are none."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import UsageError
from pipelines.jobs.retention import in_lines, kpis, reading
from pipelines.outreach.operations import database
from pipelines.reporting import catalogue, kpis_page
from pipelines.workspace import Workspace
from tests.pipelines.jobs.retention import company_by_hand as by_hand

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return by_hand.company(tmp_path)


def figures(workspace: Workspace, *, at: str | None = None, by: str | None = None, **changes: object) -> dict:
    found = kpis.figures(by_hand.spec(**changes), workspace, at=at, by=by)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "\n".join(in_lines.lines(found))
    assert found["title"] in kpis_page.render(found)
    whys = [*found["missing"], *found["missing"].values(), *(one["why"] for one in found["windows"] if one["why"])]
    assert [one for one in whys if not CHINESE.search(catalogue.of_page("kpis").translated(one)[1])] == []
    return found


def test_a_year_by_hand(workspace: Workspace) -> None:
    found = figures(workspace, at="2024-12-28", kpis={"days": [362]})
    year = found["windows"][0]
    assert (year["opens"], year["state"]) == ("2024-01-01", "complete")
    # At the start a, b, c and e. c left and came back, d came and went, f is new.
    assert year["all"]["customers"] == {
        "at_start": 4,
        "new": 1,
        "returned": 0,
        "lost": 0,
        "at_end": 5,
        "left_and_back": 1,
        "came_and_went": 1,
        "joinings": 3,
        "leavings": 2,
    }
    assert year["all"]["retention"]["value"] == 1.0
    assert year["all"]["verdict"] == "cannot tell"
    # Paid at the start: 10 + 20 + 30 + 12; at the end 15 + 5 + 30 + 12. The new customer pays 9.
    revenue = year["all"]["revenue"]
    assert [revenue[name] for name in ("at_start", "expansion", "contraction", "lost", "at_end", "of_others")] == [
        72,
        5,
        15,
        0,
        62,
        9,
    ]
    assert revenue["net"]["value"] == pytest.approx(62 / 72)
    assert revenue["gross"]["value"] == pytest.approx(57 / 72)
    assert revenue["net"]["low"] is None


def test_between_leaving_and_coming_back_the_customer_is_lost_then_returned(workspace: Workspace) -> None:
    lost = figures(workspace, at="2024-04-20", kpis={"days": [30]})["windows"][0]
    assert (lost["all"]["customers"]["at_start"], lost["all"]["customers"]["lost"]) == (4, 1)
    assert lost["all"]["retention"]["value"] == 0.75
    back = figures(workspace, at="2024-10-20", kpis={"days": [30]})["windows"][0]["all"]["customers"]
    assert (back["new"], back["returned"]) == (0, 1)


def test_groups_are_those_of_the_start_and_add_up(workspace: Workspace) -> None:
    found = figures(workspace, at="2024-12-28", by="plan", kpis={"days": [362]})
    groups = found["windows"][0]["groups"]
    assert found["by"] == ["segment", "plan", "cohort"]
    assert list(groups["segment"]) == ["unknown", "x", "y"]
    # a was of segment x at the start; what it became in September does not move it.
    assert {name: one["customers"]["at_start"] for name, one in groups["segment"].items()} == {
        "unknown": 1,
        "x": 2,
        "y": 1,
    }
    assert set(groups["cohort"]) == {"2023-Q1", "2023-Q2", "2024-Q2", "2024-Q4"}
    for held in groups.values():
        total = pd.DataFrame([one["customers"] for one in held.values()]).sum().to_dict()
        assert total == found["windows"][0]["all"]["customers"]


def test_windows_that_are_not_over_or_open_too_early_say_so(workspace: Workspace) -> None:
    found = figures(workspace, at="2025-02-01", kpis={"days": [40, 800]})["windows"]
    assert [one["state"] for one in found] == ["immature", "before the data"]
    assert found[0]["why"] == "it is not over: the data end at 2025-01-01"
    assert found[0]["all"]["customers"]["at_start"] == 5
    assert (found[0]["all"]["retention"], found[0]["all"]["revenue"], found[0]["all"]["verdict"]) == (
        None,
        None,
        "cannot tell",
    )
    assert found[1]["all"] is None
    ahead = figures(workspace, at="2026-01-01", kpis={"days": [30]})["windows"][0]
    assert (ahead["state"], ahead["all"]) == ("immature", None)
    unsettled = figures(workspace, at="2024-12-30", kpis={"days": [30]})["windows"][0]
    assert unsettled["state"] == "immature"
    assert "it takes up to 3 days" in unsettled["why"]


def test_unless_said_windows_close_where_all_is_known(workspace: Workspace) -> None:
    found = figures(workspace)
    assert (found["at"], found["lag_days"]) == ("2024-12-29", 3)
    assert [one["days"] for one in found["windows"]] == [30, 182, 365]
    assert {one["state"] for one in found["windows"]} == {"complete"}


def test_targets_may_differ_by_window(workspace: Workspace) -> None:
    asked = {"days": [30, 60], "target": {"30": 0.1}}
    found = figures(workspace, kpis=asked)["windows"]
    assert [(one["all"]["target"], one["all"]["verdict"]) for one in found] == [(0.1, "reached"), (None, None)]


def test_prices_are_those_in_force_whenever_they_were_known(workspace: Workspace) -> None:
    found = reading.read(by_hand.spec(), workspace, ends=by_hand.ENDS)
    assert not isinstance(found, str)
    for moment, expected in (
        ("2023-01-31", [0, 0, 0, 0, 0, 0]),
        ("2024-02-29", [10, 25, 30, 0, 12, 0]),
        ("2024-03-01", [10, 5, 30, 0, 12, 0]),
        ("2024-07-03", [15, 5, 0, 8, 12, 0]),
    ):
        paid = found.paying(np.datetime64(moment, "us"))
        assert paid is not None
        assert paid.tolist() == expected, moment


def test_dates_and_columns_that_are_none_are_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="--at 'soon' is no date"):
        figures(workspace, at="soon")
    with pytest.raises(UsageError, match=r"--by 'colour': customers can be grouped by \['cohort', 'plan', 'segment'\]"):
        figures(workspace, by="colour")


def test_without_champion_rounds_or_surveys_each_figure_says_why_it_is_not_there(workspace: Workspace) -> None:
    missing = figures(workspace)["missing"]
    assert set(missing) == {kpis.LIFETIME, kpis.NPS, kpis.EARLY, kpis.ACTED}
    assert "run: python -m pipelines run demo" in missing[kpis.LIFETIME]


def test_without_contracts_or_dates_a_line_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tmp_path, "demo")
    by_hand.write(workspace, {"customers": by_hand.customers(), "usage": by_hand.usage()})
    found = figures(workspace)
    assert found["missing"][kpis.MOVEMENTS] == "the data have no table 'contracts', which says who is a customer."
    assert {one["all"] for one in found["windows"]} == {None}
    by_hand.write(workspace, {}, ends=None)
    undated = figures(workspace, observations=None, split={"kind": "random"})
    assert "a table without dates" in undated["missing"][kpis.MOVEMENTS]
    assert set(undated["missing"]) == {
        kpis.MOVEMENTS,
        kpis.REVENUE,
        kpis.LIFETIME,
        kpis.NPS,
        kpis.EARLY,
        kpis.ACTED,
    }


def test_of_a_label_of_activity_who_did_something_lately_is_a_customer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tmp_path, "demo")
    bought = [("a", "2024-01-01"), ("a", "2024-05-01"), ("b", "2024-01-15"), ("b", "2024-12-01"), ("c", "2024-12-02")]
    moment = pd.to_datetime([when for _, when in bought]).astype("datetime64[us]")
    rows = pd.DataFrame({"transaction_id": list("12345"), "customer_id": [who for who, _ in bought]})
    rows = rows.assign(event_at=moment, known_at=moment, kind="payment", amount=10.0, discount=0.0)
    by_hand.write(workspace, {"transactions": rows, "customers": by_hand.customers()})
    label = {"kind": "inactive", "horizon_days": 60, "active_days": 100}
    found = figures(workspace, at="2024-12-20", label=label, kpis={"days": [60, 240, 300]})
    # On 24 April both had bought within 100 days (b on 15 January), on 21 October nobody.
    assert [one["state"] for one in found["windows"]] == ["complete", "complete", "before the data"]
    short, long = (one["all"]["customers"] for one in found["windows"][:2])
    assert (short["at_start"], short["new"], short["returned"], short["at_end"]) == (0, 1, 1, 2)
    assert (long["at_start"], long["lost"], long["left_and_back"], long["new"]) == (1, 0, 1, 1)
    assert found["missing"][kpis.REVENUE].startswith("customers are those who did something lately")


def test_where_no_contract_ends_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tmp_path, "demo")
    stay = by_hand.contracts()
    by_hand.write(workspace, {"contracts": stay[stay["customer_id"] == "a"]})
    found = figures(workspace, kpis={"days": [30]})
    assert found["missing"][kpis.MOVEMENTS] == "no contract in the data has ended yet: whoever left is not in them."


def test_contracts_alone_will_do_and_without_prices_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tmp_path, "demo")
    by_hand.write(workspace, {"contracts": by_hand.contracts().assign(price=0.0)})
    found = figures(workspace, kpis={"days": [30]})
    assert found["by"] == ["cohort"]
    assert found["windows"][0]["all"]["customers"]["at_start"] == 4
    assert found["windows"][0]["all"]["revenue"] is None
    assert found["missing"][kpis.REVENUE] == "no contract has a price above 0."


@pytest.mark.parametrize("label", [{}, {"label": {"kind": "inactive", "horizon_days": 60, "active_days": 100}}])
def test_an_empty_table_of_contracts_is_no_fault(workspace: Workspace, label: dict[str, object]) -> None:
    moment = pd.to_datetime(["2024-11-01"]).astype("datetime64[us]")
    paid = pd.DataFrame({"transaction_id": ["1"], "customer_id": ["a"], "event_at": moment, "known_at": moment})
    paid = paid.assign(kind="payment", amount=10.0, discount=0.0)
    by_hand.write(workspace, {"contracts": by_hand.contracts().iloc[:0], "transactions": paid})
    found = figures(workspace, kpis={"days": [30]}, **label)
    told = found["missing"].get(kpis.MOVEMENTS)
    assert told == (None if label else "no contract in the data has ended yet: whoever left is not in them.")


@pytest.mark.parametrize("answers", [0, 1])
def test_surveys_that_nobody_answered_lately_are_said_to_be_missing(workspace: Workspace, answers: int) -> None:
    moment = pd.to_datetime(["2023-03-01"] * answers).astype("datetime64[us]")
    rows = pd.DataFrame({"survey_id": ["1"] * answers, "customer_id": ["a"] * answers}, dtype="string")
    rows = rows.assign(event_at=moment, known_at=moment, touchpoint=pd.Series(["renewal"] * answers, dtype="string"))
    by_hand.write(workspace, {"surveys": rows.assign(score=pd.Series([9.0] * answers, dtype=float))})
    assert figures(workspace)["missing"][kpis.NPS] == "nobody answered a survey in any of the windows."


def test_events_kept_for_longer_than_ends_do_not_make_a_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 200 who joined in 2020, one leaves a day from June 2024 on; uses are kept since 2023."""
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tmp_path, "demo")
    ended = pd.date_range("2024-06-01", periods=200, freq="D").astype("datetime64[us]")
    joined = pd.Timestamp("2020-01-01").as_unit("us")
    names = [f"c{one:03}" for one in range(200)]
    rows = pd.DataFrame({"customer_id": names, "contract_id": names, "event_at": ended, "known_at": ended})
    rows = rows.assign(starts_at=joined, ended_at=ended, renews_at=ended, plan="basic", price=1.0)
    by_hand.write(workspace, {"contracts": rows, "usage": by_hand.usage()})
    found = figures(workspace, at="2024-11-01", kpis={"days": [158, 160, 300]})
    assert [one["state"] for one in found["windows"]] == ["complete", "before the data", "before the data"]
