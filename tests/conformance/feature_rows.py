"""Features worked out together, and each by itself where that fails, so that the guilty one is known."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import ibis
import pyarrow as pa
import pytest

from features.catalog import by_table
from features.feature import Feature
from features.matrix import spread
from pipelines.matrix.duckdb_engine import Engine


@dataclass(frozen=True)
class Rows:
    """The feature rows of a date: who they are of, each feature's column, and what went wrong."""

    customers: list[str]
    columns: dict[str, pa.ChunkedArray] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)

    def of(self, name: str) -> pa.ChunkedArray:
        """A feature's column; a failure of that feature's test where it could not be made."""
        if name in self.errors:
            pytest.fail(f"{name} cannot be made: {self.errors[name]!r}")
        return self.columns[name]


def worked_out(
    opened: Engine,
    features: Collection[Feature],
    *,
    customers: list[str],
    **asked: ibis.Table | datetime | int,
) -> Rows:
    """The features of the customers, who are observed; asked is what `Engine.snapshot` asks beside."""
    found = Rows(customers)
    for together in by_table(features).values():
        _work_out(found, together, opened, **asked)
    return found


def _work_out(found: Rows, together: list[Feature], opened: Engine, **asked: object) -> None:
    named = {one.column.name: one for one in together}
    try:
        for made in opened.snapshot(together, **asked):
            columns = spread(made, len(found.customers), named)
            found.columns.update({name: columns[name] for name in columns.column_names})
    except Exception as error:  # noqa: BLE001 - whatever a stranger's feature raises is that feature's failure
        if len(together) == 1:
            found.errors[together[0].column.name] = error
            return
        for one in together:
            _work_out(found, [one], opened, **asked)
