"""The laws of three-valued logic, and its whole table by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.logic import truth
from experiments.logic.truth import FALSE, TRUE, UNKNOWN, Truth

SOME = st.lists(st.sampled_from([TRUE, UNKNOWN, FALSE]), min_size=1, max_size=9)


def _two(values: list[float]) -> tuple[Truth, Truth]:
    return np.array(values), np.array(values[::-1])


@given(SOME)
def test_not_not_is_nothing(values: list[float]) -> None:
    found = np.array(values)
    assert (truth.not_(truth.not_(found)) == found).all()


@given(SOME)
def test_de_morgan(values: list[float]) -> None:
    one, other = _two(values)
    both, either = truth.all_of(one, other), truth.any_of(one, other)
    assert (truth.not_(both) == truth.any_of(truth.not_(one), truth.not_(other))).all()
    assert (truth.not_(either) == truth.all_of(truth.not_(one), truth.not_(other))).all()


@pytest.mark.parametrize(("one", "other"), list(product([True, False, None], repeat=2)))
def test_unknown_is_what_either_value_would_change(one: bool | None, other: bool | None) -> None:
    """The oracle: put every value in place of what is unknown; where all give the same, that is the truth."""
    ways = list(product([one] if one is not None else [True, False], [other] if other is not None else [True, False]))
    of = {True: TRUE, False: FALSE, None: UNKNOWN}
    for join, plain in ((truth.all_of, all), (truth.any_of, any)):
        answers = {plain(way) for way in ways}
        expected = of[answers.pop()] if len(answers) == 1 else UNKNOWN
        assert join(np.array([of[one]]), np.array([of[other]])) == expected


def test_what_is_not_known_is_unknown_whatever_was_computed() -> None:
    holds, known = np.array([True, False, True, False]), np.array([True, True, False, False])
    assert truth.of(holds, known=known).tolist() == [TRUE, FALSE, UNKNOWN, UNKNOWN]
