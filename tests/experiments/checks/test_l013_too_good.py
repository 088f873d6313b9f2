"""Figures that honest data do not reach are told, with the columns that are to be looked at first."""

import numpy as np
import pytest

from experiments.checks.l013_too_good import too_good
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean, of_training, renamed


def planted(seed: int) -> LeakEvidence:
    """Two dates, neither of which tells anything: those who left did so between them."""
    world = clean(seed)
    y, rng = world.training.y, np.random.default_rng(seed)
    one = rng.normal(size=len(y))
    world = renamed(of_training(world, one), [*world.contract.names, "last_bill"])
    return of_training(world, one + np.where(y == 1, -1, 1) * rng.exponential(size=len(y)) * 0.3)


@pytest.mark.parametrize("seed", range(3))
def test_what_two_columns_say_together_and_none_alone_is_told_with_both(seed: int) -> None:
    world = planted(seed)
    assert max(one.auc for one in world.single_columns.values()) < 0.8
    (finding,) = too_good.examine(world)
    assert "'last_bill'" in finding.sentence
    assert "'planted'" in finding.sentence


def test_several_columns_from_the_future_that_are_each_too_weak_to_be_refused_are_told_together() -> None:
    """Six columns, 1.1 standard deviations apart: an AUC of 0.78 each, of Phi(1.1 sqrt(6 / 2)) = 0.97 together."""
    world = clean(4)
    y, rng = world.training.y, np.random.default_rng(4)
    for place in range(6):
        later = 1.1 * y + rng.normal(size=len(y))
        world = renamed(of_training(world, later), [*world.contract.names, f"later_{place}"])
    (finding,) = too_good.examine(world)
    assert finding.threshold == 0.95
    assert sum(f"'later_{place}'" in finding.sentence for place in range(6)) == 3


@pytest.mark.parametrize("strong", [2, 4])
def test_strong_columns_that_each_say_their_own_are_honest(strong: int) -> None:
    """Their logits add: an AUC of 0.88 together, which a logistic regression reaches."""
    world = clean(4)
    y, rng = world.training.y, np.random.default_rng(5)
    for place in range(strong):
        own = 1.66 / np.sqrt(strong) * y + rng.normal(size=len(y))
        world = renamed(of_training(world, own), [*world.contract.names, f"own_{place}"])
    assert not too_good.examine(world)
