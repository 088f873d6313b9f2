import copy
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.evaluation import claims
from pipelines.reporting import effects, report, summary
from pipelines.stages import evaluate
from tests.pipelines.reporting.report_world import Page, judged

SCRIPT = "<script>alert(1)</script>"
RISK_ONLY, RANDOMISED = json.dumps(judged(with_actions=False)), json.dumps(judged(with_actions=True))
BOTH = pytest.mark.parametrize("text", [RISK_ONLY, RANDOMISED], ids=["risk only", "randomised"])


def _page(text: str, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Page:
    found = json.loads(text)
    change(found)
    page = Page(report.render(claims.with_claims(found, randomised=effects.is_randomised(found))))
    assert page.open == []
    return page


@BOTH
def test_the_page_needs_nothing_beside_itself(text: str) -> None:
    page = report.render(json.loads(text))
    assert not re.search(r"https?://|@import|url\(|javascript:", page)
    for tag, attributes in Page(page).elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "use", "image"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert len(page) < 300_000


@BOTH
def test_equal_reports_give_equal_bytes(text: str) -> None:
    found = json.loads(text)
    before = copy.deepcopy(found)
    assert report.render(found) == report.render(json.loads(text))
    assert found == before


def test_uplift_is_called_not_measured_exactly_where_it_is_not() -> None:
    assert "not measured" in _page(RISK_ONLY).text.lower()
    assert "not measured" not in _page(RANDOMISED).text.lower()
    assert not re.search(r"QINI|ATE|Helps|advice|[Pp]olicy", _page(RISK_ONLY).text)


def test_a_balanced_file_is_called_so_with_both_shares_and_the_figures_of_both() -> None:
    def balance(found: dict[str, Any]) -> None:
        told = {**found["risk"]["brier"], "value": 0.1234, "low": 0.1214, "high": 0.1254, "standard_error": 0.001}
        balanced = {"stated": 0.031, "in_file": 0.5, "log_odds": np.log(0.031 / 0.969), "judged": 0.5}
        found["balanced_file"] = {**balanced, "risk": {"brier": told}}

    plain, text = _page(RISK_ONLY).text, " ".join(_page(RISK_ONLY, balance).text.split())
    assert "balanced" not in plain
    assert "In it 50 % left; among all customers, the spec says, 3.1 % do" in text
    assert "has 0.032 times the weight of one who stayed" in text
    assert "Risk in the file, where 50 % left" in text
    assert "0.123" in text
    assert "0.123" not in plain


def _clear(found: dict[str, Any]) -> None:
    """Move every interval of an effect above 0."""
    policy, uplift = found["policy"], found["uplift"]
    of_actions = [one["figures"][name] for one in uplift["actions"].values() for name in ("ate", "qini")]
    of_policy = [policy["value"], *(rival["advantage"] for rival in policy["against"].values())]
    of_policy += policy["break_even"].values()
    of_outcomes = [one for other in uplift["outcomes"].values() for one in other["trial"].values()]
    for one in (*of_actions, *of_outcomes, *uplift["trial"].values(), *of_policy):
        one |= {"value": 0.2, "low": 0.1, "high": 0.3, "standard_error": 0.05}


@pytest.mark.parametrize(("low", "covers"), [(-0.1, True), (0.0, True), (0.001, False)])
def test_a_ranking_is_called_not_established_exactly_where_its_interval_covers_0(low: float, covers: bool) -> None:
    def change(found: dict[str, Any]) -> None:
        _clear(found)
        found["uplift"]["actions"]["coupon"]["figures"]["qini"]["low"] = low

    assert ("not established" in _page(RANDOMISED, change).text.lower()) is covers


def _weakly(found: dict[str, Any]) -> None:
    """The call's effect as it would be with 2.2 standard errors: clear of 0 alone, and not among 17 claims."""
    _clear(found)
    found["uplift"]["trial"]["call"] |= {"value": 0.11, "low": 0.01, "high": 0.21, "standard_error": 0.05}


def test_what_does_not_stand_among_all_claims_is_not_established_and_the_page_says_why() -> None:
    found = json.loads(RANDOMISED)
    _weakly(found)
    words = {one.of: one for one in effects.effects(claims.with_claims(found, randomised=True))}
    # The others, at 4 standard errors, are rejected first, so that the last is held against 0.05 alone: it stands.
    assert (words["call"].word, words["call"].why) == ("Helps", "")
    for one in found["policy"]["against"].values():
        one["advantage"] |= {"value": 0.0, "low": -0.1, "high": 0.1}
    held = claims.with_claims(found, randomised=True)
    words = {one.of: one for one in effects.effects(held)}
    assert (words["call"].word, words["call"].tone) == ("Not established", "open")
    assert words["coupon"].word == "Helps"
    family = held["claims"]["family"]
    page = " ".join(Page(report.render(held)).text.split())
    assert (
        f"clear when this figure is looked at alone, not when all {family} claims on this page are allowed for" in page
    )
    assert f"{family} statements about actions were tested: what each changes" in page
    assert f"One figure is clear alone, but not among all {family}" in page
    assert "Effect not established: call (+11 points)" in page.replace("\u00a0", " ")


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["uplift"]["randomisation"].update(verdict="not randomised"),
        lambda found: found["uplift"]["randomisation"].update(verdict="sample ratio mismatch"),
        lambda found: found["spec"]["treatment"].update(randomised=False),
    ],
)
def test_of_actions_not_given_at_random_nothing_is_claimed_and_nothing_is_advised(
    change: Callable[[dict[str, Any]], None],
) -> None:
    def observational(found: dict[str, Any]) -> None:
        _clear(found)
        change(found)

    text = _page(RANDOMISED, observational).text
    assert text.index("Observational") < text.index("Does it find")
    assert not re.search(r"Helps|Harms|Pays|Earns|advice|Advised|advises|QINI|AUTOC|[Pp]olicy|break-even", text)
    assert "What a contact may cost" not in text
    assert text.count("No claim") == 4  # each of two actions, on the first screen and in its section
    assert "98.7" in text
    assert "Observational" not in _page(RANDOMISED).text


