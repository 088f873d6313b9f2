"""The canonical tables of the newest batch, sorted by customer, in files in which the rows of few are found at once."""

import hashlib
import json
import secrets
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import HoldfastError, MissingError, StorageError
from features.event_log.expressions import literal
from features.schema import Table
from pipelines.files import storage
from pipelines.matrix.duckdb_engine import present
from pipelines.processes import memory, removal

# Under the state of a spec.
FOLDER = "service"
# Of the layout of the files: another number, and they are made anew.
LAYOUT = 3
# How many rows stand together, and are read to find one customer; how many are sorted rows at a time.
ROWS, PORTION = 2048, 65_536
CUSTOMER, ROWS_OF, FIRSTS_OF = "customer_id", ".arrow", ".firsts"


@dataclass(frozen=True)
class SortedTables:
    """A folder with the tables of a batch; key names the batch.

    until is the moment just after all that the batch knew; received the number of the last received event in it.
    """

    path: Path
    declared: Mapping[str, Table]
    key: str
    until: datetime
    received: int


class SortedTable:
    """A table of such a folder, open for reading. Not thread-safe."""

    def __init__(self, folder: Path, name: str) -> None:
        self._bytes = pa.memory_map(str(folder / f"{name}{ROWS_OF}"))
        self._file = pa.ipc.open_file(self._bytes, options=pa.ipc.IpcReadOptions(use_threads=False))
        self._firsts: list[str] = storage.read_json(folder / f"{name}{FIRSTS_OF}")

    def of(self, customers: Sequence[str]) -> pa.Table:
        """The rows of customers, in the columns of the file."""
        # A customer's rows may begin within the last rows before those that begin with the customer.
        places = {
            place
            for one in customers
            for place in range(max(bisect_left(self._firsts, one) - 1, 0), bisect_right(self._firsts, one))
        }
        wanted = pa.array(customers, pa.string())
        found = (self._file.get_batch(place) for place in sorted(places))
        return pa.Table.from_batches([one.filter(pc.is_in(one[CUSTOMER], wanted)) for one in found], self._file.schema)

    def close(self) -> None:
        """Give the file back: one that was removed takes room on the disk until then."""
        self._bytes.close()


def tables_in(folder: Path) -> list[SortedTable]:
    """All tables of a folder, for whoever closes them."""
    return [SortedTable(folder, path.stem) for path in sorted(folder.glob(f"*{ROWS_OF}"))]


def of_batch(tables: Path, declared: Mapping[str, Table], *, folder: Path) -> SortedTables:
    """The folder of the newest batch, made in `folder` where it is not there.

    tables is the folder of the canonical tables, declared what the source declares. Raises MissingError where nothing
    was ingested.
    """
    found, about = present(tables, declared), storage.read_json(tables / "about.json")
    if not about["extracted_at"]:
        raise MissingError(f"the tables at {tables} have no dates: nothing can be told of a later moment.")
    key = _key(tables, found)
    path = folder / f"history-{key}"
    if not (there := path.exists()) or not _is_whole(path, found):
        if there:
            removal.remove(path)
        _make(path, tables, found)
    until = datetime.fromisoformat(about["extracted_at"])
    return SortedTables(path, found, key, until, int(about.get("received", 0)))


def tidy(folder: Path, *, keep: Path) -> None:
    """Take away earlier batches, and what a kill left half-made. Who has one open goes on reading it."""
    earlier = [path for path in made(folder) if path != keep]
    for path in (*earlier, *leftovers(folder, hours=1)):
        removal.remove(path)


def made(folder: Path) -> list[Path]:
    """The folders of all batches that are there."""
    return [path for path in sorted(folder.glob("history-*")) if path.is_dir()]


def leftovers(folder: Path, *, hours: float = 0) -> list[Path]:
    """What holds rows and is no batch: being made, left by a kill, or a file of an earlier version of the project.

    With hours, what nobody has written to for so long.
    """
    latest = time.time() - hours * 3600
    found = [*folder.glob(".history-*"), *(path for path in folder.glob("history-*") if not path.is_dir())]
    return [path for path in sorted(found) if _written(path) <= latest]


def _written(folder: Path) -> float:
    """When a file or folder, or a file in it, was written to last; 0 where it is gone."""
    found = [0.0]
    for path in (folder, *folder.glob("*")):
        with suppress(FileNotFoundError):
            found.append(path.stat().st_mtime)
    return max(found)


def _key(tables: Path, declared: Mapping[str, Table]) -> str:
    """A hash of which parts there are: stages replace whole folders, so size and time tell one from another."""
    parts = [
        [str(path.relative_to(tables)), path.stat().st_size, path.stat().st_mtime_ns]
        for name in sorted(declared)
        for path in sorted((tables / name).glob("*.parquet"))
    ]
    about = storage.digest(tables / "about.json")
    return hashlib.sha256(json.dumps([LAYOUT, about, parts]).encode()).hexdigest()[:16]


def _is_whole(folder: Path, names: Iterable[str]) -> bool:
    """Whether all tables can be opened; after a power cut they may be empty, or broken off."""
    try:
        for name in names:
            SortedTable(folder, name).close()
    except (OSError, HoldfastError, pa.ArrowInvalid):
        return False
    return True


def _make(path: Path, tables: Path, declared: Mapping[str, Table]) -> None:
    """Write a folder beside, then rename it: half of one is never read, and whoever makes one makes its own.

    Raises StorageError when the disk refuses.
    """
    own = path.with_name(f".{path.name}-{secrets.token_hex(8)}.tmp")
    try:
        own.mkdir(parents=True)
        with memory.limits() as limited, duckdb.connect(config=limited) as database:
            for name, table in declared.items():
                columns = ", ".join(f'"{one.name}"' for one in table.columns)
                parts = f"read_parquet({literal(str(tables / name / '*.parquet'))}, union_by_name = true)"
                some = f"{CUSTOMER} IS NOT NULL ORDER BY {CUSTOMER}"
                rows = database.sql(f"SELECT {columns} FROM {parts} WHERE {some}")  # noqa: S608 - names that we declare
                firsts = _write(own / f"{name}{ROWS_OF}", rows.to_arrow_reader(PORTION))
                storage.write_json(own / f"{name}{FIRSTS_OF}", firsts)
        own.replace(path)
    except OSError as error:
        if isinstance(error, HoldfastError):
            raise
        if not path.is_dir():  # no other process was faster
            raise StorageError(
                f"cannot write {path}: {error.strerror or error}; make room, or the folder writable."
            ) from error
    finally:
        removal.remove(own)


def _write(path: Path, rows: pa.RecordBatchReader) -> list[str]:
    """Write sorted rows, so many together; gives the first customer of each."""
    firsts = []
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema, options=options) as file:
        for portion in rows:
            for start in range(0, portion.num_rows, ROWS):
                some = portion.slice(start, ROWS)
                firsts.append(some[CUSTOMER][0].as_py())
                file.write_batch(some)
    return firsts
