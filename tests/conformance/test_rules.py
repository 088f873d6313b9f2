"""What every promotion rule must do, and what they decide together."""

import dataclasses
from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest

from experiments import metrics
from experiments.evaluation.comparison import Pair, SlicePair
from experiments.metric import Metric
from experiments.sections.gate import GateSpec
from experiments.statistics.intervals import Interval, normal_interval
from experiments.statistics.repeated_looks import spent
from features.plugins import discover, names
from pipelines import rules
from pipelines.gate.first_line import first_line
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.evidence import Evidence, Mode, unbeaten
from pipelines.ruling.rule import Finding, Rule, Status, decide
from pipelines.ruling.verdict import Verdict
from pipelines.specs.applicable_rules import asked

RULES = discover(rules, Rule)
GATE = GateSpec()
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
FIGURES = {
    "auc": (0.80, 0.002),
    "brier": (0.10, 0.0005),
    "miscalibration": (0.0004, 0.0001),
    "policy_value": (3.0, 0.01),
    "policy_value_kept": (3.0, 0.01),
}
LOWER = ("brier", "miscalibration")
# What rules need beside, as strangers' do: of effects, a figure for each action of the evidence.
BESIDE = {
    name: one for name, one in discover(metrics, Metric).items() if name in {n for r in RULES.values() for n in r.needs}
}
BESIDE = {f"{name}_call" if one.kind == "uplift" else name: one for name, one in BESIDE.items() if name not in FIGURES}
BOTH = Claims(risk=True, uplift=True)
RISK_ALONE, UPLIFT_ALONE = Claims(risk=True, uplift=False), Claims(risk=False, uplift=True)


def pair(value: float, gap: float, error: float) -> Pair:
    return Pair(value + gap, value, normal_interval(gap, error, level=0.9))


def money(ours: float, theirs: float, error: float) -> dict[str, Pair]:
    """What two policies earn, and what is kept of the other's."""
    kept = normal_interval(ours - GATE.value_share * theirs, error, level=0.9)
    return {"policy_value": pair(theirs, ours - theirs, error), "policy_value_kept": Pair(ours, theirs, kept)}


def evidence(mode: Mode, gap: float = 0.0, **changes: object) -> Evidence:
    """The challenger better than the other by `gap` standard errors on every figure."""
    figures = {
        name: pair(value, (-gap if name in LOWER else gap) * error, error) for name, (value, error) in FIGURES.items()
    }
    figures |= money(3.0 + gap * 0.01, 3.0, 0.01)
    figures |= {
        name: pair(0.5, (-gap if one.better == "lower" else gap) * 0.001, 0.001) for name, one in BESIDE.items()
    }
    worth = {name: figures[name] for name in ("auc", "brier")} | {
        "policy_value": Pair(gap * 0.01, 0.0, normal_interval(gap * 0.01, 0.01, level=0.9))
    }
    found = Evidence(
        mode=mode,
        primaries=("policy_value",),
        figures=figures,
        worth=worth if mode is Mode.FIRST else {**worth, "policy_value": pair(0.0, 3.0, 0.01)},
        rarer=500,
        events_per_arm={"control": 200, "call": 100},
        champion_for=BOTH,
        calibration=normal_interval(0.0004, 0.0003, level=0.9),
        slices=(SlicePair("plan basic", 900, 200, pair(0.8, gap * 0.01, 0.01)),),
        trial_rows=4000,
    )
    return replace(found, **changes)


def with_figures(found: Evidence, **figures: Pair) -> Evidence:
    return replace(found, figures={**found.figures, **figures})


def verdict(found: Evidence, gate: GateSpec = GATE) -> Verdict:
    return decide(found.mode, {rule: asked(rule, found, gate) for rule in RULES.values() if found.mode in rule.modes})


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
        for claims in (BOTH, RISK_ALONE, UPLIFT_ALONE):
            reason = asked(rule, evidence(mode, 3.0, champion_for=claims), GATE).reason
            assert sum(character.isdigit() for character in reason) >= 2, reason


