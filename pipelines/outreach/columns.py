"""The columns that rules and playbooks may use: all features that were built, the score, its level, and the value."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from experiments.alerts.alert_file import AlertFile
from experiments.conditions.words import WordsCondition
from experiments.logic.condition import Columns, Condition, KnownColumn, Not, Several, Values
from experiments.sections.score import ScoreSpec
from features.contract import Contract

SCORE, SCORE_CHANGE, LEVEL, VALUE = "score", "score_change_since_last", "level", "value"
LEVELS = ("low", "medium", "high")
# What the champion says, and so is not known where it may not be asked.
OF_THE_MODEL: Mapping[str, KnownColumn] = {
    SCORE: KnownColumn("number", 0.0, 1.0),
    SCORE_CHANGE: KnownColumn("number", -1.0, 1.0),
    LEVEL: KnownColumn("category", categories=LEVELS),
}


def known(contract: Contract, asked: Collection[Condition], lexicons: Collection[str] = ()) -> Columns:
    """The columns that there are, and those of the words that the conditions look for in known lexicons."""
    features = {
        one.name: KnownColumn(one.type, one.minimum, one.maximum, one.categories if one.type == "category" else ())
        for one in contract.columns
    }
    words = {
        leaf.column: KnownColumn("number", 0.0)
        for condition in asked
        for leaf in leaves(condition)
        if isinstance(leaf, WordsCondition) and leaf.words_of in lexicons
    }
    return {**features, VALUE: KnownColumn("number"), **OF_THE_MODEL, **words}


def of_file(file: AlertFile, contract: Contract) -> Columns:
    """The columns for the rules of a file."""
    return known(contract, [rule.when for rule in file.rules.values()], tuple(file.lexicons))


def of_rows(rows: pd.DataFrame, asked: Collection[Condition]) -> Columns:
    """The columns of today's rows that the conditions name, numbers and categories by their type."""
    names = frozenset[str]().union(*(one.columns() for one in asked))
    numeric = {name: name not in rows or pd.api.types.is_numeric_dtype(rows[name]) for name in names}
    return {name: KnownColumn("number" if numeric[name] else "category") for name in names}


def leaves(condition: Condition) -> list[Condition]:
    """The conditions that a condition is made of, without `all`, `any` and `not`."""
    if isinstance(condition, Several):
        return [leaf for part in condition.parts for leaf in leaves(part)]
    return leaves(condition.part) if isinstance(condition, Not) else [condition]


def values(rows: pd.DataFrame, names: Collection[str], columns: Columns) -> Values:
    """The values of some columns, missing ones for a column that the rows have not; shape (n_rows,) each."""
    return {name: _array(rows, name, columns[name].type == "number") for name in names}


def _array(rows: pd.DataFrame, name: str, is_number: bool) -> np.ndarray:
    if name not in rows:
        return np.full(len(rows), np.nan if is_number else None, dtype=float if is_number else object)
    return rows[name].to_numpy(dtype=float, na_value=np.nan) if is_number else rows[name].to_numpy(dtype=object)


def levels(score: np.ndarray, cuts: ScoreSpec) -> np.ndarray:
    """The level of each score in [0, 1], None where it is NaN; shape (n_rows,)."""
    found: np.ndarray = np.array(LEVELS, dtype=object)[
        np.searchsorted([cuts.medium_from, cuts.high_from], score, side="right")
    ]
    found[np.isnan(score)] = None
    return found
