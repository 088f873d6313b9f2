from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.metric import Numbers, evaluate
from experiments.metrics.ate import METRIC as ATE
from experiments.metrics.autoc import METRIC as AUTOC
from experiments.metrics.qini import METRIC as QINI
from experiments.statistics.intervals import estimate, multiplicities
from experiments.uplift.uplift_curves import SHARES, aipw_scores, gain_curve, uplift_groups
from features.errors import MetricError

HILLSTROM = Path(__file__).parents[4] / "shared" / "data" / "hillstrom" / "hillstrom.csv"

ARM = np.array(["mail", "none", "call", "none", "mail", "call"])
GOOD = np.array([1.0, 0, 1, 1, 0, 1])
PROBABILITY = np.array([0.5, 0.25, 0.25, 0.3, 0.4, 0.2])


def test_plain_inverse_weighting_worked_by_hand() -> None:
    gamma = aipw_scores(arm=ARM, control="none", actions=["mail", "call"], probability=PROBABILITY, outcome=GOOD)
    assert gamma[:, 0] == pytest.approx([2, 0, 0, -1 / 0.3, 0, 0])
    assert gamma[:, 1] == pytest.approx([0, 0, 4, -1 / 0.3, 0, 5])


def test_with_nuisances_it_equals_the_formula_row_by_row() -> None:
    mu = {name: np.random.default_rng(3).random(6) for name in ("none", "mail", "call")}
    gamma = aipw_scores(
        arm=ARM, control="none", actions=["call", "mail"], probability=PROBABILITY, outcome=GOOD, nuisances=mu
    )
    for column, action in enumerate(("call", "mail")):
        for row in range(6):
            expected = mu[action][row] - mu["none"][row]
            if ARM[row] == action:
                expected += (GOOD[row] - mu[action][row]) / PROBABILITY[row]
            if ARM[row] == "none":
                expected -= (GOOD[row] - mu["none"][row]) / PROBABILITY[row]
            assert gamma[row, column] == pytest.approx(expected, abs=1e-12)


def test_the_effect_of_the_hillstrom_mail_is_the_recorded_one() -> None:
    trial = pd.read_csv(HILLSTROM, usecols=["segment", "visit"])
    trial = trial[trial["segment"] != "Mens E-Mail"]
    arm = trial["segment"].to_numpy(dtype=str)
    share = float(np.mean(arm == "Womens E-Mail"))
    gamma = aipw_scores(
        arm=arm,
        control="No E-Mail",
        actions=["Womens E-Mail"],
        probability=np.where(arm == "No E-Mail", 1 - share, share),
        outcome=trial["visit"].to_numpy(dtype=float),
    )
    assert evaluate(ATE, gamma[:, 0], np.zeros(arm.size)) == pytest.approx(0.045233106587052985, abs=1e-14)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arm": np.array(["mail"] * 6)}, "each needs rows"),
        ({"actions": ["mail"]}, "no other may"),
        ({"probability": np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.0])}, "probability"),
        ({"probability": np.full(6, np.nan)}, "probability"),
        ({"outcome": GOOD * 2}, "1 is good"),
        ({"outcome": GOOD[:5]}, "shapes differ"),
        ({"nuisances": {"none": GOOD, "mail": GOOD}}, "call"),
    ],
)
def test_a_trial_that_does_not_fit_is_refused(change: dict[str, object], words: str) -> None:
    whole = {
        "arm": ARM, "control": "none", "actions": ["mail", "call"], "probability": PROBABILITY, "outcome": GOOD
    }  # fmt: skip
    with pytest.raises(MetricError, match=words):
        aipw_scores(**(whole | change))  # type: ignore[arg-type]


def trial(n_rows: int = 600) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(9)
    effect = rng.normal(size=n_rows)
    return 0.1 + effect + rng.normal(size=n_rows), np.round(effect, 1)


def test_the_gain_curve_is_the_sum_of_gamma_from_the_top_ties_shared() -> None:
    gamma, uplift = trial(200)
    counts = multiplicities(n_clusters=200, draws=20, seed=0)
    curve = gain_curve(gamma, uplift, counts=counts)
    shared = np.array([gamma[uplift == own].mean() for own in uplift])[np.argsort(-uplift)]
    np.testing.assert_allclose(curve.value, np.append(0, np.cumsum(shared))[::2] / 200, atol=1e-12)
    assert np.array_equal(curve.share, SHARES)


