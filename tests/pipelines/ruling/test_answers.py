"""What commands say of a decision: reasons whole, a verdict that fits, and no figure of what was not randomised."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.champion.ledger import Entry
from pipelines.commands import history, status
from pipelines.jobs import main_job
from pipelines.ruling.answers import is_observational, lines_of, shown_figures, verdict_of
from pipelines.workspace import Workspace

FIGURE = {"value": 0.1, "low": 0.05, "high": 0.15}
FIGURES = {"AUC": FIGURE, "QINI call": FIGURE, "policy value a customer (eur)": FIGURE}


def body(**changes: Any) -> dict[str, Any]:
    """An entry that kept the champion, version 2."""
    plain = {
        "kind": "decision",
        "verdict": "KEEP",
        "words": "R001 broken: AUC 0.71 against 0.74; margin 0.005; R002 broken: Brier",
        "challenger_version": "3",
        "compared_with": "2",
        "champion_version": "2",
        "decided_at": "2026-03-04T05:06:07+00:00",
        "by": "ann@office",
        "awaiting_approval": False,
        "look": None,
        "primary": "policy_value",
        "pairs": {"auc": {}, "qini_call": {}, "policy_value": {}},
        "figures": {"challenger": FIGURES},
    }
    return {**plain, **changes}


def test_reasons_that_are_kept_apart_are_told_line_by_line_whatever_they_hold() -> None:
    reasons = ["forced by ann: a; b", "R001 broken: x; margin 0.005"]
    assert lines_of(body(reasons=reasons)) == reasons
    assert status._told(body(reasons=reasons), 7)[1:] == reasons


@pytest.mark.parametrize("older", [body(), body(reasons=[])])
def test_an_entry_from_before_is_told_whole(older: dict[str, Any]) -> None:
    assert lines_of(older) == [older["words"]]


def test_keep_is_said_only_where_there_is_something_to_keep() -> None:
    assert verdict_of(body()) == "KEEP"
    first = body(champion_version=None, compared_with=None)
    assert verdict_of(first) == "NOT PROMOTED (KEEP)"
    assert "NOT PROMOTED (KEEP), version 3" in status._told(first, 7)[0]
    assert history.row(Entry("shop", 7, "", "", first), whole=False)[3] == "NOT PROMOTED (KEEP)"
    assert verdict_of(body(verdict=None, kind="rollback")) == "rollback"
    assert history.row(Entry("shop", 7, "", "", body(verdict=None, kind="rollback")), whole=False)[3] == "-"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"primary": "auc"}, True),
        ({"primary": "auc", "pairs": {}}, True),  # the champion did not predict, the challenger has figures
        ({"primary": "auc", "pairs": {"auc": {}}, "figures": {"challenger": {"AUC": {}}}}, False),
        ({"primary": None, "pairs": {}, "figures": {}}, False),
        ({"primary": "auc", "uplift": "by lot"}, False),
        ({"primary": "policy_value", "uplift": "observational"}, True),
    ],
)
def test_of_actions_that_were_not_randomised_no_figure_is_shown(changes: dict[str, Any], expected: bool) -> None:
    found = body(**changes)
    assert is_observational(found) is expected
    assert list(shown_figures(found, FIGURES)) == (["AUC"] if expected else list(FIGURES))


@pytest.mark.parametrize("primary", ["policy_value", "auc"])
def test_the_table_of_a_run_shows_figures_of_actions_only_where_they_were_randomised(
    tmp_path: Path, primary: str
) -> None:
    workspace = Workspace(tmp_path, "shop")
    reasons = ["kept; it is better", "R001 broken: x; margin 1"]
    table = main_job.summary(body(primary=primary, reasons=reasons), workspace)
    first, second, *rest = (line.strip() for line in table.splitlines())
    assert first.endswith("KEEP: kept; it is better")
    assert second == reasons[1]
    assert any(line.startswith("AUC ") for line in rest)
    for name in ("QINI call", "policy value a customer (eur)"):
        assert (name in table) == (primary == "policy_value")
    assert ("not shown: observational" in table) == (primary == "auc")
