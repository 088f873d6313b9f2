import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from experiments.evaluation import comparison
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions, simple_score
from features.plugins import discover
from pipelines import rules
from pipelines.champion import entry_kinds
from pipelines.champion.authorship import Authorship
from pipelines.champion.ledger import Entry
from pipelines.gate import decisions
from pipelines.gate.decisions import JudgedChallenger
from pipelines.reporting import decision_page, differences, slice_pairs
from pipelines.reporting.rules_in_words import NAMES, called, in_words
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Rule
from tests.pipelines.reporting.decision_world import (
    BETTER,
    CHAMPION,
    GATE,
    LIKE,
    SIGNED,
    WORSE,
    bodied,
    decided,
    receipt,
    refused,
    spec,
)
from tests.pipelines.reporting.report_world import ACTIONS, Page, rows_of

SCRIPT = "<script>alert(1)</script>"
BOSS = Authorship("bob@office", "2026-03-05T01:02:03+00:00")
ASKED = {"challenger_version": "3", "compared_with": "3", "question": "spec-rows"}
Decision = tuple[dict[str, Any], dict[str, Any]]


def _entry(decision: dict[str, Any]) -> Entry:
    return Entry("tiny", 7, "", "0123456789abcdef", bodied(decision))


def _approved() -> Decision:
    waiting, curves = decided(BETTER, approval=True)
    return receipt(entry_kinds.approval(_entry(waiting), BOSS), 8), curves


def _forced() -> Decision:
    decision, curves = decided(LIKE)
    return receipt(entry_kinds.forced(bodied(decision), BOSS, reason="the board wants it"), 8), curves


def _withdrawn() -> Decision:
    decision, _ = decided(BETTER)
    rolled_back = Entry("tiny", 9, "", "", {"by": "bob", "decided_at": "2026-03-06", "reason": "complaints"})
    return entry_kinds.withdrawn(_entry(decision), rolled_back, {**ASKED, "compared_with": "2"}), {}


ADOPTED = entry_kinds.adoption("3", SIGNED, digest="d", files={}, reason="lost")
CASES = {
    "promote": lambda: decided(BETTER),
    "keep": lambda: decided(WORSE),
    "inconclusive": lambda: decided(LIKE),
    "refresh": lambda: decided(CHAMPION, Mode.REFRESH),
    "first": lambda: decided(BETTER, Mode.FIRST),
    "first of risk": lambda: decided(BETTER, Mode.FIRST, with_actions=False),
    "no first": lambda: decided(WORSE, Mode.FIRST),
    "of risk": lambda: decided(BETTER, with_actions=False, look=1),
    "refused": lambda: (refused(rarer=500, faults=("version 3 does not load",)), {}),
    "too few": lambda: (refused(rarer=7), {}),
    "awaiting": lambda: decided(BETTER, approval=True),
    "approved": _approved,
    "forced": _forced,
    "no change": lambda: (entry_kinds.unchanged(_entry(decided(BETTER)[0]), ASKED), {}),
    "adopted": lambda: (entry_kinds.unchanged(_entry(ADOPTED), ASKED), {}),
    "rolled back": _withdrawn,
}
EVERY = pytest.mark.parametrize("case", CASES)


@cache
def _render(case: str) -> str:
    decision, curves = CASES[case]()
    return _of(decision, curves, with_actions="risk" not in case)


def _of(decision: dict[str, Any], curves: dict[str, Any], *, with_actions: bool = True) -> str:
    return decision_page.render(decision, spec=spec(with_actions=with_actions).model_dump(mode="json"), curves=curves)


def _text(page: str) -> str:
    return " ".join(Page(page).text.split())


@EVERY
def test_the_page_is_whole_and_needs_nothing_beside_itself(case: str) -> None:
    text = _render(case)
    page = Page(text)
    assert page.open == []
    assert not re.search(r"https?://|@import|url\(|javascript:", text)
    for tag, attributes in page.elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "use", "image"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"] for tag, attributes in page.elements if tag == "a"} <= {f"#{name}" for name in ids}
    assert len(text) < 300_000


