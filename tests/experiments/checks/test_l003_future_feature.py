import numpy as np
import pytest

from experiments.checks.l003_future_feature import future_feature
from experiments.leaks.check import LeakEvidence
from experiments.metric import Numbers
from tests.experiments.checks.worlds import clean, of_training, renamed


def later(world: LeakEvidence, apart: float, seed: int) -> Numbers:
    """A column by which the outcomes lie so many standard deviations apart, as of use after the observation date."""
    y = world.training.y
    return apart * y + np.random.default_rng(seed).normal(size=len(y))


def planted(seed: int) -> LeakEvidence:
    """The use of the service in the window in which some have left already: an AUC of 0.93."""
    world = clean(seed)
    return of_training(world, later(world, 2.1, seed))


@pytest.mark.parametrize("dated", [False, True])
def test_a_column_that_knows_more_than_all_others_together_is_refused(dated: bool) -> None:
    """Two normal outcomes 2.1 apart have an AUC of Phi(2.1 / sqrt 2) = 0.931."""
    world = clean(1, dated=dated, rows=4000)
    (finding,) = future_feature.examine(of_training(world, later(world, 2.1, 1)))
    assert finding.subject == "planted"
    assert "AUC 0.9" in finding.sentence
    assert finding.measured > finding.threshold == 0.01


def test_from_080_on_the_lead_has_to_be_015() -> None:
    """1.5 apart is an AUC of 0.856, where the others come to little; 1.0 apart is one of 0.760, as honest ones have."""
    world = clean(4)
    assert max(one.auc for one in world.single_columns.values()) < 0.6
    assert future_feature.examine(of_training(world, later(world, 1.5, 2)))[0].threshold == 0.15
    assert not future_feature.examine(of_training(world, later(world, 1.0, 2)))


def test_a_strong_column_that_others_bear_out_is_honest() -> None:
    """Recency, frequency and spending of a shop: each tells much, and the others tell as much without it."""
    world = clean(3)
    y, rng = world.training.y, np.random.default_rng(3)
    shared = 1.9 * y + rng.normal(size=len(y))
    for place in range(4):
        world = of_training(world, shared + 0.5 * rng.normal(size=len(y)))
        names = [*world.contract.names[:-1], f"recency_{place}"]
        world = renamed(world, names)
    assert max(one.auc for one in world.single_columns.values()) > 0.85
    assert not future_feature.examine(world)


def test_two_columns_from_the_future_do_not_hide_each_other() -> None:
    world = clean(4)
    both = renamed(of_training(world, later(world, 2.1, 4)), [*world.contract.names, "first"])
    both = of_training(both, later(world, 2.4, 5))
    assert {one.subject for one in future_feature.examine(both)} == {"first", "planted"}


def test_a_copy_of_the_target_is_left_to_its_own_check_and_hides_nothing() -> None:
    world = clean(6)
    both = renamed(of_training(world, world.training.y), [*world.contract.names, "copy"])
    (finding,) = future_feature.examine(of_training(both, later(world, 2.1, 6)))
    assert finding.subject == "planted"
