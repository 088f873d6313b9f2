import numpy as np
import pytest

from experiments.metric import Numbers
from experiments.money.allocation import Scarce, Whole, allocate, prices

USE = np.array([[1.0, 1, 1], [1, 0, 0], [0, 0, 1], [8, 12, 5]])


def campaign(seed: int, n_rows: int) -> tuple[Numbers, Whole, Scarce]:
    """Customers worth some hundreds, moved by a few per cent; every limit binds."""
    rng = np.random.default_rng(seed)
    uplift = rng.normal(0.02, 0.05, (n_rows, 3)) + rng.normal(0, 0.04, (n_rows, 1))
    net_value = rng.lognormal(5, 0.6, n_rows)[:, None] * uplift - USE[3]
    net_value[net_value <= 0] = -np.inf
    net_value = net_value[np.isfinite(net_value).any(axis=1)]
    limit = np.array([0.2, 0.03, 0.1, 1.2]) * n_rows
    limit[:3] = np.floor(limit[:3])
    return net_value, np.ones(len(net_value), dtype=np.intp), Scarce(USE, limit)


def total(net_value: Numbers, counts: Whole) -> float:
    return float((np.where(counts > 0, net_value, 0) * counts).sum())


@pytest.mark.parametrize("seed", range(4))
def test_choosing_most_customers_by_prices_loses_nothing_against_the_exact_optimum(seed: int) -> None:
    net_value, sizes, scarce = campaign(seed, 1_500)
    exact = allocate(net_value, sizes=sizes, scarce=scarce, core=len(net_value))
    for core in (20, 200):
        counts = allocate(net_value, sizes=sizes, scarce=scarce, core=core)
        assert (scarce.use @ counts.sum(axis=0) <= scarce.limit).all()
        assert total(net_value, counts) == pytest.approx(total(net_value, exact), rel=1e-9)


def test_the_loss_against_the_relaxation_is_less_than_a_promise_for_each_limit() -> None:
    net_value, sizes, scarce = campaign(9, 60_000)
    counts = allocate(net_value, sizes=sizes, scarce=scarce)
    bound = prices(net_value, sizes=sizes, scarce=scarce).bound
    gap = bound - total(net_value, counts)
    # Where both are equal, sums of 60,000 numbers in two orders differ in their last digits.
    assert -4 * np.spacing(bound) <= gap < len(scarce.limit) * net_value.max()
    assert gap < 1e-4 * total(net_value, counts)


def test_a_group_of_equals_is_as_good_as_its_customers_one_by_one() -> None:
    net_value, _, scarce = campaign(1, 300)
    sizes = np.random.default_rng(1).integers(1, 5, len(net_value))
    one_by_one = np.repeat(net_value, sizes, axis=0)
    apart = allocate(one_by_one, sizes=np.ones(len(one_by_one), dtype=np.intp), scarce=scarce)
    for core in (30, 1_000):
        together = allocate(net_value, sizes=sizes, scarce=scarce, core=core)
        assert (together.sum(axis=1) <= sizes).all()
        assert total(net_value, together) == pytest.approx(total(one_by_one, apart), rel=1e-9)


def test_limits_that_do_not_bind_cost_nothing() -> None:
    net_value, sizes, _ = campaign(2, 4_000)
    roomy = Scarce(USE, np.full(4, 1e9))
    counts = allocate(net_value, sizes=sizes, scarce=roomy, core=100)
    assert prices(net_value, sizes=sizes, scarce=roomy).of.tolist() == [0, 0, 0, 0]
    assert total(net_value, counts) == pytest.approx(net_value.max(axis=1).sum())


@pytest.mark.slow
def test_a_million_customers_are_chosen_within_minutes() -> None:
    net_value, sizes, scarce = campaign(0, 1_000_000)
    counts = allocate(net_value, sizes=sizes, scarce=scarce)
    assert (scarce.use @ counts.sum(axis=0) <= scarce.limit).all()
    bound = prices(net_value, sizes=sizes, scarce=scarce).bound
    assert total(net_value, counts) > (1 - 1e-5) * bound
