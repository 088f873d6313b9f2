"""What follows from the action is refused; what was known before, whatever its kind, is not, nor are arms by choice."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.checks.l010_after_treatment import after_treatment
from experiments.leaks.check import LeakEvidence
from experiments.leaks.known import Trial
from experiments.metric import Numbers
from tests.experiments.checks.worlds import clean, of_training


def drawn(world: LeakEvidence, seed: int, chance: Numbers | None = None) -> LeakEvidence:
    """The training rows as a trial of two arms: one in two treated, or by a chance of each row."""
    rows = len(world.training.y)
    chance = np.full(rows, 0.5) if chance is None else chance
    treated = np.random.default_rng(seed).random(rows) < chance
    arm = np.where(treated, "call", "control")
    return replace(
        world,
        trial=Trial(world.training.X, np.arange(rows), arm, np.where(treated, chance, 1 - chance), "control"),
    )


def with_outcome(world: LeakEvidence, values: Numbers) -> LeakEvidence:
    """The world with a planted column, in its trial, too."""
    assert world.trial is not None
    found = of_training(world, values)
    return replace(found, trial=replace(world.trial, X=found.training.X))


def visits(world: LeakEvidence, seed: int, more: float = 0.1) -> Numbers:
    """Who came to the shop after the call: one in ten, and more of those who were called."""
    assert world.trial is not None
    chance = 0.1 + more * (world.trial.arm == "call")
    return (np.random.default_rng(seed).random(len(chance)) < chance).astype(float)


def planted(seed: int) -> LeakEvidence:
    world = drawn(clean(seed, rows=6000), seed)
    return with_outcome(world, visits(world, seed))


def test_the_column_is_named_with_its_arm_and_what_to_write() -> None:
    (finding,) = after_treatment.examine(planted(1))
    assert finding.subject == "planted"
    assert "'call' and 'control'" in finding.sentence
    assert "role: outcome" in finding.sentence


@pytest.mark.parametrize("seed", range(3))
def test_what_is_filled_in_for_the_called_only_is_refused_and_so_is_an_amount(seed: int) -> None:
    world = drawn(clean(seed, rows=6000), seed)
    assert world.trial is not None
    called, rng = world.trial.arm == "call", np.random.default_rng(seed)
    amount = rng.exponential(size=len(called)) * (1 + 0.3 * called)
    filled = np.where(called & (rng.random(len(called)) < 0.05), 1.0, np.nan)
    for values in (amount, filled):
        (finding,) = after_treatment.examine(with_outcome(world, values))
        assert finding.subject == "planted"


def test_two_outcomes_are_both_named() -> None:
    world = planted(2)
    columns = [replace(one, name="first" if one.name == "planted" else one.name) for one in world.contract.columns]
    both = with_outcome(replace(world, contract=replace(world.contract, columns=tuple(columns))), visits(world, 8))
    assert {one.subject for one in after_treatment.examine(both)} == {"first", "planted"}


def test_arms_of_unequal_chances_weigh_by_them_and_no_column_is_told() -> None:
    """The chance of the call follows a column: its plain means differ by far, its weighted ones do not."""
    for seed in range(10):
        world = clean(seed, rows=6000)
        first = np.nan_to_num(world.training.X[:, 0])
        chance = np.where(first > np.median(first), 0.7, 0.3)
        assert not after_treatment.examine(drawn(world, seed, chance))


def test_an_arm_that_came_later_is_compared_where_it_could_be_drawn() -> None:
    """At the first date nobody could get a coupon, and every column has moved since."""
    for seed in range(5):
        world, rng = clean(seed, rows=6000), np.random.default_rng(seed)
        rows = len(world.training.y)
        later = np.arange(rows) % 2 == 1
        moved = np.where(later[:, None], world.training.X + 1.0, world.training.X)
        chances = np.where(later[:, None], [1 / 3, 1 / 3, 1 / 3], [1 / 2, 1 / 2, 0.0])
        drawn_arm = (rng.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1)
        arms = np.array(["control", "call", "coupon"])
        trial = Trial(moved, np.arange(rows), arms[drawn_arm], chances[np.arange(rows), drawn_arm], "control")
        assert not after_treatment.examine(replace(world, trial=replace(trial, chances=chances)))


def test_arms_that_were_chosen_are_left_to_the_report() -> None:
    """By the sum of all columns, though the log says one in two."""
    world = clean(3, rows=6000)
    ranks = np.nan_to_num(world.training.X).argsort(axis=0).argsort(axis=0).sum(axis=1)
    chosen = drawn(world, 3, np.where(ranks > np.median(ranks), 0.7, 0.3))
    assert chosen.trial is not None
    said = replace(chosen, trial=replace(chosen.trial, probability=np.full(len(ranks), 0.5)))
    assert not after_treatment.examine(said)


def test_without_a_trial_nothing_is_asked() -> None:
    assert not after_treatment.examine(replace(planted(1), trial=None))


@pytest.mark.slow
def test_randomised_arms_are_never_told() -> None:
    """Measured over 300 worlds: none; five standard errors of 8 columns and their values are 1 in 100,000."""
    for seed in range(300):
        rows = (400, 2000)[seed % 2]
        share = (0.5, 0.1)[seed % 3 == 0]
        assert not after_treatment.examine(drawn(clean(seed, rows=rows), seed, np.full(rows, share)[: rows * 4 // 5]))