@EVERY
def test_equal_decisions_give_equal_bytes_and_are_left_as_they_are(case: str) -> None:
    decision, curves = CASES[case]()
    before = copy.deepcopy((decision, curves))
    assert _render(case) == _of(decision, curves, with_actions="risk" not in case)
    assert (decision, curves) == before


def _numbers(plain: Any) -> Iterator[float]:
    if isinstance(plain, dict):
        plain = list(plain.values())
    if isinstance(plain, list):
        for one in plain:
            yield from _numbers(one)
    elif isinstance(plain, int | float):
        yield float(plain)


@EVERY
def test_every_figure_on_the_page_is_one_of_the_decision_and_reads_as_it(case: str) -> None:
    decision, _ = CASES[case]()
    there = set(_numbers(decision)) | {-one for one in decision["gate"].values() if isinstance(one, float)}
    for exact, shown in Page(_render(case)).figures.items():
        assert exact in there
        scale = 100 if shown.endswith("points") else 1
        number = re.sub(r"[^0-9.]", "", shown)
        digits = len(number.partition(".")[2])
        assert abs(float(number) - scale * abs(exact)) <= 0.5 * 10**-digits + 1e-12


@EVERY
def test_both_numbers_and_the_difference_of_every_pair_are_on_the_page(case: str) -> None:
    decision, _ = CASES[case]()
    figures = Page(_render(case)).figures
    for name, pair in decision["pairs"].items():
        assert pair["challenger"] in figures
        if decision["mode"] != "first" or name != "miscalibration":
            assert {pair["champion"], pair["difference"]["value"]} <= figures.keys()


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("promote", ["Promoted: version 3 replaces version 2", "python -m pipelines rollback tiny"]),
        (
            "keep",
            [
                "Not promoted: version 2 stays champion",
                "Rule R004 (no slice worse) is broken",
                "Version 2 stays in use",
            ],
        ),
        ("inconclusive", ["Inconclusive: version 2 stays champion", "with a power of 80", "more than EUR 0"]),
        ("refresh", ["Refreshed: version 3 replaces version 2", "has to be no worse"]),
        (
            "first",
            [
                "First champion: version 1 is now in use",
                "for the average-only model",
                "It is champion for its ranking of the risk",
            ],
        ),
        ("no first", ["Not good enough: there is still no champion", "No model is in use yet"]),
        (
            "refused",
            [
                "Refused: version 3 differs from what was evaluated",
                "Rule R009 (the model is what was evaluated) is broken",
                "version 3 does not load",
            ],
        ),
        (
            "too few",
            [
                "Insufficient data: version 2 stays champion",
                "Rule R007 (enough outcomes)",
                "7 of the rarer outcome, at least 100",
            ],
        ),
        ("awaiting", ["Awaiting approval: version 3", "python -m pipelines approve tiny 3", "Nothing has changed yet"]),
        ("approved", ["Approved: version 3 is champion", "bob@office approved it", "rollback tiny"]),
        ("forced", ["Forced: version 3 is champion", "bob@office", "the board wants it", "8 hold, 2 unclear"]),
        ("no change", ["No change: version 3 is champion already", "nothing to compare", "the champion before"]),
        ("adopted", ["No change: version 3 is champion already", "nothing to compare"]),
        ("rolled back", ["Not promoted: version 2 stays champion", "was rolled back by bob", "--force --reason"]),
    ],
)
def test_the_first_screen_says_what_was_decided_why_and_what_happens_now(case: str, said: list[str]) -> None:
    text = _screen(_render(case))
    assert [words for words in said if words not in text] == []


def _screen(page: str) -> str:
    """The text of the first screen."""
    return " ".join(re.sub(r"<[^>]+>", "", page.split("<body>")[1].split("<main>", maxsplit=1)[0]).split())


