"""The canonical tables of the newest batch in a DuckDB file, sorted by customer, so that the rows of few are found."""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from features.errors import MissingError
from features.event_log.expressions import literal
from features.schema import Table
from pipelines.files import storage
from pipelines.matrix.duckdb_engine import present
from pipelines.processes import memory

# Under the state of a spec.
FOLDER = "service"
# Of the layout of the file: another number, and it is made anew.
LAYOUT = 2
# How many rows stand together, with the first and last customer of them: so many are read to find one customer.
ROWS = 8192
SUFFIX = ".duckdb"


@dataclass(frozen=True)
class SortedTables:
    """A file with the tables of a batch; key names the batch.

    until is the moment just after all that the batch knew; received the number of the last received event in it.
    """

    path: Path
    declared: Mapping[str, Table]
    key: str
    until: datetime
    received: int


def of_batch(tables: Path, declared: Mapping[str, Table], *, folder: Path) -> SortedTables:
    """The file of the newest batch, made in folder where it is not there.

    tables is the folder of the canonical tables, declared what the source declares. Raises MissingError where nothing
    was ingested.
    """
    found, about = present(tables, declared), storage.read_json(tables / "about.json")
    if not about["extracted_at"]:
        raise MissingError(f"the tables at {tables} have no dates: nothing can be told of a later moment.")
    key = _key(tables, found)
    path = folder / f"history-{key}{SUFFIX}"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _make(path, tables, found)
    until = datetime.fromisoformat(about["extracted_at"])
    return SortedTables(path, found, key, until, int(about.get("received", 0)))


def tidy(folder: Path, *, keep: Path) -> None:
    """Take away the files of earlier batches, and what a kill left half-made. Who has one open goes on reading it."""
    earlier = [path for path in folder.glob(f"history-*{SUFFIX}*") if not path.name.startswith(keep.name)]
    for path in (*earlier, *half_made(folder, hours=1)):
        with suppress(FileNotFoundError):
            path.unlink()


def half_made(folder: Path, *, hours: float = 0) -> list[Path]:
    """Files that are being made or never will be; with hours, those that nobody has written to for so long."""
    latest = time.time() - hours * 3600
    found = []
    for path in sorted(folder.glob(".history-*")):
        with suppress(FileNotFoundError):
            found += [path] if path.stat().st_mtime <= latest else []
    return found


def _key(tables: Path, declared: Mapping[str, Table]) -> str:
    """A hash of which parts there are: stages replace whole folders, so size and time tell one from another."""
    parts = [
        [str(path.relative_to(tables)), path.stat().st_size, path.stat().st_mtime_ns]
        for name in sorted(declared)
        for path in sorted((tables / name).glob("*.parquet"))
    ]
    about = storage.digest(tables / "about.json")
    return hashlib.sha256(json.dumps([LAYOUT, about, parts]).encode()).hexdigest()[:16]


def _make(path: Path, tables: Path, declared: Mapping[str, Table]) -> None:
    """Write the file beside, then rename it: half of one is never read, and each process makes its own."""
    own = path.with_name(f"{path.stem}-{os.getpid()}.making")
    with storage.replacing(own) as made, memory.limits() as limited, duckdb.connect(config=limited) as database:
        # The order of rows matters: it is what finds a customer.
        database.execute(f"ATTACH {literal(str(made))} AS made (ROW_GROUP_SIZE {ROWS})")
        for name, table in declared.items():
            columns = ", ".join(f'"{one.name}"' for one in table.columns)
            parts = literal(str(tables / name / "*.parquet"))
            database.execute(
                f"CREATE TABLE made.{name} AS SELECT {columns} FROM"  # noqa: S608 - names that we declare
                f" read_parquet({parts}, union_by_name = true) ORDER BY customer_id"
            )
        database.execute("DETACH made")
    own.replace(path)