@BOTH
def test_every_figure_is_there_and_read_to_within_its_standard_error(text: str) -> None:
    found, figures = json.loads(text), _page(text).figures
    estimates = [
        one for part in ("risk", "uplift", "policy", "cost_of_churn", "slices") for one in _estimates(found[part])
    ]
    assert len(estimates) > 10
    for one in estimates:
        shown = figures[one["value"]]
        scale = 100 if shown.endswith(("%", "points")) else 1
        assert abs(float(re.sub(r"[^0-9.]", "", shown)) - scale * abs(one["value"])) <= scale * one["standard_error"]


def _estimates(part: Any) -> list[dict[str, Any]]:
    """Everything in a part of the report that has a standard error, but for the groups of a chart."""
    if isinstance(part, list):
        return [one for inner in part if "rank" not in inner for one in _estimates(inner)]
    if not isinstance(part, dict):
        return []
    return ([part] if "standard_error" in part else []) + [one for inner in part.values() for one in _estimates(inner)]


def test_words_of_the_data_are_escaped() -> None:
    def change(found: dict[str, Any]) -> None:
        found["spec"]["title"] = found["spec"]["label"]["bad"] = found["spec"]["label"]["good"] = SCRIPT
        found["importance"][0] |= {"name": SCRIPT, "meaning": SCRIPT}
        found["slices"]["plan"][0]["name"] = found["lineage"]["study"] = SCRIPT
        found["uplift"]["actions"][SCRIPT] = found["uplift"]["actions"]["call"]

    assert "script" not in {tag for tag, _ in _page(RANDOMISED, change).elements}
    assert _page(RANDOMISED, change).text.count(SCRIPT) > 20


@BOTH
def test_every_chart_has_a_name_and_stays_on_its_paper(text: str) -> None:
    elements = _page(text).elements
    names = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(names) == len(set(names))
    charts = [attributes for tag, attributes in elements if tag == "svg" and attributes["class"] == "chart"]
    assert len(charts) == (10 if text is RANDOMISED else 5)
    assert all(set((chart["aria-labelledby"] or "").split()) <= set(names) for chart in charts)
    for data in (attributes["d"] or "" for tag, attributes in elements if tag == "path"):
        for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", data):
            assert 0 <= float(x) <= 460
            assert 0 <= float(y) <= 340


def test_what_else_the_actions_changed_is_told_in_its_own_unit() -> None:
    """Calls raise what is spent by 2, by construction; the coupon does nothing to it."""
    text = re.sub(r"[ \n]+", " ", _page(RANDOMISED).text)
    section = text[text.index("What else the actions changed: Money spent afterwards") :]
    call, coupon = section.index("call"), section.index("coupon")
    assert "Raised" in section[call:coupon]
    assert "Not established" in section[coupon : section.index("Whom they help")]
    assert "EUR\u00a0+1.93" in section[call:coupon]


