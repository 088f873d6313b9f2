import numpy as np
import pytest
from scipy.stats import kstest, norm

from experiments.predictability import predictability


def test_covariates_that_decide_the_arm_predict_it() -> None:
    x = np.random.default_rng(0).normal(size=(400, 2))
    arm = np.where(x[:, 0] > 0, "mail", "none")
    found = predictability(x, arm=arm, pair=("mail", "none"), seed=0)
    assert found.auc > 0.98
    assert found.p < 1e-12


def test_other_arms_play_no_part() -> None:
    rng = np.random.default_rng(0)
    x, arm = rng.normal(size=(300, 2)), np.repeat(["mail", "none", "call"], 100)
    shifted = np.where((arm == "call")[:, None], 50, x)
    assert predictability(x, arm=arm, pair=("mail", "none"), seed=3) == predictability(
        shifted, arm=arm, pair=("mail", "none"), seed=3
    )


def test_one_covariate_alone_gives_the_permutation_z_test() -> None:
    """Worked by hand: 1 to 20, every other row treated; their sum lies 5 below its mean, variance 175."""
    x, arm = np.arange(1.0, 21)[:, None], np.tile(["mail", "none"], 10)
    found = predictability(x, arm=arm, pair=("mail", "none"), seed=0)
    assert found.p == pytest.approx(2 * norm.sf(5 / 175**0.5))


def test_a_covariate_given_twice_counts_once() -> None:
    x, arm = np.random.default_rng(2).normal(size=(100, 2)), np.repeat(["mail", "none"], 50)
    twice = predictability(np.column_stack([x, x[:, 0], x @ [1, 2]]), arm=arm, pair=("mail", "none"), seed=0)
    assert twice.p == pytest.approx(predictability(x, arm=arm, pair=("mail", "none"), seed=0).p)


def test_nothing_that_varies_predicts_nothing() -> None:
    found = predictability(np.ones((40, 1)), arm=np.repeat(["mail", "none"], 20), pair=("mail", "none"), seed=0)
    assert (found.auc, found.p) == (0.5, 1)


@pytest.mark.slow
def test_under_a_lottery_the_p_value_is_uniform() -> None:
    p_values = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        arm = rng.permutation(np.repeat(["mail", "none"], [60, 140]))
        p_values.append(predictability(rng.normal(size=(200, 5)), arm=arm, pair=("mail", "none"), seed=seed).p)
    assert kstest(p_values, "uniform").pvalue > 0.01