@pytest.mark.parametrize("mode", [Mode.REFRESH, Mode.REPLACE])
@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("broken", [None, float("nan")])
def test_a_missing_or_nan_figure_is_refused(mode: Mode, figure: str, broken: float | None) -> None:
    found = evidence(mode, 9.0)
    bad = Pair(0.8, 0.8, None) if broken is None else Pair(0.8, 0.8, Interval(broken, broken, broken, broken, "normal"))
    assert verdict(found) is not Verdict.KEEP
    if (mode, figure) != (Mode.REPLACE, "policy_value_kept"):
        assert verdict(with_figures(found, **{figure: bad})) is Verdict.KEEP
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
    assert verdict(with_figures(evidence(Mode.REPLACE, 5.0), auc=pair(0.8, -0.05, 0.002))) is Verdict.KEEP


@every_rule
def test_a_rule_needs_figures_or_fields_of_the_evidence_and_fails_without_its_figures(rule: Rule) -> None:
    fields = {one.name for one in dataclasses.fields(Evidence)}
    assert rule.needs
    unknown = sorted(set(rule.needs) - FIGURES.keys() - fields - set(names(metrics)))
    assert not unknown, f"{rule.code} needs {unknown}, which is no metric and no field of the evidence"
    needed = {name for name in (*FIGURES, *BESIDE) if name.removesuffix("_call") in rule.needs}
    if needed:
        for mode in rule.modes:
            found = evidence(mode, 9.0)
            better = asked(rule, found, GATE)
            words = f"{rule.code} does not hold for a model that is better in every figure: {better.reason}"
            assert better.status is Status.HOLDS, words
            without = {
                field: {name: one for name, one in getattr(found, field).items() if name not in needed}
                for field in (("figures", "worth") if mode is Mode.FIRST else ("figures",))
            }
            closed = asked(rule, replace(found, **without), GATE)
            words = f"{rule.code} is not broken where {sorted(needed)} is missing: {closed.reason}"
            assert closed.status is Status.BROKEN, words


NO_TRIAL = {name: one for name, one in evidence(Mode.REFRESH).worth.items() if name != "policy_value"}
# Where there is nothing to judge, by rule: what of the evidence makes it so, and in which mode.
NOTHING_TO_JUDGE = [
    *((code, Mode.REFRESH, {"champion_for": UPLIFT_ALONE}) for code in ("R001", "R002", "R003", "R004", "R014")),
    ("R004", Mode.REPLACE, {"slices": ()}),
    ("R006", Mode.REFRESH, {"champion_for": RISK_ALONE}),
    ("R006", Mode.REFRESH, {"champion_for": RISK_ALONE, "worth": NO_TRIAL}),
    ("R012", Mode.REFRESH, {"champion_for": UPLIFT_ALONE, "worth": NO_TRIAL}),
    ("R013", Mode.REFRESH, {"anchor_version": None}),
    ("R013", Mode.REFRESH, {"anchor_version": "1", "champion_for": UPLIFT_ALONE, "worth": NO_TRIAL}),
    ("R014", Mode.FIRST, {"floors": {}}),
]


@pytest.mark.parametrize(("code", "mode", "changes"), NOTHING_TO_JUDGE)
def test_a_rule_that_has_nothing_to_judge_says_so_and_does_not_say_that_it_holds(
    code: str, mode: Mode, changes: dict[str, object]
) -> None:
    """Whatever the figures are: a rule that looked at them would break here."""
    worst = {"floors": {"rfm": pair(0.9, -0.5, 0.01)}} | changes
    found = asked(RULES[code], evidence(mode, -50.0, **worst), GATE)
    assert found.status is Status.NOT_APPLICABLE
    assert sum(character.isdigit() for character in found.reason) >= 2, found.reason


@every_rule
def test_a_rule_that_has_something_to_judge_is_applicable(rule: Rule) -> None:
    full = {"floors": {"rfm": pair(0.6, 0.1, 0.01)}, "anchor_version": "1"}
    for mode in rule.modes:
        found = evidence(mode, 3.0)
        found = replace(found, anchor=dict(found.figures), **full)
        assert asked(rule, found, GATE).status is not Status.NOT_APPLICABLE


