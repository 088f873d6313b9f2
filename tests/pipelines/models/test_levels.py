"""Rows that hold a category level that training never saw: which are counted, and what the model makes of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.contract import Contract
from features.feature import FeatureColumn
from pipelines.models import levels
from pipelines.models.scorers.reading import Reader

PLAN = FeatureColumn("plan", "The plan", type="category", categories=("1", "basic", "late", "plus"))
CONTRACT = Contract((FeatureColumn("usage", "Days of use"), PLAN))


def rows(*plans: Any) -> pd.DataFrame:
    return pd.DataFrame({"usage": 1.0, "plan": pd.Series(plans, dtype=object)})


def test_the_levels_seen_are_those_that_the_training_rows_hold() -> None:
    """`late` stands in the contract because the gate cohort holds it; the model learnt from no such row."""
    X = CONTRACT.encode(rows("plus", None, "basic", "plus", "never heard of"))
    assert levels.seen(X, CONTRACT) == {"plan": ["basic", "plus"]}
    assert levels.seen(X[:0], CONTRACT) == {"plan": []}
    assert levels.known_to(CONTRACT.to_dict()["columns"]) == {"plan": ["1", "basic", "late", "plus"]}


def test_rows_of_other_levels_are_counted_with_the_three_most_frequent() -> None:
    some = rows("x", "late", "late", "y", "z", "y", "w", "basic", None, np.nan, "", " ", " plus ", 1, "1.0")
    (found,) = levels.unseen(some, {"plan": ["1", "basic", "plus"]})
    assert (found.column, found.rows, found.of_rows, found.levels) == ("plan", 7, 15, 5)
    assert found.most_frequent == (("late", 2), ("y", 2), ("w", 1))
    assert levels.in_words(found.to_dict()) == (
        "plan: 7 of 15 rows hold a level that training never saw ('late' 2, 'y' 2, 'w' 1, 2 more);"
        " they are scored as missing"
    )
    assert levels.unseen(some.head(0), {"plan": []}) == []
    assert levels.unseen(rows("basic", None), {"plan": ["basic"]}) == []


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_a_row_is_counted_where_the_scorer_makes_nothing_of_a_cell_that_says_something(dtype: str) -> None:
    """The oracle is the scorer's own reader, asked of one cell at a time."""
    rng = np.random.default_rng(0)
    texts = ["basic", "plus", "1", "1.0", " plus", "late", "later", "BASIC", "0", "-1", "true", "a,b", "é", ""]
    plans = pd.Series([None if one == "" else one for one in rng.choice(texts, 300)], dtype=dtype)
    some = pd.DataFrame({"usage": 1.0, "plan": plans})
    reader = Reader(CONTRACT.to_dict()["columns"])
    unread = [np.isnan(reader.read(some.iloc[[row]])[0, 1]) and not pd.isna(plans[row]) for row in range(len(some))]
    (found,) = levels.unseen(some, levels.known_to(CONTRACT.to_dict()["columns"]))
    assert found.rows == sum(unread) > 0


def test_a_long_level_is_cut_in_the_line_and_whole_in_the_figures() -> None:
    (found,) = levels.unseen(rows("x" * 500), {"plan": ["basic"]})
    assert len(levels.in_words(found.to_dict())) < 200
    assert found.to_dict()["most_frequent"] == [{"level": "x" * 500, "rows": 1}]
