"""Conditions are read as they are written; what is none is refused with the part that is wrong."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from experiments.alerts import grammar
from experiments.logic import truth
from tests.experiments.logic.random_conditions import CONDITIONS

VALUES = {
    "use": np.array([0.4, np.nextafter(0.4, 1), np.nan, 0.0]),
    "score": np.array([5.0, 6.0, np.nan, 10.0]),
    "plan": np.array(["basic", "pro", None, "plus"], dtype=object),
}


def plain(said: dict[str, Any], row: dict[str, Any]) -> bool | None:
    """The oracle: the truth for one customer, by Python's own logic, with None for unknown."""
    if "all" in said or "any" in said:
        answers = [plain(one, row) for one in said.get("all", said.get("any"))]
        deciding = "any" in said
        return deciding if deciding in answers else None if None in answers else not deciding
    if "not" in said:
        answer = plain(said["not"], row)
        return None if answer is None else not answer
    value = row[said["feature"]]
    gone = value is None or (isinstance(value, float) and math.isnan(value))
    if "missing" in said:
        return bool(gone == said["missing"])
    if gone:
        return None
    if "is" in said:
        return value in said["is"]
    compared = {"at_least": value.__ge__, "above": value.__gt__, "at_most": value.__le__, "below": value.__lt__}
    return all(compared[name](bound) for name, bound in said.items() if name != "feature")


@given(CONDITIONS)
def test_a_condition_means_what_it_says(said: dict[str, Any]) -> None:
    found = grammar.read(said).truth(VALUES)
    of = {True: truth.TRUE, False: truth.FALSE, None: truth.UNKNOWN}
    rows = [{name: column.tolist()[place] for name, column in VALUES.items()} for place in range(4)]
    assert found.tolist() == [of[plain(said, row)] for row in rows]


@given(CONDITIONS)
def test_it_reads_the_columns_that_it_names_and_no_other(said: dict[str, Any]) -> None:
    condition = grammar.read(said)
    condition.truth({name: VALUES[name] for name in condition.columns()})
    assert all(name in str(said) for name in condition.columns())


def test_bounds_are_in_the_order_of_the_numbers() -> None:
    used = grammar.read({"feature": "use", "at_most": 0.4}).truth(VALUES)
    assert used.tolist() == [truth.TRUE, truth.FALSE, truth.UNKNOWN, truth.TRUE]


def test_it_is_told_in_words() -> None:
    said = {
        "all": [
            {"feature": "use", "at_most": 0.4},
            {"any": [{"feature": "plan", "is": "pro"}, {"not": {"feature": "score", "missing": True}}]},
        ]
    }
    assert grammar.read(said).words() == "use at most 0.4 and (plan is pro or not (score is missing))"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "is no condition"),
        ("use < 3", "is no condition"),
        ({"feature": "use"}, "needs one of: bounds"),
        ({"feature": "use", "below": 3, "missing": True}, "needs one of: bounds"),
        ({"feature": "use", "below": "three"}, "below"),
        ({"feature": "use", "below": float("nan")}, "below"),
        ({"feature": "use", "below": True}, "are no numbers"),
        ({"feature": "use", "under": 3}, "under"),
        ({"all": []}, "needs a list of conditions"),
        ({"all": {"feature": "use", "below": 3}}, "needs a list of conditions"),
        ({"all": [{"feature": "use", "below": 3}], "any": []}, "exactly one"),
        ({"not": {"feature": "use", "below": 3}, "level": "high"}, "beside 'not' stands"),
        ({"column": "use", "below": 3}, "exactly one"),
        ({"words": "complaint"}, "days"),
    ],
)
def test_what_is_no_condition_is_refused(said: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        grammar.read(said)


def test_endless_nesting_is_refused() -> None:
    said: dict[str, Any] = {"feature": "use", "below": 3}
    for _ in range(500):
        said = {"not": said}
    with pytest.raises(ValueError, match="nested more than"):
        grammar.read(said)


@pytest.mark.parametrize("said", [1, [1], "1", ["1"], [1, "1"]])
def test_categories_that_look_like_numbers_are_texts(said: object) -> None:
    found = grammar.read({"feature": "grade", "is": said})
    grades = np.array(["1", "2", None, "10"], dtype=object)
    assert found.truth({"grade": grades}).tolist() == [truth.TRUE, truth.FALSE, truth.UNKNOWN, truth.FALSE]


@pytest.mark.parametrize("said", [True, [False], [1.5], ["a", True]])
def test_what_yaml_makes_of_unquoted_categories_is_said(said: object) -> None:
    with pytest.raises(ValueError, match="in quotes"):
        grammar.read({"feature": "grade", "is": said})
