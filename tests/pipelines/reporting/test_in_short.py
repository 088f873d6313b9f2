import json
import re
from typing import Any

import pytest

from experiments.evaluation import claims
from pipelines.reporting import drivers, in_short, randomisation_words, report, slices
from pipelines.reporting.in_short import AnswerLine
from tests.pipelines.reporting.report_world import judged

RISK_ONLY, RANDOMISED = json.dumps(judged(with_actions=False)), json.dumps(judged(with_actions=True))
FOUND = {"findings": [{"sentence": "x tells all"}], "off": "", "code": "L001", "meaning": "m"}
CLEAN = {"findings": [], "off": "", "code": "L002", "meaning": "m"}
OFF = {"findings": [], "off": "we know", "code": "L003", "meaning": "m"}
_KEPT = {"subject": "x", "reason": "it is known before", "finding": {"sentence": "x tells all"}}
ACCEPTED = {**CLEAN, "accepted": [_KEPT]}
ACCEPTED_FOR_NOTHING = {**CLEAN, "accepted": [{**_KEPT, "finding": None}]}


def _loaded(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return claims.with_claims(found, randomised="uplift" in found and bool(found["uplift"]["measured"]))


def _starting(lines: tuple[AnswerLine, ...], words: str) -> AnswerLine:
    (one,) = [line for line in lines if line.text.startswith(words)]
    return one


@pytest.mark.parametrize(
    ("checks", "tone", "said"),
    [
        ([CLEAN, CLEAN], "good", "None of 2 checks of the data found anything."),
        ([CLEAN, FOUND, FOUND], "bad", "Of 3 checks of the data 2 found something."),
        ([CLEAN, OFF], "open", "None of 2 checks of the data found anything, and 1 is switched off."),
        ([CLEAN, ACCEPTED], "open", "Of 2 checks of the data 1 found what the spec accepts."),
        ([FOUND, ACCEPTED], "bad", "Of 2 checks of the data 1 found something, 1 found what the spec accepts."),
        ([CLEAN, ACCEPTED_FOR_NOTHING], "good", "None of 2 checks of the data found anything."),
        ([FOUND, OFF, OFF], "bad", "Of 3 checks of the data 1 found something, and 2 are switched off."),
    ],
)
def test_a_check_that_found_something_or_was_not_asked_is_no_reason_to_trust(
    checks: list[dict[str, Any]], tone: str, said: str
) -> None:
    lines = in_short.trust({**_loaded(RISK_ONLY), "checks": checks})
    assert AnswerLine(tone, said) in lines  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high", "tone"), [(0.0, 0.01, "good"), (0.0, 0.2, "open"), (0.1, 0.2, "bad")])
def test_percentages_are_trusted_only_where_they_are_shown_to_hold(low: float, high: float, tone: str) -> None:
    found = _loaded(RISK_ONLY)
    found["risk"]["miscalibration"]["gap"] = {"value": (low + high) / 2, "low": low, "high": high}
    told = [line for line in in_short.trust(found) if "percentages" in line.text]
    assert [line.tone for line in told] == [tone]
    assert told[0].text.startswith("Its percentages hold") == (tone == "good")


def test_effects_are_spoken_of_only_where_chance_gave_the_actions() -> None:
    randomised, risk_only = _loaded(RANDOMISED), _loaded(RISK_ONLY)
    assert _starting(in_short.trust(randomised), "The actions were randomised").tone == "good"
    assert _starting(in_short.trust(risk_only), "Whether contacting").tone == "open"
    for change in ({"verdict": "not randomised"}, {"verdict": "sample ratio mismatch"}):
        found = _loaded(RANDOMISED)
        found["uplift"]["randomisation"] |= change
        assert _starting(in_short.trust(found), "No effect is claimed").tone == "open"
        assert not re.search("earns|Helps|Harms|Effect", " ".join(line.text for line in in_short.quality(found)))


@pytest.mark.parametrize(
    ("gap", "said"),
    [(0.05, "Ranks them better than x alone."), (0.0, "Ranks customers")],
)
def test_how_good_it_is_is_held_against_each_simple_score(gap: float, said: str) -> None:
    found = _loaded(RISK_ONLY)
    (name,) = found["simple_scores"]
    found["risk"]["auc"] |= {"value": 0.85, "low": 0.83, "high": 0.87, "standard_error": 0.01}
    one = found["simple_scores"][name]["advantage"]
    one |= {"value": gap, "low": gap - 0.02, "high": gap + 0.02, "standard_error": 0.01}
    lines = in_short.quality(found)
    assert _starting(lines, said)
    assert (f"not shown to beat {name}" in lines[0].text) == (gap == 0.0)
    assert (lines[0].tone == "good") == (gap > 0)
    found["simple_scores"] = {}
    assert _starting(in_short.quality(found), "Whether a simple rule would do as well is not known").tone == "open"


def test_the_strongest_factor_of_each_theme_is_told_with_both_means() -> None:
    told = drivers.drivers(_loaded(RANDOMISED))
    lines = in_short.strongest(told, bad="left", good="stayed")
    assert len(lines) == min(in_short.MOST_DRIVERS, len(told.groups)) > 0
    for line, (_, factors) in zip(lines, told.groups, strict=False):
        assert f": {factors[0].left} among those who left, {factors[0].stayed} among those who stayed" in line.text
        assert line.text.endswith(
            f" (known for {factors[0].known})." if factors[0].known else f"{factors[0].stayed} among those who stayed."
        )


@pytest.mark.parametrize("text", [RISK_ONLY, RANDOMISED], ids=["risk only", "randomised"])
def test_the_first_screen_of_a_report_answers_four_questions(text: str) -> None:
    page = report.render(_loaded(text))
    top = page[page.index('<div class="short') : page.index('<p class="lede">')]
    sections = re.findall(r"<section.*?</section>", top, flags=re.DOTALL)
    assert [re.sub(r"<[^>]+>", "", one).split("?")[0].strip() for one in sections] == [
        "Can one trust it",
        "How good is it",
        "What are the drivers of leaving",
        "What next",
    ]
    assert all("<li" in one or "<p>" in one for one in sections)
    assert page.index('<div class="short') < page.index('class="answers"')


def test_figures_of_one_kind_have_as_many_decimals_in_all_slices_of_all_actions() -> None:
    found = _loaded(RANDOMISED)
    for place, one in enumerate(found["uplift"]["actions"].values()):
        one["figures"]["ate"] |= {"standard_error": 10.0 ** -(2 + place)}
    table = slices.of_effects(found)
    for kind in (0, 1):
        cells = [
            cell
            for row in (table.whole, *(one for _, rows in table.groups for one in rows))
            for cell in row.cells[kind::2]
        ]
        assert len({len(cell.figure.number.partition(".")[2]) for cell in cells if cell}) == 1


def test_the_test_of_randomisation_is_reported_without_names_of_code() -> None:
    found = _loaded(RANDOMISED)
    said = randomisation_words.supported(found)
    assert "call 51, coupon 51" in said
    assert "0.034 standard deviations, in how often \u201cx of it\u201d is missing." in said
    assert "97\u00a0% of randomised trials" in said
    found["uplift"]["randomisation"]["sample_ratio_p"] = 0.9991
    assert "100\u00a0% of randomised trials" in randomisation_words.supported(found)
    del found["uplift"]["randomisation"]["predictability"]
    assert randomisation_words.supported(found) == "sizes p 0.97."


def test_evidence_against_randomisation_is_reported_in_plain_figures() -> None:
    found = _loaded(RANDOMISED)
    told = found["uplift"]["randomisation"]
    told |= {"verdict": "not randomised", "predictability": {"call": 0.512, "coupon": 0.637}}
    assert "identifies which of two had coupon 64 times in 100" in randomisation_words.against(found)
    assert "in how often \u201cx of it\u201d is missing." in randomisation_words.against(found)
    told["largest_difference_in"] = ""
    assert randomisation_words.against(found).startswith(
        "The groups differ by more than chance explains under randomisation. From what is known"
    )
    told["verdict"] = "sample ratio mismatch"
    assert "call 400, expected 1,000" in randomisation_words.against(found)
    del told["expected"]
    assert (
        randomisation_words.against(found)
        == "The test of randomisation says \u201csample ratio mismatch\u201d: sizes p 0.97."
    )
