"""Reading the matrix: rows by date, with features from one partition per theme."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, MissingError, SpecError
from features.tables import PLACE
from pipelines.files import storage

LEARN, SCORE, THEMES, FROZEN = "learn", "score", "themes", "frozen"


def read(matrix: Path, purpose: str, columns: Collection[str] | None = None) -> pa.Table:
    """The rows of a purpose (learn or score), dates in order; restricted to columns, if given.

    Raises MissingError when there are none.
    """
    return pa.concat_tables(parts(matrix, purpose, columns), promote_options="default")


def parts(matrix: Path, purpose: str, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
    """The same rows, a table for each date. Raises MissingError when there are none."""
    partitions = sorted((matrix / purpose).glob("*.parquet"))
    if not partitions:
        raise MissingError(f"no feature rows at {matrix / purpose}; run the build stage.")
    return (_of_date(matrix, partition, columns) for partition in partitions)


def of_date(matrix: Path, purpose: str, date: str) -> pa.Table:
    """The rows of one of `dates`."""
    return _of_date(matrix, matrix / purpose / f"{date}.parquet", None)


def count(matrix: Path, purpose: str, date: str = "*") -> int:
    """The number of rows of `read`, or of one of `dates`."""
    return sum(pq.read_metadata(partition).num_rows for partition in (matrix / purpose).glob(f"{date}.parquet"))


def churned_share(matrix: Path) -> float:
    """The share that left of all rows with a known outcome, those of the gate cohort included."""
    return float(np.mean(read(matrix, LEARN, ["churned"])["churned"].to_numpy()))


def taken(matrix: Path, purpose: str, index: npt.NDArray[np.intp]) -> pa.Table:
    """The rows at these ascending positions of `read`; only these are held in memory."""
    found, start = [], 0
    for part in parts(matrix, purpose):
        low, high = np.searchsorted(index, (start, start + part.num_rows))
        found.append(part.take(index[low:high] - start))
        start += part.num_rows
    return pa.concat_tables(found, promote_options="default")


def beside(tables: Iterable[pa.Table]) -> pa.Table:
    """The columns of row-aligned tables, side by side."""
    return pa.table({name: rows[name] for rows in tables for name in rows.column_names})


def to_score(matrix: Path) -> pd.DataFrame:
    """The customers of the newest date with all columns. Raises DataError where there is none."""
    rows: pd.DataFrame = read(matrix, SCORE).to_pandas()
    if rows.empty:
        raise DataError(
            "the newest date of the data has no customer to score; add data of customers who have not left."
        )
    return rows


class Columns(Mapping[str, pa.ChunkedArray]):
    """Some columns of `read`, each loaded when needed."""

    def __init__(self, matrix: Path, purpose: str, names: Collection[str]) -> None:
        self._matrix, self._purpose, self._names = matrix, purpose, tuple(names)

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        return read(self._matrix, self._purpose, [name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def names(matrix: Path, purpose: str) -> list[str]:
    """The column names of `read`."""
    partition = next((matrix / purpose).glob("*.parquet"))
    own = [name for name in pq.read_schema(partition).names if name != PLACE]
    return own + [name for one in (matrix / THEMES).glob(f"*/{partition.name}") for name in pq.read_schema(one).names]


def features(matrix: Path) -> dict[str, pa.DataType]:
    """The features of all themes, with their types; none where a table's rows hold them."""
    first = {one.parent: one for one in sorted((matrix / THEMES).glob("*/*.parquet"), reverse=True)}
    return {field.name: field.type for one in first.values() for field in pq.read_schema(one)}


def digest(matrix: Path, purpose: str) -> str:
    """A hash of all rows of `read`."""
    partitions = sorted((matrix / purpose).glob("*.parquet"))
    themes = [theme for one in partitions for theme in sorted((matrix / THEMES).glob(f"*/{one.name}"))]
    return hashlib.sha256(" ".join(storage.digest(path) for path in (*partitions, *themes)).encode()).hexdigest()[:16]


def dates(matrix: Path, purpose: str) -> list[str]:
    """The partition names of a purpose, in order."""
    return sorted(partition.stem for partition in (matrix / purpose).glob("*.parquet"))


def listed(matrix: Path) -> int:
    """The number of customers on the ranked list."""
    return int(storage.read_json(matrix / "counts.json")[SCORE])


def frozen_days(matrix: Path) -> list[int]:
    """The numbers of days for which the gate cohort's features were frozen; none without dates."""
    return sorted(int(folder.name.removeprefix("days=")) for folder in (matrix / FROZEN).glob("days=*"))


def frozen(matrix: Path, days: int, date: str) -> pa.Table:
    """The training features of a date, as of so many days before the horizon opened."""
    observed = pq.read_table(matrix / LEARN / f"{date}.parquet", columns=[PLACE])
    return pq.read_table(matrix / FROZEN / f"days={days}" / f"{date}.parquet").take(observed[PLACE])


def column(matrix: Path, partition: str, name: str) -> pa.ChunkedArray:
    """A feature of all customers of a date, in index order. Raises SpecError when no theme has it."""
    themes = sorted((matrix / THEMES).glob(f"*/{partition}"))
    for theme in themes:
        if name in pq.read_schema(theme).names:
            return pq.read_table(theme, columns=[name])[name]
    known = sorted({one for theme in themes for one in pq.read_schema(theme).names})
    raise SpecError(f"value.column '{name}' is no column of the matrix; it has {known}.")


def _of_date(matrix: Path, partition: Path, columns: Collection[str] | None) -> pa.Table:
    rows = pq.read_table(partition)
    rows = beside([rows, *_themes(matrix, partition, rows, columns)])
    return rows.select([name for name in rows.column_names if name != PLACE and (columns is None or name in columns)])


def _themes(matrix: Path, partition: Path, rows: pa.Table, columns: Collection[str] | None) -> Iterator[pa.Table]:
    if PLACE not in rows.column_names:
        return
    for theme in sorted((matrix / THEMES).glob(f"*/{partition.name}")):
        names = [name for name in pq.read_schema(theme).names if columns is None or name in columns]
        if names:
            yield pq.read_table(theme, columns=names).take(rows[PLACE])
