"""Money: by hand, laws, and against what would have happened to every customer."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.effects.assigned import NOBODY, Assigned
from experiments.effects.by_assignment import effect
from experiments.effects.returns import PARTS, Returns, Terms, returns
from experiments.sections.cost_of_churn import CostOfChurnSpec
from tests.experiments.effects.round_worlds import World

PLAIN = CostOfChurnSpec(acquisition_cost=0.0)
FULL = CostOfChurnSpec(margin_share=0.5, months=24, expansion_share=0.1, acquisition_multiple=5, retention_cost=10)


def money(rows: Assigned, asked: CostOfChurnSpec = PLAIN, **terms: float) -> Returns:
    found = returns(rows, effect(rows, "call"), Terms(asked, keeping_cost=10.0, **terms))
    assert found is not None
    return found


def even(**changed: object) -> World:
    return World(customers=3_000, rounds=1, shares=((0.5, 0.5, 0.0),) * 3, knows=0.0, **changed)  # type: ignore[arg-type]


def test_a_case_by_hand() -> None:
    """Equal values and shares, and a prediction that is the same for all: effect times value times the assigned."""
    rows = even().rows(0)
    rows = replace(rows, risk=np.full(rows.risk.size, 0.2), value=np.full(rows.value.size, 100.0))
    acted, withheld = rows.action == 0, rows.action == NOBODY
    found, n = money(rows), int(acted.sum())
    gained = (rows.churned[withheld].mean() - rows.churned[acted].mean()) * 100 * n
    assert (found.assigned, found.spent) == (n, 2.0 * n)
    assert found.money.gained.value == pytest.approx(gained)
    assert found.money.net.value == pytest.approx(gained - 2 * n)
    roi = found.money.return_on_investment
    assert roi is not None
    assert roi.value == pytest.approx((gained - 2 * n) / (2 * n))
    assert (roi.low, roi.high) == pytest.approx(
        ((found.money.gained.low - 2 * n) / (2 * n), (found.money.gained.high - 2 * n) / (2 * n))
    )
    assert found.lost_without.value == pytest.approx(rows.churned[withheld].mean() * 100 * n)


def test_the_parts_of_equal_customers_are_shares_of_the_whole() -> None:
    rows = even().rows(0)
    rows = replace(rows, value=np.full(rows.value.size, 100.0))
    found = money(rows, FULL)
    margin, expansion, acquisition = (found.by_part[name].value for name in PARTS)
    assert expansion == pytest.approx(0.1 * margin)
    assert acquisition == pytest.approx(margin / (100 * 0.5 * 2) * 50)
    assert margin + expansion + acquisition == pytest.approx(found.money.gained.value)


def test_the_parts_of_unequal_customers_add_up_within_what_the_adjustment_changes() -> None:
    found = money(World(customers=3_000, values=0.8).rows(0), FULL)
    total = sum(found.by_part[name].value for name in PARTS)
    assert total == pytest.approx(found.money.gained.value, abs=0.2 * found.money.gained.standard_error)


def test_a_higher_multiple_only_adds_the_cost_of_winning_a_customer() -> None:
    rows = even().rows(0)
    rows = replace(rows, value=np.full(rows.value.size, 100.0))
    found = money(rows)
    assert list(found.by_multiple) == [3.0, 5.0, 25.0]
    for multiple, one in found.by_multiple.items():
        assert one.gained.value == pytest.approx(found.money.gained.value * (100 + multiple * 10) / 100)
    assert found.by_multiple[5.0].gained.value == pytest.approx(
        money(rows, CostOfChurnSpec(acquisition_multiple=5, retention_cost=10)).money.gained.value
    )


def test_the_currency_scales_money_and_not_the_return() -> None:
    rows = World(values=0.5).rows(1)
    here, there = money(rows), money(replace(rows, value=7 * rows.value, cost=7 * rows.cost))
    assert there.money.net.low == pytest.approx(7 * here.money.net.low)
    assert here.money.return_on_investment is not None
    assert there.money.return_on_investment is not None
    assert there.money.return_on_investment.high == pytest.approx(here.money.return_on_investment.high)


def test_free_actions_have_no_return_on_investment() -> None:
    rows = World().rows(1)
    assert money(replace(rows, cost=np.zeros(rows.cost.size))).money.return_on_investment is None


def test_what_pending_rounds_spent_is_in_no_other_figure() -> None:
    rows = World().rows(0)
    last = rows.labels["round"].to_numpy() == 2
    waiting = replace(rows, mature=~last, churned=np.where(last, np.nan, rows.churned))
    here, there = money(waiting), money(rows.where(~last))
    assert (here.money, here.spent) == (there.money, there.spent)
    assert here.pending_spent == rows.cost[last & (rows.action == 0)].sum()
    assert there.pending_spent == 0


def test_nothing_is_earned_as_long_as_nothing_is_known() -> None:
    rows = World().rows(0)
    waiting = replace(rows, mature=np.zeros(rows.mature.size, dtype=bool))
    assert returns(waiting, effect(waiting, "call"), Terms(PLAIN, keeping_cost=1.0)) is None


def test_intervals_at_every_look_are_wider() -> None:
    rows = World().rows(0)
    one, always = money(rows), money(rows, information=1.0)
    assert always.money.gained.value == one.money.gained.value
    assert always.money.gained.low < one.money.gained.low


@pytest.mark.slow
def test_the_interval_holds_what_came_back_from_those_who_got_the_action() -> None:
    """Values of customers differ, and so does the effect: 300 worlds, what each assigned one would have cost."""
    world = World(customers=1_500, rounds=2, values=0.6, interaction=-0.3)
    big = replace(world, customers=600_000, rounds=1).columns(999)
    chance = big["shares"][:, 1]
    mean = float((chance * (big["left"][:, 0] - big["left"][:, 1]) * big["value"]).sum() / chance.sum())
    naive = float((big["left"][:, 0] - big["left"][:, 1]).mean() * big["value"].mean())
    held, values = [], []
    for seed in range(300):
        rows = world.rows(seed)
        if effect(rows, "call").missing:  # one in a thousand draws looks as if it were another
            continue
        found = money(rows)
        each = found.money.gained
        held.append(each.low <= mean * found.assigned <= each.high)
        values.append(each.value / found.assigned)
    assert len(held) >= 297
    assert abs(np.mean(held) - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / 300)
    assert abs(np.mean(values) - mean) < 4 * np.std(values) / np.sqrt(300)
    assert abs(mean - naive) > 0.1 * mean
