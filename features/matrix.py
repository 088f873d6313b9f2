"""The matrix: one row for each customer and observation date, features beside what became of the customer."""

from collections.abc import Collection, Mapping

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from features.catalog import by_table
from features.contract import Contract
from features.errors import DataError
from features.feature import Feature, FeatureColumn
from features.history import History
from features.label import LabelWindow
from features.observations import active_customers, outcomes, treatments_at
from features.tables import CONTROL


def snapshot(history: History, features: Collection[Feature]) -> ir.Table:
    """The feature rows of every active customer at the date of the history: customer_id, as_of and the features.

    One aggregation per table; a customer without rows in a table has its features missing.
    """
    rows = active_customers(history).mutate(as_of=history.as_of_literal)
    for table, of_table in by_table(features).items():
        visible = history.table(table)
        aggregates = {feature.column.name: _typed(feature, history) for feature in of_table}
        rows = rows.left_join(visible.group_by("customer_id").aggregate(**aggregates), "customer_id")
        rows = rows.drop("customer_id_right")
    return rows


def _typed(feature: Feature, history: History) -> ir.Value:
    return feature.aggregate(history).cast("string" if feature.column.type == "category" else "float64")


def labelled(rows: ir.Table, *, happened: ir.Table, tables: Mapping[str, ir.Table], window: LabelWindow) -> ir.Table:
    """The rows with in_gap, churned (0 or 1), and the arm and its probability where a campaign took the customer in."""
    rows = rows.left_join(outcomes(happened, window), "customer_id").drop("customer_id_right")
    rows = rows.mutate(in_gap=rows.in_gap.fill_null(False), churned=rows.churned.fill_null(False).cast("float64"))
    if "treatments" in tables:
        rows = rows.left_join(treatments_at(tables, window), "customer_id").drop("customer_id_right")
    else:
        rows = rows.mutate(arm=ibis.null("string"), probability=ibis.null("float64"))
    return rows.order_by("customer_id")


def with_categories(columns: Collection[FeatureColumn], rows: pa.Table) -> Contract:
    """The contract of the columns; a category without declared values gets those that the rows hold, sorted."""
    return Contract(tuple(_with_values(column, rows) for column in columns))


def _with_values(column: FeatureColumn, rows: pa.Table) -> FeatureColumn:
    if column.type == "number" or column.categories:
        return column
    seen = pc.unique(rows[column.name].drop_null()).to_pylist()
    return FeatureColumn(column.name, column.meaning, column.unit, column.type, categories=tuple(sorted(seen)))


def check_arms(rows: pa.Table, arms: Collection[str]) -> None:
    """Raise DataError when a row was given an arm that the spec does not name."""
    given = set(pc.unique(rows["arm"].drop_null()).to_pylist())
    if unknown := sorted(given - {CONTROL, *arms}):
        raise DataError(
            f"unknown arm {unknown} in the treatments; the spec's arms are {sorted(arms)} beside '{CONTROL}'."
        )
