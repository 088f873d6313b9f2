from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare

from experiments.metric import Numbers
from experiments.randomisation.examination import Randomisation, examine, sample_ratio
from features.errors import MetricError

HILLSTROM = Path(__file__).parents[4] / "shared" / "data" / "hillstrom" / "hillstrom.csv"
NAMES = ["tenure", "calls", "price"]


def trial(seed: int, *, n_rows: int = 1500, pull: float = 0.0) -> tuple[Numbers, np.ndarray, Numbers]:
    """Covariates, arms and logged probabilities of a trial of thirds, in which tenure pulls towards the call."""
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(n_rows, 3))
    draw = rng.random(n_rows) + pull * covariates[:, 0]
    arm = np.select([draw < 1 / 3, draw < 2 / 3], ["control", "mail"], "call")
    return covariates, arm, np.full(n_rows, 1 / 3)


def judged(covariates: Numbers, arm: np.ndarray, probability: Numbers) -> Randomisation:
    return examine(covariates=covariates, names=NAMES, arm=arm, control="control", probability=probability, seed=0)


def test_a_randomised_trial_is_recognised_with_the_figures_in_words() -> None:
    found = judged(*trial(0))
    assert found.verdict == "randomised"
    assert "AUC of the arm from covariates call 0." in found.words
    assert {one.action for one in found.balance} == {"mail", "call"}
    assert len(found.balance) == 6


def test_arms_that_a_covariate_decides_are_not_random() -> None:
    found = judged(*trial(0, pull=0.15))
    assert found.verdict == "not randomised"
    assert "call: tenure differs by +" in found.words
    assert found.balance[0].covariate == "tenure"
    assert next(one for one in found.predictability if one.action == "call").p < 1e-6


def test_arms_that_missing_values_decide_are_not_random() -> None:
    covariates, arm, probability = trial(1)
    holed = np.where(
        (arm == "mail")[:, None] & (np.arange(1500) % 2 == 0)[:, None] & [True, False, False], np.nan, covariates
    )
    found = judged(holed, arm, probability)
    assert found.verdict == "not randomised"
    assert found.balance[0].covariate == "tenure missing"


def test_rows_that_went_astray_are_a_sample_ratio_mismatch() -> None:
    covariates, arm, probability = trial(2)
    kept = (arm != "mail") | (np.arange(arm.size) % 4 > 0)
    found = judged(covariates[kept], arm[kept], probability[kept])
    assert found.verdict == "sample ratio mismatch"
    assert f"mail {np.sum(arm[kept] == 'mail')} for {kept.sum() / 3:.0f}" in found.words
    assert found.sample_ratio.p < 0.01


def test_with_constant_probabilities_it_is_pearsons_test() -> None:
    arm = np.repeat(["control", "mail", "call"], [50, 70, 30])
    probability = np.repeat([0.4, 0.4, 0.2], [50, 70, 30])
    found = sample_ratio(arm=arm, control="control", probability=probability)
    assert found.p == pytest.approx(chisquare([50, 70, 30], [60, 60, 30]).pvalue)
    assert found.observed == {"control": 50, "mail": 70, "call": 30}
    assert found.expected == pytest.approx({"control": 60, "mail": 60, "call": 30})


def test_probabilities_that_leave_nothing_for_the_control_cannot_be_true() -> None:
    arm = np.repeat(["control", "mail"], [20, 20])
    assert sample_ratio(arm=arm, control="control", probability=np.ones(40)).p == 0


def test_an_arm_that_nobody_drew_is_a_sample_ratio_mismatch() -> None:
    """A standing group that is logged as certain was not drawn against the others, and cannot be compared with them."""
    rng = np.random.default_rng(8)
    arm = np.where(rng.random(1500) < 0.2, "control", rng.choice(["mail", "call"], 1500))
    found = judged(rng.normal(size=(1500, 3)), arm, np.where(arm == "control", 1.0, 0.5))
    assert found.verdict == "sample ratio mismatch"
    assert found.sample_ratio.p == 0


def test_rows_that_were_sure_of_their_arm_tell_nothing() -> None:
    covariates, arm, probability = trial(9)
    sure = np.arange(1500) < 300
    certain = judged(
        np.where(sure[:, None], 5.0, covariates), np.where(sure, "control", arm), np.where(sure, 1, probability)
    )
    rest = judged(covariates[~sure], arm[~sure], probability[~sure])
    assert certain == rest


def test_covariates_that_predict_through_the_logged_probability_are_no_finding() -> None:
    rng = np.random.default_rng(10)
    covariates = rng.normal(size=(4000, 3))
    chance = 1 / (1 + np.exp(-covariates[:, 0]))
    arm = np.where(rng.random(4000) < chance, "mail", "control")
    found = judged(covariates, arm, np.where(arm == "mail", chance, 1 - chance))
    assert found.verdict == "randomised"
    assert max(abs(one.difference) for one in found.balance) < 0.1
    assert judged(covariates, arm, np.full(4000, 0.5)).verdict == "not randomised"


