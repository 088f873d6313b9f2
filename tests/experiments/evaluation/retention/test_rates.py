"""Shares with exact intervals, and what they say of a target."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from experiments.evaluation.retention import rates
from features.errors import MetricError


@pytest.mark.parametrize(("count", "of"), [(0, 7), (7, 7), (1, 1), (170, 200), (3, 1_000), (9_990, 10_000)])
def test_the_interval_is_that_of_the_exact_test(count: int, of: int) -> None:
    found, expected = rates.share(count, of), binomtest(count, of).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    churn = rates.complement(found)
    assert (churn.value, churn.low, churn.high) == pytest.approx((1 - found.value, 1 - found.high, 1 - found.low))


@pytest.mark.parametrize("of", [1, 12, 80, 400])
@pytest.mark.parametrize("truth", [0.8, 0.85, 0.9])
def test_a_wrong_verdict_has_a_probability_of_one_in_forty_at_most(of: int, truth: float) -> None:
    target, wrong = 0.85, 0.0
    for count in range(of + 1):
        said = rates.verdict(rates.share(count, of), target)
        if said == ("reached" if truth < target else "missed"):
            wrong += float(binom.pmf(count, of, truth))
    assert wrong <= 0.025 + 1e-9


def test_verdicts_by_hand() -> None:
    said = [rates.verdict(rates.share(count, 1_000), 0.85) for count in (800, 850, 900)]
    assert said == ["missed", "cannot tell", "reached"]
    assert rates.verdict(rates.share(3, 3), 0.85) == "cannot tell"


@pytest.mark.parametrize(("count", "of"), [(0, 0), (3, 2), (-1, 2)])
def test_a_share_of_nobody_is_refused(count: int, of: int) -> None:
    with pytest.raises(MetricError, match="is no share"):
        rates.share(count, of)


def test_bounds_grow_with_the_count() -> None:
    found = [rates.share(count, 40) for count in range(41)]
    assert (np.diff([one.low for one in found]) > 0).all()
    assert (np.diff([one.high for one in found]) >= 0).all()
