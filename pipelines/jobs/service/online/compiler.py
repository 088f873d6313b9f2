"""Ibis for DuckDB, with statements that cost little where there are few rows."""

from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL, AggGen

from pipelines.matrix.duckdb_engine import CountIfCompiler

# Aggregates that pass over what is missing.
WITHOUT_NULLS = ("sum", "count", "min", "max", "avg")


class _ByCase(AggGen):  # type: ignore[misc]  # Ibis ships no types
    """Conditional aggregates of what is missing where the condition does not hold.

    DuckDB makes room for all arguments of a statement for every FILTER in it: that takes longer than few rows do.
    """

    def aggregate(self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: tuple[Any, ...] = ()) -> Any:
        """The aggregate as SQL; the same value as with FILTER."""
        plain = len(args) == 1 and not isinstance(args[0], sge.Distinct | sge.Star)
        if where is None or order_by or not plain or name.lower() not in WITHOUT_NULLS:
            return super().aggregate(compiler, name, *args, where=where, order_by=order_by)
        return super().aggregate(compiler, name, compiler.if_(where, args[0], NULL))


class FewRowsCompiler(CountIfCompiler):
    """What the engine of the batch compiles, without filters of aggregates."""

    agg = _ByCase(supports_filter=True, supports_order_by=True)
