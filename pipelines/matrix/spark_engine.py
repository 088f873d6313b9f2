"""Runs the feature queries on Apache Spark instead of DuckDB, for data too large for one machine."""

import os
import tempfile
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from features.errors import UsageError
from features.feature import Feature
from features.hindsight import Hindsight
from features.matrix import snapshot
from features.schema import Table
from pipelines.matrix.duckdb_engine import Engine, corrected, present

# Spark says errors only, from its first word.
LOGGING = """rootLogger.level = error
logger.spark.level = error
logger.spark.name = org.apache.spark
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = spark: %m%n%ex{short}
"""


class AlignedSparkCompiler(PySparkCompiler):  # type: ignore[misc]  # Ibis ships no types
    """Ibis 12 for Spark, with two results made equal to DuckDB's."""

    def visit_DefaultLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802 - Ibis finds it by name
        """A fraction is a double: Spark reads 86400.0 as a decimal and would round quotients."""
        literal = super().visit_DefaultLiteral(op, value=value, dtype=dtype)
        return self.cast(literal, dtype) if dtype.is_floating() else literal

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: N802 - Ibis finds it by name
        """A condition that is missing for every row counts 0, not missing."""
        return super().visit_CountStar(op, arg=arg, where=where) if where is None else self.f.count_if(where)


class SparkEngine(Engine):
    """An open engine on Spark; stored results are cached views."""

    def several(self) -> list[Engine]:
        """One engine: Spark itself parallelises a date."""
        return [self]

    def snapshot(
        self, features: Collection[Feature], *, as_of: datetime, look_back_days: int, observed: ir.Table
    ) -> Iterator[pa.Table]:
        """The result of `features.matrix.snapshot` at a date."""
        history = self.history(as_of, look_back_days=look_back_days)
        return map(self.rows, snapshot(history, features, observed))

    def rows(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression, without conversion to pandas."""
        found = self.connection.raw_sql(self.connection.compile(expression)).toArrow()
        return found.cast(expression.schema().to_pyarrow())

    def kept(self, name: str, expression: ir.Table, *, shared: bool = False) -> ir.Table:  # noqa: ARG002 - all is
        """An expression's result, stored under a name, replacing the previous one."""
        self.connection.raw_sql(f"DROP VIEW IF EXISTS {name}")
        self.connection.raw_sql(f"CACHE TABLE {name} AS {self.connection.compile(expression)}")
        return self.connection.table(name).cast(expression.schema())


@contextmanager
def opened(folder: Path, declared: Mapping[str, Table]) -> Iterator[Engine]:
    """An engine on the cluster of SPARK_MASTER, over the Parquet parts of a folder that it can read.

    Without SPARK_MASTER Spark runs on all cores of this machine. Raises MissingError when there is no such folder,
    UsageError when Spark or Java is not installed or the cluster cannot be reached.
    """
    found = present(folder, declared)
    with tempfile.TemporaryDirectory(prefix="holdfast-spill-") as spill:
        connection = _connected(os.environ.get("SPARK_MASTER", "local[*]"), Path(spill))
        try:
            tables = {
                name: connection.read_parquet(
                    f"file://{folder.resolve() / name}/*.parquet", table_name=name, mergeSchema=True
                )
                for name in found
            }
            yield corrected(SparkEngine(connection, Hindsight(tables, found)))
        finally:
            connection.disconnect()


def _connected(master: str, spill: Path) -> Any:
    logging = spill / "log4j2.properties"
    logging.write_text(LOGGING)
    settings = {
        "spark.master": master,
        "spark.app.name": "holdfast",
        "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={logging}",
        "spark.local.dir": str(spill),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(spill / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    with warnings.catch_warnings():
        # Spark 4.3 warns of pandas 3, of which we use nothing here; it may go with the next Spark.
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        try:
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise UsageError("engine 'spark' needs the extra 'spark': install it with `make .venv/spark`.") from error
        try:
            connection = ibis.pyspark.connect(SparkSession.builder.config(map=settings).getOrCreate())
        except (Py4JError, PySparkException) as error:
            reason = str(getattr(error, "java_exception", error)).strip().splitlines()[0].rstrip(".")
            raise UsageError(
                f"Spark did not start on '{master}': {reason}. It needs Java 17 or later; see also SPARK_MASTER."
            ) from error
    connection.compiler = AlignedSparkCompiler()
    return connection
