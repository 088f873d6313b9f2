"""Net and gross revenue retention: by hand, as laws, and their interval by simulation."""

import numpy as np
import pytest

from experiments.evaluation.retention.revenue import ratio, revenue_retention


def test_by_hand() -> None:
    # One stays, one pays more, one pays less, one has left.
    found = revenue_retention(np.array([10.0, 20.0, 30.0, 40.0]), np.array([10.0, 25.0, 15.0, 0.0]))
    assert (found.at_start, found.expansion, found.contraction, found.lost, found.at_end) == (100, 5, 15, 40, 50)
    assert found.net is not None
    assert found.gross is not None
    assert (found.net.value, found.gross.value) == (0.5, 0.45)
    assert found.to_dict()["net"]["low"] is None  # four customers have no interval


@pytest.mark.parametrize("seed", range(5))
def test_what_is_lost_and_won_reconciles_and_gross_is_one_at_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 50, 300).astype(float)
    after = np.where(rng.random(300) < 0.3, 0.0, before + rng.integers(-5, 6, 300).clip(-before))
    found = revenue_retention(before, after)
    assert found.at_start + found.expansion - found.contraction - found.lost == pytest.approx(found.at_end)
    assert found.net is not None
    assert found.gross is not None
    assert found.gross.value <= min(1.0, found.net.value)


def test_without_revenue_there_is_no_ratio() -> None:
    assert revenue_retention(np.zeros(3), np.array([0.0, 5.0, 0.0])).net is None
    assert revenue_retention(np.zeros(0), np.zeros(0)).gross is None


def test_the_interval_holds_the_true_ratio() -> None:
    """Prices of two plans; those of the dearer one leave less. 2,000 worlds: a Monte-Carlo error of 0.5 points."""
    rng, truth, held = np.random.default_rng(0), (0.5 * 10 * 0.7 + 0.5 * 40 * 0.9) / 25, 0
    for _ in range(2_000):
        dear = rng.random(400) < 0.5
        before = np.where(dear, 40.0, 10.0)
        found = ratio(np.where(rng.random(400) < np.where(dear, 0.9, 0.7), before, 0.0), before)
        assert found is not None
        held += found.low <= truth <= found.high
    assert held / 2_000 == pytest.approx(0.95, abs=0.02)
