"""Files as text tables in DuckDB, read exactly as a run would read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import MissingError, UsageError
from features.event_log.expressions import quoted
from features.file_format import PLAIN
from pipelines.raw_data import postgres, raw_files
from pipelines.raw_data.guesses import Guess
from pipelines.raw_data.parts import KINDS, in_folder
from pipelines.raw_data.recognising import recognise

SHOWN = 3


@dataclass(frozen=True)
class Sheet:
    """One file, or a folder of parts: its column names, and the DuckDB table of its texts, stripped of spaces.

    The table's columns are c0, c1, ..., whatever the file's are named. Blank texts are null. types are Arrow's for
    Parquet, and empty for text files. guess is the file's format, for the spec. parts is the number of files.
    """

    file: str
    table: str
    columns: tuple[str, ...]
    rows: int
    guess: Guess
    types: dict[str, pa.DataType]
    parts: int = 1

    def sql(self, name: str) -> str:
        """The name in the DuckDB table of a column of the file."""
        return f"c{self.columns.index(name)}"


def sheets(places: Sequence[str], database: duckdb.DuckDBPyConnection, *, in_parts: bool = True) -> list[Sheet]:
    """The sheets of all named files, and of all files in named folders; in_parts: files with equal columns as one.

    Raises MissingError where there is none, UsageError where two have the same name or one is a database table,
    DataError with the line where one cannot be read.
    """
    paths = [path for place in places for path in _files(place, in_parts=in_parts)]
    names = [path.name for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{twice} are given twice, from different places; a file is known by its name: rename one.")
    return [_sheet(path, number, database) for number, path in enumerate(paths)]


def refuse_some_parts(places: Sequence[str], found: Sequence[Sheet]) -> None:
    """Raise UsageError where some files of a folder have the same columns, as parts of a table have, and others not."""
    known = {one.file: frozenset(one.columns) for one in found}
    for folder in (Path(place) for place in places if Path(place).is_dir()):
        names = [name for name in raw_files.files_in(folder) if name in known]
        alike = next((both for one in names if len(both := [two for two in names if known[two] == known[one]]) > 1), [])
        if alike:
            others = [name for name in names if name not in alike]
            raise UsageError(
                f"{folder}: {_some(alike)} have the same columns, and {_some(others) or 'one is a folder'} not. Give"
                " the parts of one table a folder of their own, or name the files one by one where each is a table."
            )


def _is_in_parts(folder: Path, names: Sequence[str]) -> bool:
    """Whether a folder holds several files, all with the same columns: the parts of one table."""
    if len(names) < 2 or any((folder / name).is_dir() for name in names):
        return False
    return len({frozenset(recognise(folder / name).columns) for name in names}) == 1


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _files(place: str, *, in_parts: bool) -> Iterator[Path]:
    path = Path(place)
    if postgres.is_address(place):
        raise UsageError("`new` reads files only; write the table into one first, such as a Parquet file.")
    if path.is_dir():
        names = raw_files.files_in(path)
        if not names:
            raise MissingError(f"no file in {place} that ends in {', '.join(KINDS)}.")
        if in_parts and _is_in_parts(path, names):
            yield path.resolve()
        else:
            yield from (path / name for name in names)
    elif not path.exists():
        raise MissingError(f"no file {place}; give a file or a folder of files.")
    else:
        yield path


def _sheet(path: Path, number: int, database: duckdb.DuckDBPyConnection) -> Sheet:
    guess = recognise(path)
    formats = {path.name: guess.form} if guess.form != PLAIN else {}
    raw_files.check(path, formats)
    with raw_files.opened(path.parent, formats) as files:
        rows = files.texts(path.name)
    columns = tuple(rows.column_names)
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise UsageError(f"{path.name} has {twice} more than once; give each column a unique name.")
    texts = pa.table({f"c{place}": _trimmed(rows.column(place)) for place in range(rows.num_columns)})
    table = quoted(f"sheet {number}")
    database.register("sheet", texts)
    database.execute(f"CREATE OR REPLACE TABLE {table} AS FROM sheet")
    database.unregister("sheet")
    parts = in_folder(path) if path.is_dir() else [path]
    first = parts[0]
    schema = pq.read_schema(first) if first.suffix.lower() == ".parquet" else None
    types = {} if schema is None else dict(zip(schema.names, schema.types, strict=True))
    return Sheet(path.name, table, columns, rows.num_rows, guess, types, len(parts))


def _trimmed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.utf8_trim_whitespace(values.cast(pa.string()))
    return pc.if_else(pc.equal(texts, ""), None, texts)
