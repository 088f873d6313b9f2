"""Checks of a label's results: columns, types, and one row per customer and date."""

from collections.abc import Callable, Mapping

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError, SchemaError, SpecError
from features.hindsight import Hindsight
from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow
from features.tables import PLACE

Right = Callable[[dt.DataType], bool]
# The columns of each table that a label gives, and whether a type is right.
OBSERVED: Mapping[str, Right] = {"customer_id": dt.DataType.is_string}
HAPPENED: Mapping[str, Right] = {**OBSERVED, "happened_at": dt.DataType.is_timestamp}


def observed(label: Label, history: History, window: LabelWindow, options: LabelOptions) -> ir.Table:
    """The customers (column customer_id) that a label observes at the date of a history.

    Raises SchemaError when it gives other columns, SpecError when it reads no dates.
    """
    return _of_columns(label, "observed", _dated(label).observed(history, window, options), OBSERVED)


def happened_at(label: Label, known_today: Hindsight, window: LabelWindow, options: LabelOptions) -> ir.Table:
    """When each customer left (customer_id, happened_at), by a label; errors as for `observed`."""
    return _of_columns(label, "happened_at", _dated(label).happened_at(known_today, window, options), HAPPENED)


def check_observed(label: Label, customers: pa.Table, window: LabelWindow) -> None:
    """Raise DataError when a label observes a customer twice at a date, or a row without a customer_id.

    customers has customer_id, in its order.
    """
    names, when = customers["customer_id"], f"{window.as_of:%Y-%m-%d}"
    if names.null_count:
        without = f"gives {names.null_count} rows without a customer_id at {when}"
        raise DataError(f"{_where(label)}: `observed` {without}; filter them out.")
    again = pc.equal(names.slice(1), names.slice(0, max(len(names) - 1, 0)))
    if number := pc.sum(again).as_py():
        raise DataError(
            f"{_where(label)}: `observed` gives {number} of {len(names)} rows a second time at {when}, such as customer"
            f" '{names.slice(1).filter(again)[0]}'; each customer is observed once a date: end with .distinct()."
        )


def check_outcomes(label: Label, rows: pa.Table, window: LabelWindow) -> None:
    """Raise DataError when a label gives a customer two leaving times at a date.

    rows are those of `features.matrix.labelled`, which has a row for each.
    """
    again = np.diff(rows[PLACE].to_numpy()) == 0
    if number := int(again.sum()):
        raise DataError(
            f"{_where(label)}: `happened_at` gives {number} rows more than it has customers at {window.as_of:%Y-%m-%d},"
            f" such as of customer '{rows['customer_id'][1 + int(again.argmax())]}'; a customer leaves once: group by"
            " customer_id and aggregate."
        )


def _dated(label: Label) -> Dated:
    if label.dated is None:
        raise SpecError(f"{_where(label)}: it reads no dates; use it for a table without dates.")
    return label.dated


def _of_columns(label: Label, name: str, found: ir.Table, wanted: Mapping[str, Right]) -> ir.Table:
    types = dict(found.schema().items())
    if types.keys() != wanted.keys() or not all(right(types[column]) for column, right in wanted.items()):
        words = {"observed": "customer_id (text)", "happened_at": "customer_id (text) and happened_at (timestamp)"}
        given = ", ".join(f"{column} ({kind})" for column, kind in types.items())
        raise SchemaError(f"{_where(label)}: `{name}` gives {given}; it must give {words[name]}, and no more.")
    return found


def _where(label: Label) -> str:
    return f"label '{label.name}' in features/labels/{label.name}.py"
