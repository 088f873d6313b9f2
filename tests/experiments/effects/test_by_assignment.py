"""Effects by assignment: counts, what is missing, breakdowns, and how often intervals hold the truth."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.assignment import detectable
from experiments.effects.assigned import NOBODY, Assigned, assigned
from experiments.effects.by_assignment import (
    FEWEST,
    NO_CONTROL,
    NOBODY_ASSIGNED,
    NOT_AS_DRAWN,
    NOT_LOGGED,
    PENDING,
    TOO_FEW,
    effect,
    effects_by,
)
from tests.experiments.effects.round_worlds import World, small

WORLDS = {
    "uneven shares": World(),
    "the effect grows with the risk": World(interaction=-0.4),
    "customers fare alike in every round": World(alike=1.0, rounds=6, customers=800),
    "two in a hundred leave": World(customers=4_000, rounds=2, rate=0.013, call=-0.6),
    "the prediction knows nothing": World(knows=0.0),
}


def test_counts_by_hand() -> None:
    found = effect(assigned(small()), "call").counts
    assert (found.assigned, found.withheld, found.customers) == (2, 2, 4)
    assert (found.left_assigned, found.left_withheld) == (0, 1)
    assert (found.pending_assigned, found.pending_withheld, found.unlogged, found.certain) == (0, 0, 0, 0)


def test_while_outcomes_are_pending_there_are_counts_only() -> None:
    found = effect(assigned(small(mature=False)), "call")
    assert (found.missing, found.adjusted, found.stayed) == (PENDING, None, None)
    assert (found.counts.pending_assigned, found.counts.left_assigned) == (2, None)
    assert found.detectable == pytest.approx(detectable.effect(0.25, customers=4, control=0.5))


def test_a_pending_row_changes_no_figure() -> None:
    rows = World().rows(0)
    last = rows.labels["round"].to_numpy() == 2
    waiting = replace(rows, mature=~last, churned=np.where(last, np.nan, rows.churned))
    here, there = effect(waiting, "call"), effect(rows.where(~last), "call")
    assert here.adjusted is not None
    assert there.adjusted is not None
    assert (here.stayed, here.adjusted.value) == (there.stayed, there.adjusted.value)
    assert here.adjusted.interval() == there.adjusted.interval()
    assert here.counts.pending_assigned == int((rows.action[last] == 0).sum())


def test_a_row_without_a_logged_probability_never_judges() -> None:
    rows = World().rows(0)
    some = np.arange(rows.action.size) % 3 == 0
    probability = np.where(some[:, None], np.nan, rows.probability)
    wild = replace(rows, probability=probability, churned=np.where(some, 1.0 - rows.churned, rows.churned))
    here, there = effect(wild, "call"), effect(rows.where(~some), "call")
    assert here.adjusted is not None
    assert there.adjusted is not None
    assert here.adjusted.interval() == there.adjusted.interval()
    assert here.counts.unlogged == int((rows.action[some] == 0).sum())
    nothing = effect(replace(rows, probability=np.full(rows.probability.shape, np.nan)), "call")
    assert nothing.missing == NOT_LOGGED


def test_without_anybody_withheld_by_chance_nothing_is_estimated() -> None:
    rows = World().rows(0)
    certain = replace(rows, probability=np.eye(3)[rows.action + 1])
    assert effect(certain, "call").missing == NO_CONTROL
    assert effect(rows.where(rows.action != NOBODY), "call").missing == NO_CONTROL
    assert effect(rows.where(rows.action != 0), "call").missing == NOBODY_ASSIGNED


def test_the_fewest_are_counted_over_both_arms() -> None:
    """All leavers among those withheld are no reason to wait: what counts is how many there would be by chance."""

    def of(left: int) -> Assigned:
        rows = World(customers=2_000, rounds=1, shares=((0.5, 0.5, 0.0),) * 3).rows(0)
        withheld = np.flatnonzero(rows.action == NOBODY)[:left]
        churned = np.zeros(rows.action.size)
        churned[withheld] = 1.0
        return replace(rows, churned=churned)

    assert effect(of(2 * FEWEST - 3), "call").missing == TOO_FEW
    assert effect(of(2 * FEWEST + 3), "call").missing is None


def test_a_breakdown_is_the_effect_of_each_part() -> None:
    rows = World().rows(0)
    parts = dict(effects_by(rows, "call", "round"))
    assert list(parts) == ["0", "1", "2"]
    alone = effect(rows.where(rows.labels["round"].to_numpy() == 1), "call").adjusted
    assert parts["1"].adjusted is not None
    assert alone is not None
    assert parts["1"].adjusted.value == alone.value
    assert sum(one.counts.assigned for one in parts.values()) == effect(rows, "call").counts.assigned


def test_the_detectable_effect_is_that_of_the_round_where_nothing_is_uneven() -> None:
    world = World(customers=10_000, rounds=1, call=0.0, knows=0.0, shares=((0.2, 0.8, 0.0),) * 3)
    rows = world.rows(0)
    found = effect(rows, "call").detectable
    left = float(rows.churned.mean())
    assert found == pytest.approx(detectable.effect(left, customers=rows.action.size, control=0.2), rel=0.05)


def test_an_effect_of_the_detectable_size_is_found_in_four_of_five_worlds() -> None:
    world = World(customers=900, rounds=2, call=-0.62)
    truth = world.truth()
    found = [effect(world.rows(seed), "call") for seed in range(200)]
    size = float(np.mean([one.detectable for one in found]))
    shown = [one.adjusted is not None and one.adjusted.p < 0.05 for one in found]
    expected = 0.8 + (truth / size - 1)  # near 0.8 a hundredth of the size is about a hundredth of the power
    assert abs(truth / size - 1) < 0.15
    assert abs(np.mean(shown) - expected) < 3.5 * 0.4 / np.sqrt(200)


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_the_interval_holds_the_effect_as_often_as_it_says(name: str) -> None:
    """300 worlds; a 95 % interval holds in [0.90, 0.98] or the difference is chance; the bias is below chance."""
    world, truth = WORLDS[name], WORLDS[name].truth()
    held, off, errors = [], [], []
    for seed in range(300):
        found = effect(world.rows(seed), "call")
        if found.adjusted is None:  # one in a thousand draws looks as if it were another
            assert found.missing == NOT_AS_DRAWN
            continue
        interval = found.adjusted.interval()
        held.append(interval.low <= truth <= interval.high)
        off.append(interval.value - truth)
        errors.append(interval.standard_error)
    assert len(held) >= 297
    assert 0.90 <= np.mean(held) <= 0.985
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(300)
    assert np.mean(errors) == pytest.approx(np.std(off), rel=0.15)
