"""Tables of a PostgreSQL database as raw files, read through Ibis."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, MissingError, UsageError
from pipelines.messages import masking

SCHEMES = ("postgresql", "postgres")
ROWS_AT_ONCE = 100_000


def is_address(place: str) -> bool:
    """Whether a place is the address of a database's table."""
    return urlsplit(place).scheme in SCHEMES


def fetch(address: str, folder: Path) -> Path:
    """Copy the table of postgresql://[USER@]HOST[:PORT]/DATABASE?table=[SCHEMA.]NAME into folder, as NAME.parquet.

    Rows are ordered by all columns, so that an unchanged table gives an unchanged file. The password, and what the
    address leaves out, come from where psql has them: PGPASSWORD, ~/.pgpass and the like. Raises UsageError for an
    address that says less or more, MissingError when there is no such server or table, DataError for an empty one.
    """
    import ibis
    import psycopg

    parts = urlsplit(address)
    schema, name = _table(parts)
    told = {"host": parts.hostname, "port": _port(parts), "user": parts.username, "database": parts.path.strip("/")}
    try:
        connection = ibis.postgres.connect(**{key: value for key, value in told.items() if value})
    except psycopg.OperationalError as error:
        why = masking.mask(" ".join(str(error).split()))
        raise MissingError(f"no database at {masking.mask(address)}: {why}") from error
    try:
        table = _found(connection, name, schema=schema, address=address)
        path = folder / f"{name}.parquet"
        rows = _write(path, table)
    except psycopg.Error as error:
        why = masking.mask(" ".join(str(error).split()))
        raise MissingError(f"cannot read {masking.mask(address)}: {why}") from error
    finally:
        connection.disconnect()
    if not rows:
        raise DataError(f"{address} holds no rows.")
    return path


def _table(parts: SplitResult) -> tuple[str | None, str]:
    """The schema, if one is said, and the name of the table."""
    tables = parse_qs(parts.query).get("table", [])
    if parts.password is not None or masking.has_secret(parts.geturl()):
        raise UsageError(f"the address of {parts.path.strip('/')} holds a password; set PGPASSWORD or use ~/.pgpass.")
    if len(tables) != 1 or not parts.path.strip("/"):
        raise UsageError(f"{parts.geturl()} names no table; write postgresql://HOST/DATABASE?table=SCHEMA.NAME.")
    schema, _, name = tables[0].rpartition(".")
    return schema or None, name


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise UsageError(f"{masking.mask(parts.geturl())}: {error}.") from error


def _found(connection: Any, name: str, *, schema: str | None, address: str) -> Any:
    names = connection.list_tables(database=schema)
    if name not in names:
        raise MissingError(f"{address}: no such table; there are {sorted(names)}.")
    return connection.table(name, database=schema)


def _write(path: Path, table: Any) -> int:
    """Write the table, a batch of it in memory at a time, and count its rows."""
    schema = table.schema()
    sortable = [
        name for name, type_ in schema.items() if not (type_.is_json() or type_.is_nested() or type_.is_unknown())
    ]
    batches: Iterator[pa.RecordBatch] = table.order_by(sortable).to_pyarrow_batches(chunk_size=ROWS_AT_ONCE)
    rows = 0
    with pq.ParquetWriter(path, schema.to_pyarrow(), compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
