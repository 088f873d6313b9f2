"""Rows of an arm stand for everybody, had all been given it: 1 over the logged probability of the arm."""

import numpy as np
import pytest

from experiments.rows.arms import unlogged
from experiments.rows.risk_weights import arm_weights, relative
from features.errors import MetricError

ACTIONS = ("call", "mail")
NONE = np.nan


def arms(*names: str | None) -> np.ndarray:
    return np.array(names, dtype=object)


def test_a_row_weighs_1_over_the_probability_of_its_own_arm_and_one_in_no_campaign_1() -> None:
    found = arm_weights(arms("control", "call", None), ACTIONS, np.array([0.1, 0.8, NONE]))
    assert found is not None
    assert found == pytest.approx([10.0, 1.25, 1.0])


def test_equal_probabilities_within_each_arm_weigh_nothing() -> None:
    of = arms("control", "call", "control", "call", "mail")
    assert arm_weights(of, ACTIONS, np.array([0.2, 0.5, 0.2, 0.5, 0.3])) is None
    assert arm_weights(arms(None, None), ACTIONS, np.array([NONE, NONE])) is None
    assert arm_weights(of, ACTIONS, np.full(5, NONE)) is None  # nothing was randomised


@pytest.mark.parametrize("wrong", [NONE, 0.0, 1.1])
def test_a_row_without_a_probability_among_others_is_refused(wrong: float) -> None:
    with pytest.raises(MetricError, match="logged probability"):
        arm_weights(arms("control", "call"), ACTIONS, np.array([0.1, wrong]))


def test_relative_weights_have_mean_1_in_each_arm_and_keep_its_ratios() -> None:
    rng = np.random.default_rng(0)
    of = rng.choice(np.array(["control", "call", "mail", None], dtype=object), 500)
    weights, at = rng.uniform(1, 20, 500), np.flatnonzero(rng.random(500) < 0.7)
    found = relative(weights, of, ACTIONS, at=at)
    assert found is not None
    assert not found[np.setdiff1d(np.arange(500), at)].any()
    for rows in (at[(of[at] == None) | (of[at] == "control")], at[of[at] == "call"]):  # noqa: E711 - of objects
        assert found[rows].mean() == pytest.approx(1.0)
        assert np.ptp(found[rows] / weights[rows]) < 1e-12


def test_weights_of_one_size_are_none_in_a_fit() -> None:
    assert (
        relative(np.array([10.0, 10.0, 2.0, 1.0]), arms("control", "control", "call", None), ACTIONS, at=np.arange(3))
        is None
    )


def test_unlogged_are_rows_of_an_arm_without_a_probability() -> None:
    found = unlogged(arms("control", "call", None, "call"), np.array([NONE, 0.5, NONE, NONE]))
    assert found.tolist() == [True, False, False, True]
