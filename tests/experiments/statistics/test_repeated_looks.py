"""However often one cohort is asked, a worthless challenger passes with probability alpha at most."""

from itertools import accumulate

import numpy as np
import pytest
from scipy.stats import norm

from experiments.statistics.repeated_looks import spent
from features.errors import MetricError

ALPHA = 0.05


def test_what_all_looks_spend_comes_close_to_alpha_and_never_over_it() -> None:
    sums = list(accumulate(spent(ALPHA, look=look) for look in range(1, 10_001)))
    assert sums == sorted(sums)
    assert sums[0] == ALPHA / 2
    assert ALPHA * 0.999 < sums[-1] < ALPHA


def test_looks_are_counted_from_one() -> None:
    with pytest.raises(MetricError, match="counted from 1"):
        spent(ALPHA, look=0)


def promoted(*, simulations: int, challengers: int, levels: np.ndarray, seed: int) -> float:
    """How often any of many challengers, each as good as the champion, shows a gain on one cohort.

    Every model's figure is its truth plus noise of the cohort; differences share the champion's noise.
    """
    noise = np.random.default_rng(seed).normal(size=(simulations, challengers + 1))
    z = (noise[:, 1:] - noise[:, :1]) / np.sqrt(2)
    return float((z > norm.isf(levels)).any(axis=1).mean())


@pytest.mark.parametrize("challengers", [1, 5, 50])
def test_the_best_of_many_worthless_challengers_is_promoted_at_most_alpha_of_the_time(challengers: int) -> None:
    n = 20_000
    levels = np.array([spent(ALPHA, look=look) for look in range(1, challengers + 1)])
    share = promoted(simulations=n, challengers=challengers, levels=levels, seed=challengers)
    assert share <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / n)


def test_without_spending_the_best_of_fifty_would_be_promoted_far_too_often() -> None:
    assert promoted(simulations=20_000, challengers=50, levels=np.full(50, ALPHA), seed=50) > 0.3
