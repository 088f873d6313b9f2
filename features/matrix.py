"""The feature matrix: one row per customer and observation date, with features and outcome."""

from collections.abc import Collection, Iterator, Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.common.exceptions import IbisError
from numpy.typing import NDArray

from features.catalog import by_table
from features.contract import Contract
from features.errors import DataError, HoldfastError
from features.feature import Feature, FeatureColumn
from features.hindsight import Hindsight
from features.history import History
from features.label import LabelWindow
from features.observations import outcomes, treatments_at
from features.plugins import MISTAKES
from features.tables import CONTROL, LEFT_IN_GAP, PLACE


def placed(customers: ir.Table) -> ir.Table:
    """The customers (column customer_id) with their index 0, 1, ... in the order of customer_id."""
    return customers.select("customer_id", **{PLACE: ibis.row_number().over(order_by="customer_id")})


def snapshot(history: History, features: Collection[Feature], customers: ir.Table) -> Iterator[ir.Table]:
    """The features of indexed customers at the date of the history, one expression per table.

    Each gives the places of the customers who have rows in that table, in no order, and the features beside them.
    """
    for table, of_table in by_table(features).items():
        aggregates = {feature.column.name: _typed(feature, history) for feature in of_table}
        found = history.table(table).group_by("customer_id").aggregate(**aggregates)
        yield customers.inner_join(found, "customer_id").select(PLACE, *aggregates)


def _typed(feature: Feature, history: History) -> ir.Value:
    """The feature's aggregate in its type. Raises HoldfastError, naming feature and file, where its function fails."""
    try:
        return feature.aggregate(history).cast("string" if feature.column.type == "category" else "float64")
    except (*MISTAKES, IbisError) as error:
        where = f"feature '{feature.column.name}' in features/definitions/{feature.theme}.py"
        raise HoldfastError(f"{where}: {type(error).__name__}: {error}") from error


def spread(found: pa.Table, size: int, features: Mapping[str, Feature]) -> pa.Table:
    """The result of `snapshot` for one table as columns of `size` rows, one per index; missing for absent customers.

    Numbers are told apart from what is missing by a null, never by NaN.
    """
    order, there = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    order[found[PLACE].to_numpy()] = np.arange(found.num_rows)
    there[found[PLACE].to_numpy()] = True
    columns = {name: _placed(found[name], order, there) for name in found.column_names if name != PLACE}
    return pa.table({name: _across(features[name], values) for name, values in columns.items()})


def _placed(found: pa.ChunkedArray, order: NDArray[np.int64], there: NDArray[np.bool_]) -> pa.Array:
    """The values in index order; null where absent. `take` is slow where few customers have numbers."""
    if not len(found) or not pa.types.is_float64(found.type):
        return found.combine_chunks().take(pa.array(order, mask=~there))
    flat = found.combine_chunks()
    values = np.frombuffer(flat.buffers()[1])[flat.offset :][order]  # what lies beneath a null does not matter
    known = there & flat.is_valid().to_numpy(zero_copy_only=False)[order] if flat.null_count else there
    bits = np.packbits(known, bitorder="little")
    return pa.Array.from_buffers(found.type, len(order), [pa.py_buffer(bits), pa.py_buffer(values)])


def _across(feature: Feature, values: pa.Array) -> pa.Array:
    """The values, or the feature's transformation of them over all customers, such as quintiles."""
    return (
        pa.array(feature.across(values.to_numpy(zero_copy_only=False)), from_pandas=True) if feature.across else values
    )


def labelled(rows: ir.Table, *, happened: ir.Table, known_today: Hindsight, window: LabelWindow) -> ir.Table:
    """The indexed customers, in order, with as_of, churned, left_in_gap, and the arm with its probability.

    churned is 1 where the customer left before the window closed, and left_in_gap says whether before it opened. The
    arm and its probability are missing where no campaign had a customer.
    """
    rows = rows.mutate(as_of=ibis.literal(window.as_of, type="timestamp"))
    rows = rows.left_join(outcomes(happened, window), "customer_id").drop("customer_id_right")
    in_gap = rows[LEFT_IN_GAP].fill_null(False)
    rows = rows.mutate(churned=rows.churned.fill_null(False).cast("float64"), **{LEFT_IN_GAP: in_gap})
    if "treatments" in known_today.tables:
        rows = rows.left_join(treatments_at(known_today, window), "customer_id").drop("customer_id_right")
    else:
        rows = rows.mutate(arm=ibis.null("string"), probability=ibis.null("float64"))
    return rows.order_by(PLACE)


def with_categories(columns: Collection[FeatureColumn], rows: pa.Table) -> Contract:
    """The contract of the columns; a category without declared values gets the sorted values of the rows."""
    return Contract(tuple(_with_values(column, rows) for column in columns))


def _with_values(column: FeatureColumn, rows: pa.Table) -> FeatureColumn:
    if column.type == "number" or column.categories:
        return column
    seen = pc.unique(rows[column.name].drop_null()).to_pylist()
    return FeatureColumn(column.name, column.meaning, column.unit, column.type, categories=tuple(sorted(seen)))


def check_arms(rows: pa.Table, arms: Collection[str]) -> None:
    """Raise DataError when a row has an arm that the spec does not name."""
    given = set(pc.unique(rows["arm"].drop_null()).to_pylist())
    if unknown := sorted(given - {CONTROL, *arms}):
        first = rows.filter(pc.is_in(rows["arm"], pa.array(unknown)))["customer_id"][0]
        raise DataError(
            f"unknown arm {unknown} in the treatments, such as that of customer '{first}'; the spec's arms are"
            f" {sorted(arms)} beside '{CONTROL}'."
        )
