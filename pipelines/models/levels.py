"""Unseen categories: the levels known from training, and the rows to score that have other values.

A scorer counts a level that training never saw as missing. Nothing fails, so the rows are counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipelines.models.scorers.cells import Categories, is_missing

if TYPE_CHECKING:
    from features.contract import Contract, Matrix  # brings Ibis with it

# The record of the levels, an artifact of the model's MLflow run.
LEVELS = "levels.json"
SHOWN, LONGEST = 3, 40
SeenLevels = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Unseen:
    """The rows of a column whose level training never saw: how many, of how many levels, and the most frequent ones."""

    column: str
    rows: int
    of_rows: int
    levels: int
    most_frequent: tuple[tuple[str, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        most = [{"level": level, "rows": rows} for level, rows in self.most_frequent]
        return {**asdict(self), "most_frequent": most}


def seen(X: "Matrix", contract: "Contract") -> dict[str, list[str]]:
    """The levels of each category column that these encoded rows hold, shape (n_rows, n_columns)."""
    coded = ((k, column) for k, column in enumerate(contract.columns) if column.type == "category")
    return {
        column.name: [column.categories[int(code)] for code in sorted(pd.Series(X[:, k]).dropna().unique())]
        for k, column in coded
    }


def known_to(columns: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The levels that a contract's columns know: those of training, of the gate cohort, and declared ones."""
    return {column["name"]: list(column["categories"]) for column in columns if column["type"] == "category"}


def unseen(rows: pd.DataFrame, levels: SeenLevels) -> list[Unseen]:
    """The columns of which some rows hold a level that is not among these, read cell by cell as the scorer does."""
    return [found for name in levels for found in _of_column(rows[name], levels[name])]


def in_words(found: Mapping[str, Any]) -> str:
    """One line about the plain data of `Unseen`."""
    shown = ", ".join(f"'{_short(one['level'])}' {one['rows']:,}" for one in found["most_frequent"])
    others = int(found["levels"]) - len(found["most_frequent"])
    more = f", {others:,} more" if others else ""
    return (
        f"{found['column']}: {found['rows']:,} of {found['of_rows']:,} rows hold a level that training never saw"
        f" ({shown}{more}); they are scored as missing"
    )


def _of_column(values: pd.Series, levels: Sequence[str]) -> Iterator[Unseen]:
    known = Categories(levels)
    counts = values.astype(object).value_counts(dropna=True)
    new = {str(value): int(rows) for value, rows in counts.items() if _is_new(value, known)}
    if new:
        most = sorted(new.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
        yield Unseen(str(values.name), sum(new.values()), len(values), len(new), tuple(most))


def _is_new(value: Any, known: Categories) -> bool:
    """Whether a cell that is not missing or blank is none of the known levels."""
    if is_missing(value) or (isinstance(value, str) and not value.strip() and value not in known.known):
        return False
    code = known.code(value)
    return code is None or is_missing(code)


def _short(level: str) -> str:
    return level if len(level) <= LONGEST else f"{level[:LONGEST]}..."
