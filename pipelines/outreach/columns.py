"""The columns that rules and playbooks may use: all features that were built, the score, its level, and the value."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.alerts.alert_file import AlertFile
from experiments.conditions.warning import WarningCondition, column_of
from experiments.conditions.words import WordsCondition
from experiments.logic.condition import Columns, Condition, KnownColumn, Not, Several, Values
from experiments.money.risk_levels import RiskCuts
from features.contract import Contract
from pipelines.files import storage
from pipelines.matrix import matrices

SCORE, SCORE_CHANGE, LEVEL, VALUE = "score", "score_change_since_last", "level", "value"
LEVELS = ("low", "medium", "high")
# What the champion says, and so is not known where it may not be asked.
OF_THE_MODEL: Mapping[str, KnownColumn] = {
    SCORE: KnownColumn("number", 0.0, 1.0),
    SCORE_CHANGE: KnownColumn("number", -1.0, 1.0),
    LEVEL: KnownColumn("category", categories=LEVELS),
}


def built(matrix: Path) -> dict[str, KnownColumn]:
    """Every feature that was built, whether the model takes it or not; with ranges and categories where it does."""
    contract = Contract.from_dict(storage.read_json(matrix / "contract.json"))
    texts = (pa.types.is_string, pa.types.is_large_string)
    found = {
        name: KnownColumn("category" if any(is_text(kind) for is_text in texts) else "number")
        for name, kind in matrices.features(matrix).items()
    }
    chosen = {
        one.name: KnownColumn(one.type, one.minimum, one.maximum, one.categories if one.type == "category" else ())
        for one in contract.columns
    }
    return {**found, **chosen}


def known(
    matrix: Path, asked: Collection[Condition], lexicons: Collection[str] = (), rules: Collection[str] = ()
) -> Columns:
    """The columns that there are, of the words that the conditions look for in known lexicons, and of known rules."""
    words = {leaf.column: KnownColumn("number", 0.0) for leaf in word_conditions(asked) if leaf.words_of in lexicons}
    warned = {column_of(rule): KnownColumn("number", 0.0) for rule in rules}
    return {**built(matrix), VALUE: KnownColumn("number"), **OF_THE_MODEL, **words, **warned}


def ambiguous(matrix: Path, asked: Collection[Condition], *more: str) -> list[str]:
    """Names in the conditions, or more, that are of ours and of a feature too: nobody could say which is meant."""
    found = [leaf for one in asked for leaf in leaves(one)]
    counted = {leaf.column for leaf in found if isinstance(leaf, WordsCondition | WarningCondition)}
    ours = {VALUE, *OF_THE_MODEL, *counted}
    names = frozenset(more).union(*(one.columns() for one in asked))
    return [
        f"'{name}' is a feature and also what rules call the {f'{name.split()[0]}s' if name in counted else name} of a"
        " customer; give the feature another name"
        for name in sorted(names & ours & set(built(matrix)))
    ]


def word_conditions(asked: Iterable[Condition]) -> list[WordsCondition]:
    """The conditions on words that these are made of."""
    return [leaf for one in asked for leaf in leaves(one) if isinstance(leaf, WordsCondition)]


def of_file(file: AlertFile, matrix: Path) -> Columns:
    """The columns for the rules of a file."""
    return known(matrix, [rule.when for rule in file.rules.values()], tuple(file.lexicons))


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


def levels(rows: pd.DataFrame, score: np.ndarray, cuts: RiskCuts) -> np.ndarray:
    """The level of each row's score in [0, 1], by its segment; None where the score is NaN; shape (n_rows,)."""
    # A place of -1, for no score, is the last.
    found: np.ndarray = np.array([*LEVELS, None], dtype=object)[cuts.places(score, cuts.segments(rows))]
    return found