def test_a_verdict_names_both_numbers_the_interval_and_the_threshold_at_the_top() -> None:
    decision, _ = decided(LIKE)
    row = next(one for one in differences.compared_figures(decision, "eur") if one.rule == "R005")
    screen = _screen(_render("inconclusive"))
    assert row.difference is not None
    assert row.smallest is not None
    for part in (row.challenger, row.champion, row.difference, row.difference.range, row.at, row.smallest):
        assert " ".join(str(part).split()) in screen
    asked = next(one for one in decision["findings"] if one["rule"] == "R005")["thresholds"][0]
    assert asked["smallest"] == row.smallest.exact
    assert "power of 80" not in _screen(_render("promote"))


@EVERY
def test_a_whisker_is_clear_of_the_shade_exactly_where_its_rule_holds(case: str) -> None:
    decision, _ = CASES[case]()
    status = {one["rule"]: one["status"] for one in decision["findings"]}
    rows = differences.compared_figures(decision, "eur")
    for row in (one for one in rows if one.rule and one.rule != "R010"):
        assert (row.difference_bar.low > 50) == (status[row.rule] == "holds")
        assert (row.difference_bar.high <= 50) == (status[row.rule] == "broken")
    for row in rows:
        assert 0 <= row.difference_bar.low <= row.difference_bar.value <= row.difference_bar.high <= 100
        assert (row.difference_bar.tone == "open") or row.rule


@pytest.mark.parametrize("case", ["promote", "keep", "inconclusive"])
def test_the_slices_shown_to_be_worse_are_those_of_the_rule(case: str) -> None:
    decision, _ = CASES[case]()
    lines = slice_pairs.slice_lines(decision)
    assert lines
    broken = any(one["rule"] == "R004" and one["status"] == "broken" for one in decision["findings"])
    assert any(one.word == "shown to be worse" for one in lines) == broken
    for one in lines:
        assert 0 <= one.difference_bar.low <= one.difference_bar.value <= one.difference_bar.high <= 100
    assert ("✕ Shown to be worse" in _text(_render(case))) == broken


def test_there_is_a_chart_of_every_curve_and_it_stays_on_its_paper() -> None:
    for case, number in (("promote", 1 + len(ACTIONS)), ("first of risk", 1), ("refused", 0), ("no change", 0)):
        elements = Page(_render(case)).elements
        charts = [attributes for tag, attributes in elements if tag == "svg" and attributes["class"] == "chart"]
        assert len(charts) == number
        for data in (attributes["d"] or "" for tag, attributes in elements if tag == "path"):
            for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", data):
                assert 0 <= float(x) <= 460
                assert 0 <= float(y) <= 340


def test_where_nothing_was_compared_there_is_no_figure_no_picture_and_no_empty_section() -> None:
    for case in ("refused", "too few", "adopted"):
        page = Page(_render(case))
        assert not page.figures
        assert not [tag for tag, _ in page.elements if tag == "svg"]
        assert not {"figures", "curves", "slices"} & {attributes.get("id") for _, attributes in page.elements}
        assert "comparison on these customers" not in page.text
    assert "rules" not in {attributes.get("id") for _, attributes in Page(_render("adopted")).elements}


def test_without_the_curves_the_page_says_where_they_are() -> None:
    assert "decision_curves.json" in _text(_render("no change"))
    assert "decision_curves.json" not in _text(_render("promote"))


def test_the_looks_spent_on_the_customers_are_told() -> None:
    for case, number, alpha in (("promote", "3rd", "4.2"), ("of risk", "1st", "25")):
        text = _text(_render(case))
        assert f"the {number} comparison on these customers." in text
        assert f"passed this one by luck at most {alpha} times in 1,000 (alpha)." in text
        assert "For all comparisons on these customers together the limit is 50 in 1,000" in text