def test_a_report_without_slices_or_actions_has_none_of_their_words() -> None:
    found = judged(with_actions=False)
    assert "slices" in Page(report.render(found)).text.lower()
    found["slices"] = {}
    text = Page(report.render(found)).text
    assert not [word for word in ("Slice", "slice", "Learner", "in each arm") if word in text]


def test_a_slice_too_small_says_so() -> None:
    assert "too few" in _page(RANDOMISED).text


def test_each_share_of_those_who_left_stands_beside_the_rows_it_is_of() -> None:
    found = json.loads(RANDOMISED)
    for bands in found["slices"].values():
        assert sum(one["untreated_rows"] * one["churned_share"] for one in bands) == pytest.approx(
            found["cohort"]["positives"]
        )
        assert sum(one["in_trial"] for one in bands) == found["cohort"]["in_trial"]

    def change(found: dict[str, Any]) -> None:
        found["cohort"]["in_trial"] = 777

    text = " ".join(_page(RANDOMISED, change).text.split())
    heads = " ".join(f"{action}: effect (ATE) {action}: ranking adds (QINI)" for action in ("call", "coupon"))
    assert f"In the trial {heads} All customers judged 777" in text
    alone = f"{found['cohort']['untreated_rows']:,}"
    assert f"judged on the {alone} of them without action." in text
    assert f"Without action Left AUC Brier Calibration error All customers judged {alone}" in text


@pytest.mark.parametrize("split", ["time", "random"])
def test_a_dated_report_tells_its_dates_and_what_was_left_out(split: str) -> None:
    def change(found: dict[str, Any]) -> None:
        found["spec"]["label"] |= {"lead_time_days": 14, "horizon_days": 60}
        found["spec"]["split"]["kind"] = split
        found["cohort"] |= {"dates": ["2026-01-01", "2026-02-01"], "customers": 700}
        found["lineage"]["counts"] |= {"left_in_the_gap": 321, "immature_dates": 5}
        found["lineage"]["tables"]["extracted_at"] = "2026-06-01T00:00:00"

    text = " ".join(_page(RANDOMISED, change).text.split())
    assert "within 60 days that begin 14 days" in text
    assert "700 customers (1,200 observations) as they were at 1 January and 1 February 2026" in text
    assert all(words in text for words in ("1 June 2026", "321 rows", "5, left out"))
    assert "the data hold no dates" not in text
    # Only where the split is in time were the customers judged seen later than all that the model learned from.
    assert ("later than all its training data" in text) == (split == "time")
    assert ("drawn at random among all" in text) == (split == "random")


def test_the_page_names_the_window_of_the_risk_and_that_of_effects() -> None:
    def change(found: dict[str, Any]) -> None:
        found["spec"]["label"] |= {"lead_time_days": 14, "horizon_days": 60}
        found["cohort"]["left_in_gap"] = 37

    text = " ".join(_page(RANDOMISED, change).text.split())
    assert (
        "The risk is the chance that a customer left if nothing is done, from day 14 to day 74 after the date." in text
    )
    assert "Customers who left before day 14 are left out, 37 of 1,200 customers: nobody could have acted" in text
    assert "counts everybody who was given an arm, and who left from the date to day 74: also before day 14" in text
    undated = " ".join(_page(RANDOMISED, lambda _: None).text.split())
    assert "from day" not in undated
    assert "counts everybody" not in undated


def test_the_page_says_how_many_rows_lack_an_outcome() -> None:
    def change(found: dict[str, Any]) -> None:
        one = next(iter(found["uplift"]["outcomes"].values()))
        one["missing"] = {"rows": 9, "of": 1200, "by_arm": {"control": 1, "call": 8}, "p": 0.013, "differs": True}

    text = " ".join(_page(RANDOMISED, change).text.split())
    assert "It is missing in 9 of 1,200 rows, which are left out (control 1, call 8); the arms differ in this" in text


def test_a_model_that_gives_everybody_the_same_probability_is_reported_without_a_slope() -> None:
    found = judged(with_actions=False, constant=True)
    assert found["risk"]["auc"]["value"] == 0.5
    assert found["risk"]["calibration_slope"]["value"] is None
    text = " ".join(Page(report.render(found)).text.split())
    assert "Calibration slopenot measured" in text
    assert "Not measured: metric 'calibration_slope' is not defined on these" in text
    assert evaluate.headlines(found).keys() >= {"auc", "brier"}


def test_a_figure_that_is_not_defined_stops_neither_the_report_nor_the_headlines() -> None:
    def change(found: dict[str, Any]) -> None:
        for name in ("expected_profit", "log_loss"):
            nothing = dict.fromkeys(("value", "low", "high", "standard_error"))
            found["risk"][name] |= {**nothing, "not_measured": "only 947 of 1000 draws gave a figure."}

    found = json.loads(RISK_ONLY)
    change(found)
    assert {"expected_profit", "log_loss"}.isdisjoint(evaluate.headlines(found))
    assert _page(RISK_ONLY, change).text.count("only 947 of 1000 draws") == 2


