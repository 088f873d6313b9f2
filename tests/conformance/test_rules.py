"""What every promotion rule must do, and what they decide together."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from experiments.comparison import Pair, SlicePair
from experiments.gate_spec import GateSpec
from experiments.intervals import Interval, normal_interval
from experiments.looks import spent
from features.plugins import discover
from pipelines import rules
from pipelines.evidence import Evidence, Mode
from pipelines.rule import Rule, Status, decide
from pipelines.verdict import Verdict

RULES = discover(rules, Rule)
GATE = GateSpec()
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
FIGURES = {
    "auc": (0.80, 0.002),
    "brier": (0.10, 0.0005),
    "calibration_error": (0.02, 0.002),
    "policy_value": (3.0, 0.01),
}


def pair(value: float, gap: float, error: float) -> Pair:
    reach = 1.645 * error
    return Pair(value + gap, value, Interval(gap, gap - reach, gap + reach, error, "normal", 0.9))


def evidence(mode: Mode, gap: float = 0.0, **changes: object) -> Evidence:
    """The challenger better than the other by `gap` standard errors on every figure."""
    lower = ("brier", "calibration_error")
    figures = {
        name: pair(value, (-gap if name in lower else gap) * error, error) for name, (value, error) in FIGURES.items()
    }
    found = Evidence(
        mode=mode,
        primary="policy_value",
        figures=figures,
        floor={"auc": 0.5, "brier": 0.2},
        positives=500,
        events_per_arm={"control": 200, "call": 100},
        slices=(SlicePair("plan basic", 900, pair(0.8, gap * 0.01, 0.01)),),
    )
    return replace(found, **changes)


def verdict(found: Evidence, gate: GateSpec = GATE) -> Verdict:
    return decide(found.mode, {rule: rule.judge(found, gate) for rule in RULES.values() if found.mode in rule.modes})


@every_rule
def test_a_rule_has_a_code_a_sentence_and_a_mode(rule: Rule) -> None:
    assert rule.code.startswith("R")
    assert len(rule.code) == 4
    assert rule.meaning.endswith(".")
    assert rule.modes <= set(Mode)
    assert rule.modes


@every_rule
def test_the_reason_holds_both_numbers(rule: Rule) -> None:
    for mode in rule.modes:
        reason = rule.judge(evidence(mode, 3.0), GATE).reason
        assert sum(character.isdigit() for character in reason) >= 2, reason


@pytest.mark.parametrize("mode", [Mode.REFRESH, Mode.REPLACE])
@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("broken", [None, float("nan")])
def test_a_missing_or_nan_figure_is_refused(mode: Mode, figure: str, broken: float | None) -> None:
    found = evidence(mode, 9.0)
    bad = Pair(0.8, 0.8, None) if broken is None else pair(0.8, broken, 0.01)
    assert verdict(found) is not Verdict.KEEP
    assert verdict(replace(found, figures={**found.figures, figure: bad})) is Verdict.KEEP
    assert verdict(replace(found, figures={})) is Verdict.KEEP


def test_a_challenger_equal_to_the_champion_does_not_replace_it() -> None:
    figures = {name: Pair(value, value, Interval(0, 0, 0, 0, "normal", 0.9)) for name, (value, _) in FIGURES.items()}
    assert verdict(evidence(Mode.REPLACE, figures=figures)) is Verdict.KEEP


def test_a_much_better_challenger_replaces_and_a_slightly_better_one_is_inconclusive() -> None:
    assert verdict(evidence(Mode.REPLACE, 5.0)) is Verdict.PROMOTE
    assert verdict(evidence(Mode.REPLACE, 0.5)) is Verdict.INCONCLUSIVE
    assert verdict(evidence(Mode.REPLACE, -5.0)) is Verdict.KEEP


def test_an_equal_refresh_is_taken_and_a_worse_one_is_not() -> None:
    assert verdict(evidence(Mode.REFRESH, 0.0)) is Verdict.REFRESH
    assert verdict(evidence(Mode.REFRESH, -20.0)) is Verdict.KEEP


def test_a_gain_on_the_primary_does_not_buy_a_loss_on_a_guardrail() -> None:
    found = evidence(Mode.REPLACE, 5.0)
    worse = {**found.figures, "auc": pair(0.8, -0.05, 0.002)}
    assert verdict(replace(found, figures=worse)) is Verdict.KEEP


@every_rule
def test_a_rule_needs_figures_or_fields_of_the_evidence_and_fails_without_its_figures(rule: Rule) -> None:
    fields = {one.name for one in dataclasses.fields(Evidence)}
    assert rule.needs
    assert set(rule.needs) <= FIGURES.keys() | fields
    if figures := set(rule.needs) & FIGURES.keys():
        for mode in rule.modes:
            found = evidence(mode, 9.0)
            assert rule.judge(found, GATE).status is Status.HOLDS
            left = {name: one for name, one in found.figures.items() if name not in figures}
            assert rule.judge(replace(found, figures=left), GATE).status is Status.BROKEN


def test_a_slice_shown_to_be_worse_refuses() -> None:
    bad = (SlicePair("plan plus", 900, pair(0.8, -0.2, 0.01)),)
    assert verdict(evidence(Mode.REPLACE, 5.0, slices=bad)) is Verdict.KEEP


def test_every_slice_shown_to_be_worse_is_named_and_no_other() -> None:
    # One-sided p-values of a gap of -0.08, -0.074 and -0.06 beyond the margin of 0.05, at a standard error of 0.01:
    # 0.0013 <= 0.05/3, 0.0082 <= 0.05/2, but 0.1587 > 0.05.
    gaps = {"north": -0.08, "south": -0.074, "east": -0.06}
    slices = tuple(SlicePair(name, 900, pair(0.8, gap, 0.01)) for name, gap in gaps.items())
    found = RULES["R004"].judge(evidence(Mode.REPLACE, 5.0, slices=slices, alpha=0.05), GATE)
    assert found.status is Status.BROKEN
    assert "2 of 3 slices are shown to be worse: north, AUC 0.7200 against 0.8000" in found.reason
    assert "south" in found.reason
    assert "east" not in found.reason


def test_a_slice_that_is_worse_blocks_at_the_tenth_look_as_at_the_first() -> None:
    """Looks make the demands on figures stricter; were they to share out this alpha, they would let more harm pass."""
    slices = (SlicePair("north", 900, pair(0.8, -0.08, 0.01)),)
    first, tenth = (
        RULES["R004"].judge(evidence(Mode.REPLACE, 5.0, slices=slices, alpha=a), GATE) for a in (0.025, 5e-4)
    )
    assert first == tenth
    assert first.status is Status.BROKEN


@pytest.mark.parametrize("mode", Mode)
def test_validity_outweighs_everything(mode: Mode) -> None:
    assert verdict(evidence(mode, 5.0, positives=99)) is Verdict.INSUFFICIENT_DATA
    assert verdict(evidence(mode, 5.0, events_per_arm={"control": 200, "call": 49})) is Verdict.INSUFFICIENT_DATA
    assert verdict(evidence(mode, 5.0, seen_rows=1)) is Verdict.INSUFFICIENT_DATA
    assert verdict(evidence(mode, 5.0, seen_rows=1, faults=("it does not load",))) is Verdict.CONTRACT_FAIL


def test_a_first_champion_must_beat_the_floor_and_be_calibrated() -> None:
    assert verdict(evidence(Mode.FIRST, 5.0)) is Verdict.FIRST_CHAMPION
    assert verdict(evidence(Mode.FIRST, 0.0)) is Verdict.KEEP
    found = evidence(Mode.FIRST, 5.0)
    loose = {**found.figures, "calibration_error": pair(0.2, 0.0, 0.01)}
    assert verdict(replace(found, figures=loose)) is Verdict.KEEP


def test_the_smallest_difference_that_could_be_shown_is_named() -> None:
    reason = RULES["R005"].judge(evidence(Mode.REPLACE, 0.5), GATE)
    assert reason.status is Status.UNCLEAR
    # (z_0.95 + z_0.80) * 0.01
    assert "0.0249" in reason.reason


def test_the_best_of_many_worthless_challengers_is_promoted_at_most_alpha_of_the_time() -> None:
    """On one cohort, where all differences share the champion's noise; without spending it would be one in four."""
    simulations, challengers, error = 400, 20, 0.01
    noise = np.random.default_rng(8).normal(scale=error / np.sqrt(2), size=(simulations, challengers + 1))
    gaps = noise[:, 1:] - noise[:, :1]

    def gains(gap: float, alpha: float) -> bool:
        figure = Pair(0.8 + gap, 0.8, normal_interval(gap, error, level=1 - 2 * alpha))
        found = evidence(Mode.REPLACE, figures={"policy_value": figure}, alpha=alpha)
        return RULES["R005"].judge(found, GATE).status is Status.HOLDS

    looks = [spent(GATE.alpha, look=look) for look in range(1, challengers + 1)]
    share = np.mean([any(map(gains, row, looks)) for row in gaps])
    assert share <= GATE.alpha
    assert np.mean([any(gains(gap, GATE.alpha) for gap in row) for row in gaps]) > 0.25
