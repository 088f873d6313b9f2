import numpy as np
import pytest

from experiments.checks.l001_target_copy import target_copy
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean, of_training


def planted(seed: int) -> LeakEvidence:
    """A reason for leaving, kept as a code that is 1 for those who left."""
    world = clean(seed)
    return of_training(world, world.training.y)


def test_a_copy_is_found_whatever_scale_it_is_written_in() -> None:
    world = clean(0)
    rng = np.random.default_rng(0)
    for copy in (
        world.training.y,
        -world.training.y,
        world.training.y + 0.001 * rng.normal(size=len(world.training.y)),
    ):
        (finding,) = target_copy.examine(of_training(world, copy))
        assert finding.subject == "planted"
        assert finding.measured == pytest.approx(1.0)


def test_a_code_is_found_in_any_order_of_its_values() -> None:
    """1 stayed, 2 left, 3 stayed: no threshold separates them."""
    world = clean(1)
    y, rng = world.training.y, np.random.default_rng(1)
    status = np.where(y == 1, 1.0, rng.choice([0.0, 2.0], len(y)))
    for categories in ((), ("active", "closed", "paused")):
        assert target_copy.examine(of_training(world, status, categories=categories))


def test_a_copy_that_is_there_for_some_rows_only_is_found_among_them() -> None:
    world = clean(2)
    some = np.random.default_rng(2).random(len(world.training.y)) < 0.3
    (finding,) = target_copy.examine(of_training(world, np.where(some, world.training.y, np.nan)))
    assert finding.measured == pytest.approx(1.0)


def test_a_value_that_only_half_of_those_who_left_have_is_named() -> None:
    world = clean(3)
    y, rng = world.training.y, np.random.default_rng(3)
    closed = (y == 1) & (rng.random(len(y)) < 0.5)
    status = np.where(closed, 1.0, rng.choice([0.0, 2.0], len(y)))
    (finding,) = target_copy.examine(of_training(world, status, categories=("active", "closed", "paused")))
    assert f"of {closed.sum():,} rows with 'closed', 100.0% have the rarer outcome" in finding.sentence


def test_what_few_rows_tell_may_be_chance_and_is_not_refused() -> None:
    """Ten who left, and a column that happens to rank them first; among hundreds of columns one will."""
    world = clean(4)
    y = world.training.y
    left = np.flatnonzero(y == 1)[:4]
    held = np.r_[left, np.flatnonzero(y == 0)[:200]]
    values = np.full(len(y), np.nan)
    values[held] = y[held] + np.random.default_rng(4).normal(scale=0.01, size=len(held))
    assert not target_copy.examine(of_training(world, values))
    twenty_nine = np.where(np.cumsum(y) * y <= 29, y, 0.0)
    assert not target_copy.examine(of_training(world, twenty_nine))


@pytest.mark.parametrize("flipped", [False, True])
def test_almost_perfect_begins_at_99_in_100(flipped: bool) -> None:
    """Normal scores of two outcomes d apart have AUC Phi(d / sqrt 2): 2.9 gives 0.980, 3.8 gives 0.996."""
    world, rng = clean(5), np.random.default_rng(5)
    y = world.training.y
    for apart, refused in ((2.9, False), (3.8, True)):
        values = (apart * y + rng.normal(size=len(y))) * (-1 if flipped else 1)
        assert bool(target_copy.examine(of_training(world, values))) is refused