@EVERY
def test_every_rule_is_told_with_its_reason_and_the_entry_is_named(case: str) -> None:
    decision, _ = CASES[case]()
    text = _text(_render(case))
    for one in decision["findings"]:
        assert one["demands"] in text
        assert called(one["rule"]) in text
        assert " ".join(in_words(one["reason"]).split()) in text
    assert decision["ledger"]["hash"] in text


def test_words_of_people_and_of_the_data_are_escaped() -> None:
    decision, curves = decided(LIKE)
    decision = receipt(entry_kinds.forced(bodied(decision), Authorship(SCRIPT, BOSS.at), reason=SCRIPT))
    decision["slices"][0]["name"] = SCRIPT
    plain = json.loads(json.dumps(spec(with_actions=True).model_dump(mode="json")))
    plain["title"] = plain["label"]["bad"] = plain["label"]["good"] = SCRIPT
    curves["gain"][SCRIPT] = curves["gain"]["call"]
    page = Page(decision_page.render(decision, spec=plain, curves=curves))
    assert "script" not in {tag for tag, _ in page.elements}
    assert page.text.count(SCRIPT) > 10


def test_of_actions_that_were_not_randomised_the_page_shows_no_figure() -> None:
    decision, curves = decided(WORSE, Mode.REFRESH)
    for one in decision["findings"]:
        one["thresholds"] = [asked for asked in one["thresholds"] if not asked["figure"].startswith("policy_value")]
    text = _text(_of({**decision, "primary": "auc", "uplift": "observational"}, curves))
    assert "Observational: the actions were not found to be randomised" in text
    assert not re.search(r"QINI|Policy value|gain by share|advice", text)
    assert "ROC curves" in text
    assert "Observational" not in _text(_of(decision, curves))


def test_where_there_is_no_champion_the_page_does_not_say_that_one_is_kept() -> None:
    decision, curves = decided(WORSE, Mode.FIRST)
    assert decision["verdict"] == "NO_CHAMPION"
    assert "Not good enough: there is still no champion" in _text(_of(decision, curves))
    # As it was written before that verdict had a name of its own.
    assert "NOT PROMOTED (KEEP)" in _text(_of({**decision, "verdict": "KEEP"}, curves))


def test_what_only_cannot_be_told_is_not_called_broken() -> None:
    decision, _ = decided(BETTER, Mode.FIRST)
    found = json.loads(json.dumps(decision))
    for one in found["findings"]:
        if one["rule"] == "R011":
            one["status"] = "unclear"
            one["thresholds"][0]["at"] = found["pairs"]["miscalibration"]["challenger"] - 1e-6
    row = next(row for row in differences.compared_figures(found, "eur") if row.figure == "miscalibration")
    assert (row.tone, row.word) == ("open", "inconclusive")


@pytest.mark.parametrize("mode", Mode)
def test_the_first_line_names_the_simple_scores_that_are_not_beaten(mode: Mode) -> None:
    decision, curves = decided(BETTER, mode)
    assert list(decision["floors"]) == ["x alone"]
    found = decision["floors"]["x alone"]
    assert decision["unbeaten"] == ([] if found["difference"]["low"] > 0 else ["x alone"])
    finding = next(one for one in decision["findings"] if one["rule"] == "R014")
    assert "x alone: auc" in finding["reason"]
    for left in ([], ["recency", "x alone"]):
        told = {**decision, "unbeaten": left}
        page = Page(decision_page.render(told, spec=spec(with_actions=True).model_dump(mode="json"), curves=curves))
        headline = page.text[: page.text.index("What happens next")]
        assert ("it is not shown to beat recency and x alone" in headline) == bool(left)
        assert "Simple scores" in page.text
        assert "x alone" in page.text


