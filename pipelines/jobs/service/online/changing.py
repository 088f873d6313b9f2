"""Rows that change under a view of DuckDB."""

import duckdb
import pyarrow as pa


class Changing:
    """A table whose rows are put in place of others, of the same columns.

    DuckDB plans a prepared statement anew, at each execution, where it reads a table of its own; over few rows that
    takes most of the time. It asks this for its rows only when it runs.
    """

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows

    def show(self, cursor: duckdb.DuckDBPyConnection, name: str) -> None:
        """Make a view of the rows, which this connection alone sees."""
        cursor.register(name, self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as they are now, for whoever speaks Arrow's interface."""
        return self.rows.__arrow_c_stream__(requested_schema)
