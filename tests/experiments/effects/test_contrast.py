"""Differences by assignment: by hand, against all assignments that there could have been, and laws."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from experiments.effects.assigned import NOBODY, Assigned
from experiments.effects.contrast import Contrast, comparable, contrast, effective_customers, means, withheld_mean
from tests.experiments.effects.round_worlds import World


def rows(seed: int = 0, **changed: object) -> Assigned:
    return World(customers=400, rounds=2, **changed).rows(seed)


def found(of: Assigned, *, adjusted: bool = True, action: int = 0, population: str = "eligible") -> Contrast:
    over = comparable(of, action, population=population)  # type: ignore[arg-type]
    return contrast(over, of.stayed, of.risk if adjusted else None)


def test_a_case_by_hand() -> None:
    """Two strata, call with 1/2 and 1/4: weights 2, 2 | 4 acted and 2 | 4/3, 4/3 withheld."""
    probability = np.array([[0.5, 0.5]] * 3 + [[0.75, 0.25]] * 3)
    given = np.array([0, 0, NOBODY, 0, NOBODY, NOBODY])
    base = rows()
    six = replace(
        base,
        actions=("call",),
        n_customers=6,
        labels=base.labels.iloc[:6],
        customers=np.arange(6),
        action=given,
        probability=probability,
        risk=np.full(6, 0.5),
        churned=1 - np.array([1.0, 0, 1, 1, 0, 1]),
        mature=np.ones(6, dtype=bool),
    )
    one = found(six)
    acted, withheld = (2 * 1 + 4 * 1) / 8, (2 * 1 + 4 / 3 * 1) / (2 + 8 / 3)
    assert one.value == pytest.approx(acted - withheld)
    assert means(comparable(six, 0), six.stayed) == pytest.approx((acted, withheld))
    errors = np.array([2 * 0.25, -2 * 0.75, 0, 4 * 0.25, 0, 0]) / 8
    size = 64 / (4 + 4 + 16)
    assert one.influence[[0, 1, 3]] == pytest.approx(errors[[0, 1, 3]] * np.sqrt(size / (size - 1)))


def test_over_all_assignments_that_there_could_have_been_the_weights_give_the_true_effect() -> None:
    """The sums before normalising are unbiased (Horvitz & Thompson 1952): every draw of six customers is counted."""
    stays = {0: np.array([1.0, 1, 0, 1, 1, 1]), NOBODY: np.array([1.0, 0, 0, 1, 0, 1])}
    p_call = np.array([0.5, 0.5, 0.2, 0.2, 0.9, 0.9])
    expected = np.zeros(4)
    base = rows().where(np.arange(rows().action.size) < 6)
    for drawn in product((0, NOBODY), repeat=6):
        given = np.array(drawn)
        chance = float(np.where(given == 0, p_call, 1 - p_call).prod())
        outcome = np.where(given == 0, stays[0], stays[NOBODY])
        six = replace(base, actions=("call",), action=given, probability=np.column_stack([1 - p_call, p_call]))
        every, treated = comparable(six, 0), comparable(six, 0, population="assigned")
        expected += chance * np.array(
            [
                (every.acted - every.withheld) @ outcome,
                every.acted.sum(),
                every.withheld.sum(),
                (treated.acted - treated.withheld) @ outcome,
            ]
        )
    difference = stays[0] - stays[NOBODY]
    assert expected == pytest.approx([difference.sum(), 6, 6, (p_call * difference).sum()])


def test_the_standard_error_is_that_over_all_draws_of_a_world_without_effects() -> None:
    """Randomisation inference by brute force: the same outcomes under 1,000 other draws of the same probabilities."""
    of = World(customers=500, rounds=1, rate=0.3, call=0.0).rows(1)
    rng = np.random.default_rng(0)
    values, errors = [], []
    for _ in range(1_000):
        drawn = (rng.random(of.action.size)[:, None] > of.probability.cumsum(axis=1)[:, :-1]).sum(axis=1) - 1
        one = found(replace(of, action=drawn))
        values.append(one.value)
        errors.append(one.standard_error)
    spread = np.std(values) / np.sqrt(2 * len(values))
    assert np.mean(values) == pytest.approx(0, abs=4 * np.std(values) / np.sqrt(len(values)))
    # A stated population is resampled too, so the error may only be a little larger.
    assert -4 * spread < np.mean(errors) - np.std(values) < 0.1 * np.std(values) + 4 * spread


def test_with_equal_probabilities_it_is_the_regression_of_lin() -> None:
    """Separate least squares in each arm, at the mean of the prediction over both (Lin 2013)."""
    of = World(customers=20_000, rounds=1, shares=((0.4, 0.6, 0.0),) * 3, knows=0.8, interaction=-0.3).rows(2)
    x, y, acted = of.risk - of.risk.mean(), of.stayed, of.action == 0
    lines = [np.polyfit(x[arm], y[arm], 1)[1] for arm in (acted, ~acted)]
    one = found(of)
    assert one.value == pytest.approx(lines[0] - lines[1], abs=0.05 * one.standard_error)


def test_relabelling_customers_and_reordering_rows_change_nothing() -> None:
    of = rows()
    order = np.random.default_rng(0).permutation(of.action.size)
    names = np.random.default_rng(1).permutation(of.n_customers)
    other = replace(of.where(np.ones(of.action.size, dtype=bool)), customers=names[of.customers])
    moved = replace(
        other, **{name: getattr(other, name)[order] for name in ARRAYS}, labels=other.labels.iloc[order].reset_index()
    )
    for adjusted in (True, False):
        here, there = found(of, adjusted=adjusted), found(moved, adjusted=adjusted)
        assert there.value == pytest.approx(here.value, abs=1e-12)
        assert there.standard_error == pytest.approx(here.standard_error, rel=1e-9)


ARRAYS = ("customers", "action", "probability", "risk", "reached", "churned", "value", "cost", "mature")


def test_swapping_the_arms_turns_the_sign() -> None:
    of = rows()
    swapped = np.select([of.action == 0, of.action == NOBODY], [NOBODY, 0], of.action)
    other = replace(of, action=swapped, probability=of.probability[:, [1, 0, 2]])
    for adjusted in (True, False):
        here, there = found(of, adjusted=adjusted), found(other, adjusted=adjusted)
        assert there.value == pytest.approx(-here.value, abs=1e-12)
        assert there.interval().low == pytest.approx(-here.interval().high, abs=1e-9)


def test_swapping_the_outcome_turns_the_sign() -> None:
    of = rows()
    over = comparable(of, 0)
    assert contrast(over, of.churned, of.risk).value == pytest.approx(-contrast(over, of.stayed, of.risk).value)


def test_a_constant_prediction_changes_nothing() -> None:
    of = rows()
    constant = found(replace(of, risk=np.full(of.risk.size, 0.3)))
    plain = found(of, adjusted=False)
    assert (constant.value, constant.standard_error) == (plain.value, plain.standard_error)


def test_the_unit_of_the_prediction_changes_nothing() -> None:
    of = rows()
    over = comparable(of, 0)
    one, other = (contrast(over, of.stayed, risk) for risk in (of.risk, 1e6 * of.risk - 3))
    assert other.value == pytest.approx(one.value, abs=1e-9)
    assert other.standard_error == pytest.approx(one.standard_error, rel=1e-9)


def test_a_prediction_of_the_outcome_narrows_and_noise_hardly_widens() -> None:
    of = World(customers=3_000, knows=1.0, rate=0.3).rows(4)
    noise = replace(of, risk=np.random.default_rng(0).random(of.risk.size))
    plain = found(of, adjusted=False).standard_error
    assert found(of).standard_error < 0.97 * plain
    assert found(noise).standard_error < 1.003 * plain


def test_rows_twice_under_the_same_names_tell_no_more_and_under_new_names_half_the_variance() -> None:
    of = rows()
    twice = {name: np.concatenate([getattr(of, name)] * 2) for name in ARRAYS}
    same = replace(of, **twice)
    fresh = np.concatenate([of.customers, of.customers + of.n_customers])
    new = replace(of, **{**twice, "customers": fresh}, n_customers=2 * of.n_customers)
    assert found(same).standard_error == pytest.approx(found(of).standard_error, rel=1e-9)
    assert found(new).standard_error == pytest.approx(found(of).standard_error / np.sqrt(2), rel=0.01)


def test_rows_in_which_one_of_the_two_was_impossible_change_nothing() -> None:
    of = rows()
    certain = np.arange(of.action.size) % 5 == 0
    probability = of.probability.copy()
    probability[certain] = np.eye(3)[of.action[certain] + 1]
    assert found(replace(of, probability=probability)).value == found(of.where(~certain)).value


def test_the_mean_without_the_action_is_that_of_those_withheld() -> None:
    of = World(customers=30_000, rounds=1).rows(5)
    over = comparable(of, 0)
    plain, adjusted = withheld_mean(over, of.stayed), withheld_mean(over, of.stayed, of.risk)
    assert plain.value == pytest.approx(means(over, of.stayed)[1])
    assert adjusted.standard_error < plain.standard_error
    assert adjusted.value == pytest.approx(1 - World().columns(0)["left"][:, 0].mean(), abs=0.02)


def test_equal_weights_are_worth_their_number() -> None:
    of = World(customers=300, rounds=1, shares=((0.5, 0.5, 0.0),) * 3).rows(0)
    over = comparable(of, 0)
    assert effective_customers(over, over.acted) == pytest.approx((of.action == 0).sum())