def test_a_model_that_is_the_simple_score_itself_is_not_shown_to_beat_it_in_the_ledgers_first_words() -> None:
    tiny = spec(with_actions=False)
    cohort = Cohort(rows_of(np.random.default_rng(7), with_actions=False), tiny)
    score = simple_score(cohort, "x alone")
    same = Predictions(score, np.full(len(score), 0.3), {})
    found = comparison.floors(cohort, same, alpha=0.05)["x alone"]
    assert found.difference is not None
    assert (found.difference.value, found.difference.low, found.challenger) == (0, 0, found.champion)
    evidence = Evidence(Mode.FIRST, ("auc",), {}, {}, 500, floors={"x alone": found})
    first = decisions.decided(JudgedChallenger(evidence, True, {}), tiny)["reasons"][0]
    assert first.endswith("; it is not shown to rank the risk better than x alone")


def test_a_decision_of_before_simple_scores_were_compared_has_no_word_of_them() -> None:
    decision, curves = decided(BETTER)
    old = {key: one for key, one in decision.items() if key not in ("floors", "unbeaten")}
    page = Page(decision_page.render(old, spec=spec(with_actions=True).model_dump(mode="json"), curves=curves))
    assert "Simple scores" not in page.text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("auc 0.78 against 0.77; brier 0.07", "AUC 0.78 against 0.77; Brier score 0.07"),
        ("policy_value 2.6; qini_call 0.3", "policy value 2.6; QINI call 0.3"),
        ("the weakest is tenure_band 180 to 365", "the weakest is tenure band 180 to 365"),
        ("0 in the spec (evaluation.beat_floors)", "0 in the spec (evaluation.beat_floors)"),
        ("version 3 does not load", "version 3 does not load"),
        ("-0.1 against +0.2: difference -0.3 [-1, +2]", "−0.1 against +0.2: difference −0.3 (−1 to 2)"),
        ("-0.0000 against 0.0: +0.000, of 2025-07-01", "0.0000 against 0.0: 0.000, of 2025-07-01"),
    ],
)
def test_reasons_call_figures_as_the_page_does(reason: str, said: str) -> None:
    assert in_words(reason) == said


def test_every_rule_of_ours_has_a_name() -> None:
    assert set(NAMES) == {one.code for one in discover(rules, Rule).values()}
    assert called("X001") == "X001"


def test_the_intervals_of_slices_hold_at_once_and_their_words_say_what_is_drawn() -> None:
    decision, _ = decided(LIKE)
    lines, known = slice_pairs.slice_lines(decision), {one["name"]: one for one in decision["slices"]}
    assert lines
    for line in lines:
        one = known[line.name]["difference"]
        low = one["value"] - norm.isf(0.025 / len(lines)) * one["standard_error"]
        assert float(line.difference.range.split(" to ")[0].replace("\u2212", "-")) == pytest.approx(low, abs=6e-4)
        assert line.word == ("no worse" if low > -GATE["slice_margin"] else "inconclusive")
        assert (line.difference_bar.low > 50) == (line.word == "no worse")
    for column in ("challenger", "champion", "difference"):
        numbers = [getattr(line, column).number for line in lines]
        assert len({len(number.partition(".")[2]) for number in numbers}) == 1


def test_the_first_model_is_compared_with_the_average_and_its_money_with_nobody_contacted() -> None:
    screen = _screen(_render("first"))
    assert "for contacting nobody." in screen
    assert "contacting nobody" not in _screen(_render("promote"))
    assert "contacting nobody" not in _screen(_render("first of risk"))
    gap = screen[screen.index("Gap between predicted and observed") :]
    assert gap.index("points") < gap.index("Squared, as the rule takes it")


def test_a_gap_below_what_chance_adds_is_explained() -> None:
    decision, curves = decided(BETTER, Mode.FIRST)
    for value in (-0.0001, 0.0001):
        found = json.loads(json.dumps(decision))
        found["pairs"]["miscalibration"]["challenger"] = value
        assert ("slightly below zero" in _screen(_of(found, curves))) == (value < 0)