def test_the_page_says_where_every_line_went() -> None:
    text = " ".join(_page(RISK_ONLY).text.split())
    assert "Lines read for usage998: 8 in two files, 40 taken back, 50 no customer_id, 900 kept" in text


def test_the_page_says_of_every_check_what_it_found_or_why_it_was_off() -> None:
    text = " ".join(_page(RISK_ONLY).text.split())
    assert "L001No copies. ✓ Found nothing" in text or "L001 No copies. ✓ Found nothing" in text
    assert "Switched off in the spec: the shard matters" in text
    assert "✕ Warning column 'x' is 0 in training." in text


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.1, 1.3, "customers with the highest risk, 1.20 times as many left as among 10 % drawn at random; that is"),
        (0.8, 1.6, "more left than among 10 % drawn at random is not shown (1.2 times as many, 0.8 to 1.6); that is"),
        (0.4, 0.9, "fewer left than among 10 % drawn at random (0.7 times as many, 0.4 to 0.9)"),
    ],
)
def test_the_top_says_of_the_list_what_is_shown_and_no_more(low: float, high: float, said: str) -> None:
    middle = (low + high) / 2

    def change(found: dict[str, Any]) -> None:
        found["risk"]["lift"] |= {"value": middle, "low": low, "high": high, "standard_error": (high - low) / 4}

    text = " ".join(_page(RISK_ONLY, change).text.split())
    assert said in text
    assert ("times as many left as" in text) == (low > 1)
    finds = text[text.index("Does it find customers") :]
    assert finds.index({True: "Yes", False: "Not shown" if high > 1 else "No"}[low > 1]) < 120


@pytest.mark.parametrize("high", np.linspace(0.047, 0.053, 13))
def test_percentages_that_hold_have_an_interval_that_is_seen_to_lie_within_the_limit(high: float) -> None:
    def change(found: dict[str, Any]) -> None:
        found["spec"]["gate"]["calibration_limit"] = 0.05
        found["risk"]["miscalibration"]["gap"] = {"value": 0.02, "low": 0.001, "high": float(high)}

    found = json.loads(RISK_ONLY)
    change(found)
    answer = next(one for one in summary.answers(found) if "percentages" in one.question)
    (verdict,) = answer.verdicts
    shown = float(verdict.figure.range.split(" to ")[1])
    assert (verdict.word == "Yes") == (shown < 5)
    assert (verdict.word == "Inconclusive") == (shown >= 5)


@pytest.mark.parametrize(
    ("gap", "word"), [(0.05, "it ranks better"), (0.01, "not shown to rank better"), (-0.05, "it ranks worse")]
)
def test_the_table_says_of_a_simple_score_what_is_shown(gap: float, word: str) -> None:
    def change(found: dict[str, Any]) -> None:
        one = found["simple_scores"]["x alone"]
        one["advantage"] |= {"value": gap, "low": gap - 0.02, "high": gap + 0.02, "standard_error": 0.01}

    assert f"the model's AUC less that of x alone: {word}" in _page(RISK_ONLY, change).text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.004, 0.012, "texts earn their place"),
        (-0.002, 0.006, "texts are not shown to earn their place"),
        (-0.009, -0.001, "texts make it worse"),
    ],
)
def test_what_texts_are_worth_is_told_with_its_verdict_exactly_where_it_was_measured(
    low: float, high: float, words: str
) -> None:
    def measured(found: dict[str, Any]) -> None:
        found["texts"] = {
            "auc": {**found["risk"]["auc"], "value": 0.7},
            "loss": {"value": (low + high) / 2, "low": low, "high": high, "standard_error": (high - low) / 4},
        }

    page = _page(RISK_ONLY, measured)
    assert f"{abs(low + high) / 2:.3f}" in page.text
    assert page.text.count(words) == 2  # beside the importance, and in the table of all figures
    assert "texts" not in _page(RISK_ONLY).text


def test_the_reader_of_texts_is_in_the_lineage() -> None:
    def pinned(found: dict[str, Any]) -> None:
        reader = {"model": "tone", "version": 3, "digest": "d", "known_before": "2025-07-01"}
        found["lineage"]["tables"]["reader"] = reader

    assert "tone 3, of texts before 1 July 2025" in _page(RISK_ONLY, pinned).text
