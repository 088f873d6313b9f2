"""The effect on those who are reached: by hand, where the ratio is unbounded, and how often the set holds the truth."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.effects.assigned import Assigned
from experiments.effects.by_assignment import PENDING, effect
from experiments.effects.complier import Complier, complier
from tests.experiments.effects.round_worlds import World, looks


def of(rows: Assigned) -> Complier:
    return complier(rows, effect(rows, "call"))


def test_where_everybody_is_reached_it_is_the_effect_by_assignment() -> None:
    rows = World(reach=1.0).rows(1)
    found, direct = of(rows), effect(rows, "call")
    assert found.reached == pytest.approx((1.0, 0.0))
    assert found.effect is not None
    assert direct.adjusted is not None
    interval = direct.adjusted.interval()
    assert (found.effect.value, found.effect.low, found.effect.high) == pytest.approx(
        (interval.value, interval.low, interval.high), rel=1e-6
    )


def test_who_is_reached_is_never_compared_with_who_is_withheld() -> None:
    """The willing stay of themselves; a call does nothing. Reached against withheld would show an effect."""
    rows = World(customers=4_000, call=0.0, reach=0.5).rows(2)
    willing = np.random.default_rng(0).random(rows.n_customers) < 0.5
    reached = (rows.action == 0) & willing[rows.customers]
    stays = np.where(willing[rows.customers], 0.0, rows.churned)
    rows = replace(rows, reached=reached.astype(float), churned=stays)
    naive = rows.stayed[reached].mean() - rows.stayed[rows.action == -1].mean()
    found = of(rows).effect
    assert found is not None
    assert naive > 0.05
    assert found.holds(0.0)


def test_where_nobody_is_reached_the_set_is_not_bounded() -> None:
    rows = World(customers=500).rows(3)
    none = of(replace(rows, reached=np.zeros(rows.reached.size))).effect
    assert none is not None
    assert none.kind == "whole line"
    assert np.isnan(none.value)
    few = np.zeros(rows.reached.size)
    few[np.flatnonzero(rows.action == 0)[:2]] = 1.0
    barely = of(replace(rows, reached=few)).effect
    assert barely is not None
    assert barely.kind != "interval"


def test_a_missing_record_is_no_for_those_withheld_and_refused_for_those_assigned() -> None:
    rows = World(reach=0.6).rows(4)
    blank = np.where(rows.action == -1, np.nan, rows.reached)
    assert of(replace(rows, reached=blank)) == of(rows)
    blank[np.flatnonzero(rows.action == 0)[:3]] = np.nan
    refused = of(replace(rows, reached=blank))
    assert refused.effect is None
    assert "for 3 of" in str(refused.missing)


def test_without_an_effect_by_assignment_there_is_none() -> None:
    rows = World().rows(0)
    assert of(replace(rows, mature=np.zeros(rows.mature.size, dtype=bool))).missing == PENDING


@pytest.mark.slow
def test_the_set_holds_the_effect_on_those_who_can_be_reached() -> None:
    """Only they profit, so their effect is what reaching does: 300 worlds, with 3.5 Monte-Carlo errors either way."""
    world = World(customers=1_500, rounds=2, reach=0.4, call=-1.2, rate=0.25)
    truth = replace(world, reach=1.0).truth()
    held = []
    for seed in range(300):
        found = of(world.rows(seed)).effect
        if found is not None:  # one in a thousand draws looks as if it were another
            held.append(found.holds(truth))
    assert len(held) >= 297
    assert abs(np.mean(held) - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / 300)


def test_with_information_it_excludes_0_exactly_where_the_sequence_of_the_effect_does() -> None:
    held = set()
    for seed in range(20):
        for look in looks(World(customers=500, rounds=3, reach=0.5, call=-1.0).rows(seed), "call"):
            found = complier(look.rows, look.effect, information=look.information).effect
            assert (found is None) == (look.interval is None)
            if found is None or look.interval is None:
                continue
            assert found.holds(0.0) == (look.interval.low <= 0 <= look.interval.high)
            held.add(found.holds(0.0))
    assert held == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize("alike", [0.0, 0.9], ids=["other customers each month", "the same customers every month"])
def test_in_a_year_of_monthly_looks_the_set_seldom_excludes_the_effect_on_those_reached(alike: float) -> None:
    """100 worlds: at most 5 % are ever outside, and three Monte-Carlo errors; sets for one look oftener."""
    out, naive = ever_outside(range(100), alike=alike)
    assert np.mean(out) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert np.mean(naive) > np.mean(out)


def ever_outside(seeds: range, *, alike: float) -> tuple[list[bool], list[bool]]:
    """Of each world whether the truth is ever outside within a year: of the sequence, and of sets for one look."""
    world = World(customers=400, rounds=12, reach=0.4, call=-1.2, rate=0.25, alike=alike)
    truth = replace(world, reach=1.0).truth()
    out, naive = [], []
    for seed in seeds:
        found = [look for look in looks(world.rows(seed), "call") if look.effect.adjusted is not None]
        sets = [complier(look.rows, look.effect, information=look.information).effect for look in found]
        plain = [complier(look.rows, look.effect).effect for look in found]
        out.append(any(one is not None and not one.holds(truth) for one in sets))
        naive.append(any(one is not None and not one.holds(truth) for one in plain))
    return out, naive