def test_the_words_tell_the_shares_that_were_seen() -> None:
    rng = np.random.default_rng(11)
    arm = rng.choice(["control", "a", "b", "c"], p=[1 / 3, 2 / 9, 2 / 9, 2 / 9], size=3000)
    found = judged(rng.normal(size=(3000, 3)), arm, np.full(3000, 1 / 4))
    assert found.verdict == "sample ratio mismatch"
    assert f"({np.mean(arm == 'control'):.1%} of the rows)" in found.words


def test_the_same_seed_gives_the_same_verdict_and_no_argument_changes() -> None:
    covariates, arm, probability = trial(3)
    covariates[::7, 1] = np.nan
    before = covariates.copy()
    assert judged(covariates, arm, probability) == judged(covariates, arm, probability)
    np.testing.assert_array_equal(covariates, before)


def test_covariates_that_never_vary_say_nothing() -> None:
    _, arm, probability = trial(4)
    found = judged(np.ones((1500, 3)), arm, probability)
    assert found.verdict == "randomised"
    assert {one.difference for one in found.balance} == {0.0}
    assert {one.auc for one in found.predictability} == {0.5}


def test_the_standardised_difference_of_a_case_worked_by_hand() -> None:
    """Means 2 and 1, both variances 10/9: the difference is 1 / sqrt(10/9)."""
    covariates = np.concatenate([np.tile([1.0, 3.0], 5), np.tile([0.0, 2.0], 5)])[:, None]
    arm, probability = np.repeat(["mail", "none"], 10), np.full(20, 0.5)
    found = examine(covariates=covariates, names=["x"], arm=arm, control="none", probability=probability, seed=0)
    assert found.balance[0].difference == pytest.approx(0.9**0.5)
    assert found.balance[0].standard_error == pytest.approx(0.2**0.5)


def test_hillstrom_was_randomised() -> None:
    table = pd.read_csv(HILLSTROM)
    names = ["recency", "history", "mens", "womens", "newbie"]
    found = examine(
        covariates=table[names].to_numpy(dtype=float),
        names=names,
        arm=table["segment"].to_numpy(dtype=str),
        control="No E-Mail",
        probability=np.full(len(table), 1 / 3),
        seed=0,
    )
    assert found.verdict == "randomised"
    assert all(0.48 < one.auc < 0.52 for one in found.predictability)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ["a"]}, "do not fit 1 names"),
        ({"control": "nobody"}, "'nobody' and an action need"),
        ({"probability": np.zeros(1500)}, "probability"),
        ({"covariates": np.full((1500, 3), np.inf)}, "infinite"),
    ],
)
def test_a_trial_that_cannot_be_judged_is_refused(change: dict[str, object], words: str) -> None:
    covariates, arm, probability = trial(0)
    whole = {"covariates": covariates, "names": NAMES, "arm": arm, "control": "control", "probability": probability}
    with pytest.raises(MetricError, match=words):
        examine(**(whole | change), seed=0)  # type: ignore[arg-type]


@pytest.mark.slow
def test_randomised_trials_are_rejected_in_two_of_a_hundred_at_most() -> None:
    """All three questions together, small arms and twenty covariates; the Monte-Carlo error is 1 point."""
    verdicts = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        arm = rng.choice(["control", "mail", "call"], size=240)
        found = examine(
            covariates=rng.normal(size=(240, 20)),
            names=[f"x{number}" for number in range(20)],
            arm=arm,
            control="control",
            probability=np.full(240, 1 / 3),
            seed=seed,
        )
        verdicts.append(found.verdict)
    assert np.mean([verdict != "randomised" for verdict in verdicts]) <= 0.02 + 3 * 0.01


@pytest.mark.slow
def test_sizes_err_no_more_than_they_say_when_probabilities_vary() -> None:
    p_values = []
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        chance = rng.choice([0.1, 0.5, 0.8], size=500)
        treated = rng.random(500) < chance
        probability = np.where(treated, chance, 1 - chance)
        arm = np.where(treated, "mail", "none")
        p_values.append(sample_ratio(arm=arm, control="none", probability=probability).p)
    assert 0.03 <= np.mean(np.array(p_values) < 0.05) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("steep", [0.7, 1.5])
def test_sizes_err_no_more_where_chances_of_three_arms_follow_a_score(steep: float) -> None:
    """2,000 trials of 200 customers, some chances as small as 0.04; at 1 in 100 the Monte-Carlo error is 0.2 points."""
    p_values = []
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        score = np.clip(rng.standard_cauchy(200), -2, 2)
        odds = np.exp(np.column_stack([0 * score, steep * score, -steep * score]))
        chances = 0.9 * odds / odds.sum(axis=1, keepdims=True) + 0.1 / 3
        own = (rng.random(200)[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
        arm, probability = np.array(["none", "mail", "call"])[own], chances[np.arange(200), own]
        p_values.append(sample_ratio(arm=arm, control="none", probability=probability).p)
    assert np.mean(np.array(p_values) < 0.01) <= 0.02
