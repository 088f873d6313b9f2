"""The summary of a run for CI, of decisions that the rules really make: every form says the same, whatever is in it."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from experiments.spec import ExperimentSpec
from pipelines.reporting import run_summary, run_summary_texts
from pipelines.reporting.page_header import NOTHING
from pipelines.reporting.run_summary import RunFiles, RunSummary
from pipelines.ruling.evidence import Mode
from pipelines.ruling.verdict import EXIT_CODES, Verdict
from tests.pipelines.reporting.decision_world import BETTER, CHAMPION, LIKE, WORSE, decided, spec

NASTY = 'a|b <script>alert("&")</script> [link](x) 100%\x00\ud800, "quoted": `code`'
VALIDATION = {
    "passed": False,
    "expectations": 3,
    "broken": [
        {
            "table": "customers",
            "column": "plan|<b>",
            "expectation": "is one of its categories",
            "unit": "row",
            "remedy": "",
            "count": 2,
            "share": 0.5,
            "examples": [NASTY.replace("\ud800", "")],
            "keys": ["customer_id=1"],
        }
    ],
}


def plain(world: ExperimentSpec) -> dict[str, Any]:
    return world.model_dump(mode="json")


def files(decision: dict[str, Any] | None = None, **others: Any) -> RunFiles:
    kept: dict[str, Any] = {"validation": {}, "report": {}, "monitoring": {}, **others}
    return RunFiles(decision=decision or {}, made=NOTHING, **kept)


def told(knows: float, mode: Mode = Mode.REPLACE) -> RunSummary:
    decision, _ = decided(knows, mode)
    code = EXIT_CODES[Verdict(decision["verdict"])]
    return run_summary.of_run(plain(spec(with_actions=True)), files(decision), code=code)


def read(found: RunSummary) -> ET.Element:
    return ET.fromstring(run_summary_texts.junit(found))  # noqa: S314 - we wrote it


DECIDED = [(BETTER, Mode.REPLACE), (LIKE, Mode.REPLACE), (WORSE, Mode.REPLACE), (CHAMPION, Mode.FIRST)]


@pytest.mark.parametrize(("knows", "mode"), DECIDED)
def test_every_rule_is_a_case_with_its_outcome_and_all_forms_count_alike(knows: float, mode: Mode) -> None:
    decision, _ = decided(knows, mode)
    found = told(knows, mode)
    suite = read(found)
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    for finding in decision["findings"]:
        case = cases[finding["rule"]]
        parts = {"holds": [], "broken": ["failure"]}.get(finding["status"], ["skipped"])
        assert [part.tag for part in case] == parts
        assert all(part.get("message") == finding["reason"] for part in case)
    broken = [one["rule"] for one in decision["findings"] if one["status"] == "broken"]
    assert suite.get("failures") == str(len(broken))
    assert suite.get("tests") == str(len(cases))
    assert [line.split("::")[1].split(" ")[-1] for line in run_summary_texts.annotations(found)] == broken
    text = run_summary_texts.markdown(found)
    assert all(f"✗ {rule}: " in text for rule in broken)
    assert found.headline in text


@pytest.mark.parametrize(("knows", "mode"), DECIDED)
def test_the_table_has_both_models_and_the_interval_of_their_difference(knows: float, mode: Mode) -> None:
    decision, _ = decided(knows, mode)
    (auc,) = [row for row in told(knows, mode).figures if row.figure == "How well it ranks the risk"]
    pair = decision["pairs"]["auc"]
    assert float(auc.challenger) == pytest.approx(pair["challenger"], abs=0.001)
    assert float(auc.champion) == pytest.approx(pair["champion"], abs=0.001)
    low, high = auc.difference.replace("\u2212", "-").rstrip(")").split("(")[1].split(" to ")
    assert (float(low), float(high)) == pytest.approx(
        (pair["difference"]["low"], pair["difference"]["high"]), abs=0.001
    )


def test_a_better_model_is_good_a_worse_one_bad_and_the_code_says_so() -> None:
    assert (told(BETTER).tone, told(BETTER).code) == ("good", 0)
    assert (told(WORSE).tone, told(WORSE).code) == ("bad", 3)


@pytest.mark.parametrize("code", [1, 2, 5, -9])
def test_a_run_without_a_decision_does_not_show_that_of_a_run_before(code: int) -> None:
    decision, _ = decided(BETTER)
    said = ["data refused: 1 expectation broken"]
    found = run_summary.of_run(
        plain(spec(with_actions=True)), files(decision, validation=VALIDATION), code=code, errors=said
    )
    assert (found.verdict, found.tone, found.figures, found.links) == ("", "bad", (), {})
    suite = read(found)
    assert suite.get("errors") == "1"
    assert said[0] in run_summary_texts.markdown(found)
    assert "Promoted" not in run_summary_texts.markdown(found)


@pytest.mark.parametrize("code", [0, 4, 5])
def test_a_decision_with_another_code_is_of_a_run_before(code: int) -> None:
    decision, _ = decided(WORSE)  # which ends with 3
    assert run_summary.of_run(plain(spec(with_actions=True)), files(decision), code=code).verdict == ""


def test_what_a_run_said_stands_only_where_it_ended_without_a_decision() -> None:
    decision, _ = decided(WORSE)
    found = run_summary.of_run(plain(spec(with_actions=True)), files(decision), code=3, errors=["some library warns"])
    assert (found.verdict, found.errors) == ("KEEP", ())


def test_a_decision_for_want_of_data_is_a_decision() -> None:
    decision = {**decided(LIKE)[0], "verdict": Verdict.INSUFFICIENT_DATA}
    found = run_summary.of_run(plain(spec(with_actions=True)), files(decision), code=5)
    assert found.verdict == "INSUFFICIENT_DATA"


def test_no_text_breaks_out_of_a_form() -> None:
    """Markdown stays a list of one table, XML can be read, and an annotation is one line."""
    drift = {"kind": "new_category", "subject": "plan", "words": NASTY, "asks": True, "sentence": NASTY}
    found = run_summary.of_run(
        plain(spec(with_actions=True)),
        files(validation=VALIDATION, monitoring={"changes": [drift]}),
        code=5,
        errors=[NASTY, "two\nlines"],
    )
    text = run_summary_texts.markdown(found)
    before, block, after = text.split("```")
    assert "<script" in block
    assert "<script" not in before + after
    text.encode()
    assert all(line.startswith("::error ") for line in run_summary_texts.annotations(found))
    assert not any("\n" in line or "\r" in line for line in run_summary_texts.annotations(found))
    suite = read(found)
    assert "customers plan|<b>" in str(suite.findall("testcase")[1].get("name"))
