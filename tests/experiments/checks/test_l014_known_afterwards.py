"""A column that is filled in after the outcome is empty today; one about the leaving itself says nothing earlier."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.checks.l014_known_afterwards import known_afterwards
from experiments.leaks.check import LeakEvidence
from experiments.leaks.known import Earlier
from experiments.metric import Numbers
from tests.experiments.checks.worlds import clean, of_training


def filled(world: LeakEvidence, seed: int, *, empty: float = np.nan) -> Numbers:
    """A note that is written of two in five of those who left and of one in ten of the others, as days."""
    y, rng = world.training.y, np.random.default_rng(seed)
    return np.where(rng.random(len(y)) < 0.1 + 0.3 * y, rng.integers(1, 60, len(y)), empty)


def with_today(world: LeakEvidence, note: Numbers) -> LeakEvidence:
    """Rows of today like those of the gate cohort, with these notes."""
    return replace(world, today=np.column_stack([world.gate.X[:, :-1], note]))


def planted(seed: int) -> LeakEvidence:
    world = clean(seed, dated=True)
    world = of_training(world, filled(world, seed))
    return with_today(world, np.full(len(world.gate.y), np.nan))


@pytest.mark.parametrize("empty", [np.nan, 0.0])
def test_a_note_that_nobody_has_today_is_told_whether_it_is_missing_or_nought(empty: float) -> None:
    world = clean(1, dated=True)
    found = of_training(world, filled(world, 1, empty=empty))
    (finding,) = known_afterwards.examine(with_today(found, np.full(len(world.gate.y), empty)))
    assert finding.subject == "planted"
    assert "0.00% of today's rows" in finding.sentence


def test_a_note_that_is_there_today_as_well_and_one_that_tells_nothing_are_not() -> None:
    world = clean(2, dated=True)
    rng = np.random.default_rng(2)
    there = of_training(world, filled(world, 2))
    assert not known_afterwards.examine(with_today(there, np.where(rng.random(len(world.gate.y)) < 0.15, 7.0, np.nan)))
    nothing = of_training(world, np.where(rng.random(len(world.training.y)) < 0.2, 1.0, np.nan))
    assert not known_afterwards.examine(with_today(nothing, np.full(len(world.gate.y), np.nan)))


def cohort(seed: int, *, before: float) -> LeakEvidence:
    """An amount that comes to an AUC of 0.92 in training and in the gate cohort; before is how much it told earlier."""
    world, rng = clean(seed), np.random.default_rng(seed)
    now = {side: 2.0 * y + rng.normal(size=len(y)) for side, y in (("t", world.training.y), ("g", world.gate.y))}
    found = of_training(world, now["t"])
    y, X = world.gate.y, np.column_stack([world.gate.X, now["g"]])
    then = np.column_stack([world.gate.X, before * y + rng.normal(size=len(y))])
    return replace(found, earlier=Earlier(14, X, then, y, world.gate.customers))


def test_a_column_that_tells_nothing_two_weeks_before_is_told_and_one_that_tells_nearly_as_much_is_not() -> None:
    (finding,) = known_afterwards.examine(cohort(3, before=0.2))
    assert finding.subject == "planted"
    assert "14 days before" in finding.sentence
    assert not known_afterwards.examine(cohort(3, before=1.6))


def test_without_rows_of_today_or_of_earlier_nothing_is_asked() -> None:
    assert not known_afterwards.examine(replace(planted(1), today=None))