@pytest.mark.parametrize("status", [Status.NOT_APPLICABLE, Status.OFF])
@pytest.mark.parametrize("mode", Mode)
def test_a_rule_that_judges_nothing_holds_nothing_up_and_outweighs_nothing(mode: Mode, status: Status) -> None:
    rule, other = RULES["R014"], RULES["R012"]
    taken = decide(mode, {other: Finding(Status.HOLDS, "")})
    assert decide(mode, {rule: Finding(status, ""), other: Finding(Status.HOLDS, "")}) is taken
    assert decide(mode, {rule: Finding(status, ""), other: Finding(Status.UNCLEAR, "")}) is Verdict.INCONCLUSIVE
    broken = decide(mode, {rule: Finding(status, ""), other: Finding(Status.BROKEN, "")})
    assert broken is (Verdict.NO_CHAMPION if mode is Mode.FIRST else Verdict.KEEP)


# The money of a refresh.


def test_a_refresh_that_advises_nothing_is_never_taken_however_small_the_money() -> None:
    """An absolute margin of 0.05 let a policy worth 0.0389 go."""
    found = with_figures(evidence(Mode.REFRESH, 0.0), **money(0.0, 0.0389, 0.004))
    assert verdict(found) is Verdict.KEEP


def test_a_refresh_keeps_its_share_or_it_cannot_tell_and_says_how_many_rows_it_would_take() -> None:
    small = with_figures(evidence(Mode.REFRESH, 0.0), **money(3.0, 3.0, 0.5))
    found = RULES["R006"].judge(small, GATE)
    assert verdict(small) is Verdict.INCONCLUSIVE
    # (1.645 + 0.842)^2 (0.5 / 0.6)^2 = 4.29 times the rows and dates.
    assert "about 17,17" in found.reason
    assert "about 5 dates in place of 1" in found.reason
    enough = with_figures(evidence(Mode.REFRESH, 0.0), **money(3.0, 3.0, 0.3))
    assert verdict(enough) is Verdict.REFRESH
    assert verdict(with_figures(evidence(Mode.REFRESH, 0.0), **money(2.3, 3.0, 0.01))) is Verdict.KEEP


def test_where_the_champions_policy_earns_nothing_on_these_rows_its_claim_is_not_shown_again() -> None:
    lost = {"policy_value": Pair(-0.2, 0.0, normal_interval(-0.2, 0.4, level=0.9))}
    found = with_figures(evidence(Mode.REFRESH, 0.0), **money(-0.2, -1.0, 0.1))
    assert verdict(replace(found, worth={**found.worth, **lost})) is Verdict.INCONCLUSIVE


def test_a_champion_for_the_risk_alone_is_refreshed_by_its_risk_unless_the_policy_is_shown_to_be_worse() -> None:
    vague = with_figures(evidence(Mode.REFRESH, 0.0, champion_for=RISK_ALONE), **money(0.1, 0.2, 0.4))
    assert verdict(vague) is Verdict.REFRESH
    worse = with_figures(evidence(Mode.REFRESH, 0.0, champion_for=RISK_ALONE), **money(-0.8, 0.2, 0.4))
    assert verdict(worse) is Verdict.KEEP


@pytest.mark.parametrize("mode", [Mode.REFRESH, Mode.REPLACE])
def test_without_randomisation_a_champion_for_its_policy_is_not_followed(mode: Mode) -> None:
    worth = {name: one for name, one in evidence(mode).worth.items() if name != "policy_value"}
    found = evidence(mode, 5.0, worth=worth, primaries=("auc",))
    assert verdict(found) is Verdict.INCONCLUSIVE
    taken = Verdict.REFRESH if mode is Mode.REFRESH else Verdict.PROMOTE
    assert verdict(replace(found, champion_for=RISK_ALONE)) is taken


@pytest.mark.parametrize("mode", [Mode.REFRESH, Mode.REPLACE])
def test_what_is_shown_to_be_worse_is_not_taken_within_the_margin_either(mode: Mode) -> None:
    found = with_figures(evidence(mode, 5.0), auc=pair(0.8, -0.003, 0.0005))
    assert RULES["R001"].judge(found, GATE).status is Status.HOLDS
    assert verdict(found) is Verdict.KEEP


def test_an_absolute_margin_takes_the_place_of_the_share_where_the_spec_states_one() -> None:
    found = with_figures(evidence(Mode.REFRESH, 0.0), **money(2.0, 3.0, 0.01))
    assert verdict(found) is Verdict.KEEP
    assert RULES["R006"].judge(found, GateSpec(value_margin=1.5)).status is Status.HOLDS


