"""Ibis for DuckDB, with statements that DuckDB plans once: few rows are computed in less time than a plan takes."""

from typing import Any

from ibis.backends.sql.compilers.base import NULL

from pipelines.matrix.duckdb_engine import CountIfCompiler


class PlannedOnceCompiler(CountIfCompiler):
    """What the engine of the batch compiles, without NULLIF.

    DuckDB makes `CASE WHEN a = b THEN NULL ELSE a END` of it, in which a parameter of `a` stands twice; such statements
    it plans anew at each execution. Written out here, each place has a parameter of its own.
    """

    def visit_NullIf(self, op: Any, *, arg: Any, null_if_expr: Any) -> Any:  # noqa: ARG002, N802 - Ibis finds it by name
        """The same value."""
        return self.if_(arg.eq(null_if_expr), NULL, arg)
