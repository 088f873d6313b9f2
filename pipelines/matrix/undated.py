"""Building the matrix of a table without dates: all rows for training, some for scoring."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from experiments.sections.label import HasLabel
from experiments.sections.source import HasSource
from experiments.sections.value import HasValue
from features.arm_column import STRATUM
from features.errors import DataError, SpecError
from features.feature import FeatureColumn
from features.schema import Column, Table
from pipelines.files import storage
from pipelines.matrix.customer_value import with_value
from pipelines.matrix.matrices import LEARN, SCORE
from pipelines.matrix.partitions import Shelf

NAME = "all.parquet"


class Tabled(HasLabel, HasSource, Protocol):
    """A spec as far as the columns of its table."""


class Undated(Tabled, HasValue, Protocol):
    """A spec as far as the matrix of a table depends on it."""


def columns(spec: Tabled, declared: Mapping[str, Table]) -> tuple[FeatureColumn, ...]:
    """The feature columns of a table: all but its key, outcomes and arm."""
    left_out = {"customer_id", "arm", "probability", spec.label.column}
    left_out |= {STRATUM} if (spec.source.get("treatment") or {}).get("strata") else set()
    return tuple(
        FeatureColumn(
            column.name,
            column.meaning,
            column.unit,
            "category" if column.type in ("category", "text") else "number",
            column.minimum,
            column.maximum,
            column.values,
        )
        for column in declared["customers"].columns
        if not column.is_outcome and column.name not in left_out
    )


def outcomes(spec: HasLabel, declared: Mapping[str, Table]) -> tuple[Column, ...]:
    """The further outcomes that a table declares beside the label."""
    columns = declared["customers"].columns
    return tuple(column for column in columns if column.is_outcome and column.name != spec.label.column)


def undated(spec: Undated, folder: Path, *, declared: Mapping[str, Table], shelf: Shelf) -> Iterator[Mapping[str, int]]:
    """Build the training rows and the rows to score; gives their numbers."""
    table = storage.read_parquet(folder / "customers")
    size = table.num_rows
    plain = {
        "customer_id": table["customer_id"],
        "as_of": pa.nulls(size, pa.timestamp("us")),
        "churned": _churned(table, spec),
        "arm": table["arm"] if "arm" in table.column_names else pa.nulls(size, pa.string()),
        "probability": table["probability"] if "arm" in table.column_names else pa.nulls(size, pa.float64()),
    }
    for column in columns(spec, declared):
        plain[column.name] = table[column.name].cast(pa.string() if column.type == "category" else pa.float64())
    after = {one.name: table[one.name].cast(pa.float64()) for one in outcomes(spec, declared)}
    rows = _valued(pa.table({**plain, **after}), spec)
    shelf.write(f"{LEARN}/{NAME}", rows)
    yield {LEARN: size}
    shown = rows.filter(pc.equal(rows["churned"], 0.0)) if spec.label.leavers_are_gone else rows
    shelf.write(f"{SCORE}/{NAME}", shown.drop_columns(["churned", "arm", "probability", *after]))
    yield {SCORE: shown.num_rows}


def _valued(rows: pa.Table, spec: HasValue) -> pa.Table:
    name = spec.value.column
    if name is not None and name not in rows.column_names:
        raise SpecError(f"value.column '{name}' is no column of the matrix; it has {rows.column_names}.")
    return with_value(rows, spec.value, rows[name] if name else None)


def _churned(table: pa.Table, spec: HasLabel) -> pa.Array:
    label = spec.label
    texts = table[label.column].cast(pa.string()).combine_chunks()
    known = pc.is_in(texts, pa.array([label.churned, label.retained], pa.string()))
    if not pc.all(known).as_py():
        strange = pc.unique(texts.filter(pc.invert(known))).to_pylist()[:5]
        first = table["customer_id"].filter(pc.invert(known))[0]
        raise DataError(
            f"label column '{label.column}' holds {strange}, neither '{label.churned}' nor '{label.retained}'; the"
            f" first such row is that of customer '{first}'."
        )
    return pc.equal(texts, label.churned).cast(pa.float64())