# Where the risk is used for nothing.


@pytest.mark.parametrize("mode", [Mode.REFRESH, Mode.REPLACE])
def test_a_champion_for_its_policy_alone_is_not_held_back_by_its_risk(mode: Mode) -> None:
    bad = {"auc": pair(0.5, -0.02, 0.02), "brier": pair(0.2, 0.01, 0.005), "miscalibration": pair(0.0, 0.01, 0.01)}
    found = with_figures(evidence(mode, 5.0, champion_for=UPLIFT_ALONE), **bad)
    assert verdict(found) is (Verdict.REFRESH if mode is Mode.REFRESH else Verdict.PROMOTE)
    assert verdict(replace(found, champion_for=BOTH)) is not Verdict.PROMOTE


def test_a_champion_for_its_risk_alone_is_replaced_for_either_gain_at_half_of_alpha() -> None:
    def decided(**figures: Pair) -> Verdict:
        found = evidence(Mode.REPLACE, 0.0, champion_for=RISK_ALONE, primaries=("policy_value", "auc"), alpha=0.05)
        return verdict(with_figures(found, **figures))

    # z = 1.8 is p = 0.036, z = 2.0 is p = 0.023.
    assert decided(auc=pair(0.8, 0.0036, 0.002)) is Verdict.INCONCLUSIVE
    assert decided(auc=pair(0.8, 0.0040, 0.002)) is Verdict.PROMOTE
    assert decided(**money(3.02, 3.0, 0.01)) is Verdict.PROMOTE


# A first champion.


def first(auc: float, value: float | None, alpha: float = 0.05) -> Evidence:
    """A challenger so many standard errors better than the prior at the risk, and than doing nothing."""
    found = evidence(Mode.FIRST, 0.0, alpha=alpha)
    worth = {"auc": pair(0.5, auc * 0.01, 0.01), "brier": pair(0.2, -auc * 0.001, 0.001)}
    if value is not None:
        worth["policy_value"] = Pair(value, 0.0, normal_interval(value, 1.0, level=0.9))
    return replace(found, worth=worth, figures={**found.figures, **worth})


def test_a_first_champion_is_worth_something_in_what_it_is_for() -> None:
    assert verdict(first(5, 5)) is Verdict.FIRST_CHAMPION
    assert verdict(first(5, None)) is Verdict.FIRST_CHAMPION
    assert verdict(first(5, 0)) is Verdict.FIRST_CHAMPION
    assert verdict(first(0, 5)) is Verdict.FIRST_CHAMPION
    assert "champion for the choice of actions" in RULES["R010"].judge(first(0, 5), GATE).reason
    assert "champion for the risk and the choice of actions" in RULES["R010"].judge(first(5, 5), GATE).reason
    assert verdict(first(0, 0)) is Verdict.INCONCLUSIVE
    assert verdict(first(0, None)) is Verdict.INCONCLUSIVE


def test_a_first_champion_is_not_shown_to_lose_in_the_other() -> None:
    assert verdict(first(5, -2)) is Verdict.NO_CHAMPION
    assert verdict(first(-2, 5)) is Verdict.NO_CHAMPION
    assert verdict(first(5, -1)) is Verdict.FIRST_CHAMPION


def test_two_chances_pay_for_being_two() -> None:
    """z = 1.8 is p = 0.036: enough for one chance, too little for one of two; then the other is tested at alpha."""
    assert verdict(first(1.8, None)) is Verdict.FIRST_CHAMPION
    assert verdict(first(1.8, 0)) is Verdict.INCONCLUSIVE
    assert "the risk and the choice of actions" in RULES["R010"].judge(first(1.8, 2.5), GATE).reason


def test_of_models_that_know_nothing_at_most_alpha_become_first_champion() -> None:
    z = np.random.default_rng(4).normal(size=(1000, 2))
    share = np.mean([verdict(first(*row)) is Verdict.FIRST_CHAMPION for row in z.tolist()])
    assert share <= 0.05 + 3 * (0.05 * 0.95 / 1000) ** 0.5
    assert share > 0.02


