from fractions import Fraction

import numpy as np
import pytest

from experiments.metric import Numbers, evaluate
from experiments.metrics.calibration_error import METRIC


def bins_by_definition(truth: Numbers, probability: Numbers) -> dict[int, list[float]]:
    """The gaps in each bin, by exact arithmetic on the middle rank of tied rows."""
    bins: dict[int, list[float]] = {}
    for y, p in zip(truth, probability, strict=True):
        middle = Fraction(2 * int(np.sum(probability < p)) + int(np.sum(probability == p)), 2 * len(truth))
        bins.setdefault(int(10 * middle), []).append(p - y)
    return bins


def by_definition(truth: Numbers, probability: Numbers) -> float:
    """The mean absolute gap weighted by bin size."""
    return sum(abs(sum(gaps)) for gaps in bins_by_definition(truth, probability).values()) / len(truth)


def test_a_case_worked_by_hand() -> None:
    """20 rows, two a bin: promised 0.05, 0.15, ... in pairs, and the last pair left."""
    probability = np.repeat(np.arange(10) / 10 + 0.05, 2)
    truth = np.zeros(20)
    truth[-2:] = 1
    assert evaluate(METRIC, truth, probability) == pytest.approx((sum(np.arange(9) / 10 + 0.05) + 0.05) / 10)


def test_gaps_within_a_bin_cancel_and_tied_rows_share_one() -> None:
    assert evaluate(METRIC, np.array([1.0, 0, 0, 1]), np.full(4, 0.5)) == 0


def test_the_bins_stay_under_weights() -> None:
    probability = np.arange(20) / 20
    truth = (np.arange(20) % 3 == 0).astype(float)
    weights = np.random.default_rng(1).poisson(1.0, (4, 20)).astype(float)
    gaps = (weights * (probability - truth)).reshape(4, 10, 2).sum(axis=2)
    expected = np.abs(gaps).sum(axis=1) / weights.sum(axis=1)
    np.testing.assert_allclose(evaluate(METRIC, truth, probability, weights=weights), expected, rtol=1e-12)