def test_qini_and_autoc_are_areas_of_the_gain_curve_above_chance() -> None:
    gamma, uplift = trial()
    counts = multiplicities(n_clusters=600, draws=10, seed=0)
    at_rows = np.arange(1, 601) / 600
    gain = gain_curve(gamma, uplift, counts=counts, shares=at_rows)
    above_chance = gain.value / at_rows - gamma.mean()
    assert above_chance.mean() == pytest.approx(evaluate(AUTOC, gamma, uplift), abs=1e-12)
    assert (gain.value - at_rows * gamma.mean()).mean() == pytest.approx(evaluate(QINI, gamma, uplift), abs=1e-12)


def test_the_bands_are_as_wide_as_the_draws_scatter() -> None:
    gamma, uplift = trial()
    counts = multiplicities(n_clusters=600, draws=300, seed=0)
    curve, whole = gain_curve(gamma, uplift, counts=counts), estimate(ATE, gamma, uplift, counts=counts).interval()
    assert (curve.low[0], curve.high[0]) == (0, 0)
    assert (curve.low[-1], curve.high[-1]) == pytest.approx((whole.low, whole.high))


def test_groups_run_from_the_highest_prediction_and_hold_every_row_once() -> None:
    gamma, uplift = trial()
    groups = uplift_groups(gamma, uplift, counts=multiplicities(n_clusters=600, draws=200, seed=0))
    assert [one.rank for one in groups] == list(range(1, 11))
    assert sum(one.n_rows for one in groups) == 600
    assert sum(one.n_rows * one.observed.value for one in groups) == pytest.approx(gamma.sum())
    assert sum(one.n_rows * one.predicted for one in groups) == pytest.approx(uplift.sum())
    top = gamma[uplift >= np.sort(uplift)[-groups[0].n_rows]]
    assert groups[0].observed.standard_error == pytest.approx(top.std() / np.sqrt(top.size), rel=0.15)


def test_rows_of_equal_prediction_are_one_group() -> None:
    gamma, _ = trial()
    (only,) = uplift_groups(gamma, np.full(600, 0.2), counts=multiplicities(n_clusters=600, draws=50, seed=0))
    assert only.n_rows == 600
    assert only.observed.value == pytest.approx(gamma.mean())


@pytest.mark.parametrize("odd", [0.1, 0.3], ids=["below", "above"])
def test_a_row_or_two_among_ties_are_no_group_of_their_own(odd: float) -> None:
    gamma, uplift = trial()[0], np.full(600, 0.2)
    uplift[:300], uplift[17] = 0.25, odd
    groups = uplift_groups(gamma, uplift, counts=multiplicities(n_clusters=600, draws=50, seed=0))
    assert [one.n_rows for one in groups] == ([299, 301] if odd < 0.2 else [300, 300])


def test_curves_resample_customers() -> None:
    gamma, uplift = trial(300)
    counts, clusters = multiplicities(n_clusters=100, draws=40, seed=0), np.repeat(np.arange(100), 3)
    curve = gain_curve(gamma, uplift, counts=counts, clusters=clusters)
    whole = estimate(ATE, gamma, uplift, counts=counts, clusters=clusters).interval()
    assert curve.high[-1] == pytest.approx(whole.high)


@pytest.mark.slow
def test_aipw_intervals_cover_the_effect_even_with_wrong_nuisances() -> None:
    covered = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        x = rng.random(500)
        chance = 0.2 + 0.6 * x
        treated = rng.random(500) < chance
        outcome = (rng.random(500) < 0.3 + 0.3 * x + treated * 0.2 * x).astype(float)
        gamma = aipw_scores(
            arm=np.where(treated, "mail", "none"),
            control="none",
            actions=["mail"],
            probability=np.where(treated, chance, 1 - chance),
            outcome=outcome,
            nuisances={"none": np.full(500, 0.5), "mail": x},
        )[:, 0]
        interval = estimate(ATE, gamma, x, counts=multiplicities(n_clusters=500, draws=150, seed=seed)).interval()
        covered.append(interval.low <= 0.1 <= interval.high)
    assert 0.90 <= np.mean(covered) <= 0.98