@pytest.mark.parametrize(
    ("low", "high", "status", "decided"),
    [
        (-0.001, 0.002, Status.HOLDS, Verdict.FIRST_CHAMPION),
        (0.001, 0.004, Status.UNCLEAR, Verdict.FIRST_CHAMPION),
        (0.003, 0.006, Status.BROKEN, Verdict.NO_CHAMPION),
    ],
)
def test_calibration_blocks_where_it_is_shown_to_be_off_and_says_where_it_cannot_tell(
    low: float, high: float, status: Status, decided: Verdict
) -> None:
    found = replace(first(5, 5), calibration=Interval((low + high) / 2, low, high, 0.001, "normal", 0.9))
    assert RULES["R011"].judge(found, GATE).status is status
    assert verdict(found) is decided


# Slices.


def slices(gaps: dict[str, float], error: float = 0.01) -> tuple[SlicePair, ...]:
    return tuple(SlicePair(name, 900, 200, pair(0.8, gap, error)) for name, gap in gaps.items())


def test_a_slice_shown_to_be_worse_refuses() -> None:
    assert verdict(evidence(Mode.REPLACE, 5.0, slices=slices({"plan plus": -0.2}))) is Verdict.KEEP


def test_every_slice_shown_to_be_worse_is_named_and_no_other() -> None:
    # Beyond the margin of 0.05 and worse than nothing at p <= 0.05/3, 0.05/2 and 0.05; west is worse, but within it.
    found = RULES["R004"].judge(
        evidence(Mode.REPLACE, 5.0, slices=slices({"north": -0.08, "south": -0.06, "west": -0.04})), GATE
    )
    assert found.status is Status.BROKEN
    assert "2 of 3 slices are shown to be worse: north (AUC 0.7200 against 0.8000" in found.reason
    assert "south" in found.reason
    assert "west" not in found.reason


def test_a_slice_of_which_the_rows_cannot_tell_is_named_and_holds_nothing_up() -> None:
    vague = (*slices({"north": 0.0}, error=0.05), SlicePair("south", 40, 12, None))
    found = RULES["R004"].judge(evidence(Mode.REPLACE, 5.0, slices=vague), GATE)
    assert found.status is Status.UNCLEAR
    assert "inconclusive in 2 of 2 slices: north" in found.reason
    assert "south (12 of the rarer outcome)" in found.reason
    assert "does not prevent a promotion" in found.reason
    assert verdict(evidence(Mode.REPLACE, 5.0, slices=vague)) is Verdict.PROMOTE


def test_a_slice_that_is_worse_blocks_at_the_tenth_look_as_at_the_first() -> None:
    """Looks make the demands on figures stricter; were they to share out this alpha, they would let more harm pass."""
    one, ten = (
        RULES["R004"].judge(evidence(Mode.REPLACE, 5.0, slices=slices({"north": -0.08}), alpha=a), GATE)
        for a in (0.025, 5e-4)
    )
    assert one == ten
    assert one.status is Status.BROKEN


# Half margins.


def floors(**gaps: float) -> dict[str, Pair]:
    """The challenger's AUC against each simple score, better by so many standard errors of 0.01."""
    return {name: pair(0.7, 0.01 * gap, 0.01) for name, gap in gaps.items()}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("gaps", "demanded"),
    [
        ({"recency": 4.0, "rfm": 3.0}, Status.HOLDS),
        ({"recency": 4.0, "rfm": 1.0}, Status.UNCLEAR),
        ({"recency": -4.0, "rfm": 3.0}, Status.BROKEN),
    ],
)
def test_a_simple_score_that_is_not_beaten_is_named_and_blocks_only_where_the_spec_says_so(
    mode: Mode, gaps: dict[str, float], demanded: Status
) -> None:
    found, rule = evidence(mode, gap=4.0, floors=floors(**gaps)), RULES["R014"]
    left = [name for name, gap in gaps.items() if gap < 2]
    assert unbeaten(found) == left
    free, asked = rule.judge(found, GATE), rule.judge(found, GateSpec(beat_floors=True))
    assert asked.status is demanded
    assert free.status is (Status.UNCLEAR if left else Status.HOLDS)
    assert all(name in free.reason for name in gaps)
    assert (f"not shown to be better than {' and '.join(left)}:" in asked.reason) == bool(left)
    assert verdict(found) in (Verdict.FIRST_CHAMPION, Verdict.REFRESH, Verdict.PROMOTE)
    blocked = {Status.UNCLEAR: Verdict.INCONCLUSIVE, Status.HOLDS: verdict(found)}
    refused = Verdict.NO_CHAMPION if mode is Mode.FIRST else Verdict.KEEP
    assert verdict(found, GateSpec(beat_floors=True)) is blocked.get(demanded, refused)


