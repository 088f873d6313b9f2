"""Every page writes its figures and dates in one way."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.monitoring import kinds
from experiments.evaluation.monitoring.evidence import AgeSeen, ColumnSeen, MonthSeen
from experiments.evaluation.monitoring.kind import DriftKind
from experiments.evaluation.monitoring.verdicts import judged
from experiments.sections.monitoring import MonitoringSpec
from experiments.statistics import rounding
from experiments.texts import figures
from features.plugins import discover
from pipelines.files import storage
from pipelines.gate import decision_page_file
from pipelines.jobs.retention import kpis
from pipelines.outreach import round_list
from pipelines.outreach.operations import database
from pipelines.outreach.operations.rounds import Round
from pipelines.outreach.reasons import _shown
from pipelines.reporting import effect_page, kpis_page, monitoring_page, page_header, texts_page
from pipelines.workspace import Workspace
from tests.experiments.evaluation.monitoring.months import stable
from tests.pipelines.gate.test_text_contest import SPEC
from tests.pipelines.jobs.retention import company_by_hand
from tests.pipelines.outreach.feedback.rounds_world import Shop
from tests.pipelines.reporting.house_style import faults, shown
from tests.pipelines.reporting.test_texts_page import said

ON = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("3.06e-05", "an exponent"),
        ("it is -0.3", "a hyphen as a minus"),
        ("42.0% missing", "a percent sign without a space"),
        ("due 2026-01-04", "a date in figures"),
        ("1241 customers", "no thousands separator"),
        ("1 rounds of contacts", "one of many"),
        ("segment none", "nothing"),
    ],
)
def test_what_a_page_may_not_show_is_found(text: str, name: str) -> None:
    assert [one.split(":")[0] for one in faults(f"<p>{text}</p>")] == [name]
    assert not faults("<p>−0.3, 42.0\u00a0%, 1,241 customers, 1 round of 4 January 2026, 31 rounds, no segment</p>")


def test_the_page_of_effects(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    drawn = shop.draw(customers=3000)
    left = np.random.default_rng(0).random(len(drawn)) < np.where(drawn["action"] == "call", 0.2, 0.4)
    shop.record(drawn[["round", "customer_id"]].assign(churned=left))
    found = shop.effect()
    plain = json.loads(json.dumps(found).replace('"value": "old"', '"value": "none"'))
    page = effect_page.render(plain)
    assert not faults(page)
    text = " ".join(shown(page).split())
    for words in (
        "1 round of contacts",
        "call, no segment call，无客群",
        "call, risk high call，风险等级 高",
        "Glossary 术语",
        "2025年1月1日",
    ):
        assert words in text


def test_the_page_of_drift() -> None:
    month = stable(np.random.default_rng(0))
    small = [ColumnSeen(one.name, one.today, {"training": one.today}) for one in month.features]
    month = MonthSeen(tuple(small), month.predictions, month.volumes, (AgeSeen("bills", 1.0, np.ones(9)),))
    changes = [one.to_dict() for one in judged(discover(kinds, DriftKind), month, said=MonitoringSpec())]
    shapes = [
        {**changes[0], "effect": effect, "low": -effect, "high": 1e4 * effect, "subject": "AUC on 2026-01-01"}
        for effect in (3.06e-05, 1.5)
    ]
    changes = [*shapes, *changes]
    found = {"spec": "demo", "title": "Demo", "at": str(ON), "version": "3", "customers": 1241, "changes": changes}
    found |= {"known_outcomes": [], "compared_with": ["training"], "false_alarms": 0.02, "retrain": False}
    page = monitoring_page.render(rounding.plain(found))
    assert not faults(page)
    assert "< 0.0001" in shown(page)
    assert "> \u22120.0001" in shown(page)
    assert "AUC on 1 January 2026" in shown(page)


def test_the_page_of_retention(tmp_path: Path) -> None:
    workspace = company_by_hand.company(tmp_path)
    found = kpis.figures(company_by_hand.spec(kpis={"days": [1, 365]}), workspace, at="2024-12-28", by="plan")
    page = kpis_page.render(found)
    assert not faults(page)
    assert "somebody is a customer from the day a contract begins until the day the last one ends" in shown(page)


def test_the_list_of_a_round(tmp_path: Path) -> None:
    late = {"rule": "use_is_down", "level": "high", "owner": "desk", "due_at": "2026-01-04T09:30:00"}
    days = {"name": "days_since_last_use", "type": "number", "unit": "days", "meaning": "Days"}
    reason = [f"Not seen (Days: {_shown(days, 53.23)})", f"近期未活跃（{_shown(days, 53.23)}）"]
    one: dict[str, Any] = {"action": "call", "proposed": "call", "withheld": False, "explored": False, "level": "high"}
    one |= {"risk": 0.7, "expected_value": -1234.5, "because": "model", "probabilities": {"none": 0.1, "call": 0.9}}
    one |= {"reasons": [reason], "next_best": "none", "warnings": [late], "why_action": ["", ""]}
    rows = pd.DataFrame([{**one, "customer_id": f"c{place}", "place": place} for place in range(1241)])
    versions = {"model": "3", "playbook": "demo"}
    round_ = Round("demo", ON, "2026-01-01T08:00:00+00:00", "desk", "7", 0.1, 0.0, date(2026, 3, 16), versions)
    round_list.write(tmp_path / "list", round_, rows, title="Demo", currency="eur", time_zone="Europe/Berlin")
    page = (tmp_path / "list" / "list.html").read_text(encoding="utf-8")
    # The places are numbers of rows, not amounts.
    assert not [one for one in faults(page) if not one.startswith("no thousands separator")]
    assert "1,241 customers to contact, of 1 January 2026" in shown(page)
    assert "due 4 January 2026, 09:30" in shown(page)
    assert "Whom to contact" in page
    assert "联系名单" in page
    assert 'toLocaleString("en")' in page


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("days", 53.23, "53"),
        ("days", 3.26, "3.3"),
        ("days", 3.0, "3"),
        ("days", -1.5, "\u22121.5"),
        ("minutes", 0.04, "< 0.1"),
        ("eur", 12345.678, "12,346"),
        ("currency", 70.5, "70.50"),
        ("currency", 20.0, "20"),
        ("share", 0.12345, "12\u00a0%"),
        ("share", 0.034, "3.4\u00a0%"),
        ("share", 1e-7, "< 0.1\u00a0%"),
        ("tone", -0.3215, "\u22120.32"),
        ("ratio", 1.2345, "1.23"),
        ("points", 7.0, "7"),
        (None, 12345.678, "12,346"),
        (None, 0.00314, "0.0031"),
        (None, 1e-7, "< 0.0001"),
    ],
)
def test_the_value_of_a_reason_is_as_somebody_would_say_it(unit: str | None, value: float, text: str) -> None:
    assert _shown({"name": "x", "type": "number", "unit": unit}, value) == text


DECISION = {
    "verdict": "FIRST_CHAMPION",
    "challenger_version": "4",
    "champion_version": "4",
    "compared_with": None,
    "mode": "first",
    "awaiting_approval": False,
    "decided_at": "2026-01-02T10:00:00+00:00",
    "by": "desk",
    "reasons": ["better than the usual class"],
    "words": "better than the usual class",
    "figures": {},
    "pairs": {},
    "look": None,
}


def a_report() -> dict[str, Any]:
    """What `evaluate` says of a reader."""
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 1300, p=[0.2, 0.5, 0.3])
    told = np.where(rng.random(1300) < 0.7, truth, rng.integers(0, 3, 1300))
    report: dict[str, Any] = rounding.plain(
        {
            "spec": {"name": "tone", "title": "Tone", "known_before": "2025-07-01"},
            "figures": figures.of_reader([f"text {n}" for n in range(1300)], truth, said(told), usual=1, seed=0),
            "trained": {"texts": 1241},
            "judged": {"first": "2025-07-01 10:00:00", "last": "2025-09-01 00:00:00"},
            "left_out": {},
            "topics": [],
        }
    )
    return report


def test_the_pages_of_a_reader_have_the_header_of_other_pages(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "tone")
    storage.write_json(workspace.evaluation / "report.json", a_report())
    receipt = {"version": "4", "run": "r" * 32, "git_commit": "0123456789abcdef", "data_hash": "da7a0123456789ff"}
    storage.write_json(workspace.registration, receipt)
    storage.write_json(workspace.decision, DECISION)
    decision_page_file.write_page(SPEC.model_copy(update={"name": "tone", "title": "Tone"}), workspace, DECISION)
    report, decision = workspace.report_page.read_text(), workspace.decision_page.read_text()
    for page, link in (
        (report, '<a href="decision.html">Decision</a>'),
        (decision, '<a href="report.html">Report</a>'),
    ):
        text = " ".join(shown(page).split())
        assert "First champion: version 4 is now in use Version 4" in text
        assert "Decided 2 January 2026, 10:00 UTC" in text
        assert "Data version da7a01234567" in text
        assert "Code 0123456789ab" in text
        assert "MLflow run rrrrrrrrrrrr" in text
        assert link in page
        assert "ranked_list" not in page
        assert not faults(page)
    assert page_header.UNDECIDED in texts_page.report(a_report())