def test_no_worse_is_said_of_what_the_rows_can_tell() -> None:
    clear = evidence(Mode.REFRESH, gap=4.0)
    open_ = replace(clear, slices=slices({"basic": -0.005}, error=0.05))
    for found, said in ((clear, "no worse on anything"), (open_, "no worse on anything that these rows can tell")):
        findings = {rule: asked(rule, found, GATE) for rule in RULES.values() if Mode.REFRESH in rule.modes}
        assert decide(Mode.REFRESH, findings) is Verdict.REFRESH
        assert first_line(Verdict.REFRESH, found, findings, renewed="newer data").endswith(said)


@pytest.mark.parametrize("gap", [None, float("nan")])
def test_a_simple_score_without_a_figure_is_not_beaten(gap: float | None) -> None:
    found = Pair(0.8) if gap is None else pair(0.7, gap, 0.01)
    assert RULES["R014"].judge(evidence(Mode.FIRST, floors={"rfm": found}), GateSpec(beat_floors=True)).status is (
        Status.BROKEN
    )
    assert unbeaten(evidence(Mode.FIRST, floors={"rfm": found})) == ["rfm"]


def test_half_margins_do_not_add_up() -> None:
    """Each refresh loses half a margin of AUC against the one before: the second is held against the first champion."""
    error, step = 0.0001, -GATE.auc_margin / 2
    for number, total in enumerate(accumulate([step] * 4), start=1):
        anchor = {"auc": pair(0.8, total, error), **money(3.0, 3.0, 0.01)}
        found = evidence(Mode.REFRESH, 0.0, anchor=anchor, anchor_version="1")
        status = RULES["R013"].judge(found, GATE).status
        assert status is (Status.HOLDS if number == 1 else Status.UNCLEAR if number == 2 else Status.BROKEN), number


def test_the_policy_is_held_against_the_anchor_too() -> None:
    anchor = {"auc": pair(0.8, 0.0, 0.001), **money(2.3, 3.0, 0.01)}
    found = evidence(Mode.REFRESH, 0.0, anchor=anchor, anchor_version="1")
    assert verdict(found) is Verdict.KEEP
    assert "against version 1" in RULES["R013"].judge(found, GATE).reason


# Together.


@pytest.mark.parametrize("mode", Mode)
def test_validity_outweighs_everything(mode: Mode) -> None:
    assert verdict(evidence(mode, 5.0, rarer=99)) is Verdict.INSUFFICIENT_DATA
    assert verdict(evidence(mode, 5.0, events_per_arm={"control": 200, "call": 49})) is Verdict.INSUFFICIENT_DATA
    assert verdict(evidence(mode, 5.0, seen_rows=1)) is Verdict.INSUFFICIENT_DATA
    assert verdict(evidence(mode, 5.0, seen_rows=1, faults=("it does not load",))) is Verdict.CONTRACT_FAIL


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


def test_numbers_that_differ_are_told_with_digits_that_differ() -> None:
    reason = RULES["R002"].judge(with_figures(evidence(Mode.REFRESH), brier=pair(0.00801, 0.00003, 1e-5)), GATE).reason
    assert "brier 0.00804 against 0.00801" in reason


@pytest.mark.parametrize("old", ["minimum_gain", "calibration_margin"])
def test_a_key_that_was_renamed_is_refused_with_its_new_name(old: str) -> None:
    with pytest.raises(ValueError, match=f"'{old}' is now .*(minimum_gain_auc|miscalibration_margin)"):
        GateSpec.model_validate({old: 0.1})


def test_without_dates_no_dates_are_advised() -> None:
    small = with_figures(evidence(Mode.REFRESH, 0.0, dates=0), **money(3.0, 3.0, 0.5))
    assert "dates" not in RULES["R006"].judge(small, GATE).reason


@pytest.mark.parametrize("alpha", [0, 0.3, 1])
def test_an_alpha_that_shows_nothing_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        GateSpec.model_validate({"alpha": alpha})
