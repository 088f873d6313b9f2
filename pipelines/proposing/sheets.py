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
from pipelines.raw_data.parts import KINDS
from pipelines.raw_data.recognising import recognise


@dataclass(frozen=True)
class Sheet:
    """One file: its column names, and the DuckDB table of its texts, stripped of spaces.

    The table's columns are c0, c1, ..., whatever the file's are named. Blank texts are null. types are Arrow's for
    Parquet, and empty for text files. guess is the file's format, for the spec.
    """

    file: str
    table: str
    columns: tuple[str, ...]
    rows: int
    guess: Guess
    types: dict[str, pa.DataType]

    def sql(self, name: str) -> str:
        """The name in the DuckDB table of a column of the file."""
        return f"c{self.columns.index(name)}"


def sheets(places: Sequence[str], database: duckdb.DuckDBPyConnection) -> list[Sheet]:
    """The sheets of all named files, and of all files in named folders.

    Raises MissingError where there is none, UsageError where two have the same name or one is a database table,
    DataError with the line where one cannot be read.
    """
    paths = [path for place in places for path in _files(place)]
    names = [path.name for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{twice} are given twice, from different places; a file is known by its name: rename one.")
    return [_sheet(path, number, database) for number, path in enumerate(paths)]


def _files(place: str) -> Iterator[Path]:
    path = Path(place)
    if postgres.is_address(place):
        raise UsageError("`new` reads files only; write the table into one first, such as a Parquet file.")
    if path.is_dir():
        names = raw_files.files_in(path)
        if not names:
            raise MissingError(f"no file in {place} that ends in {', '.join(KINDS)}.")
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
    database.execute(f"CREATE TABLE {table} AS FROM sheet")
    database.unregister("sheet")
    schema = pq.read_schema(path) if path.is_file() and path.suffix.lower() == ".parquet" else None
    types = {} if schema is None else dict(zip(schema.names, schema.types, strict=True))
    return Sheet(path.name, table, columns, rows.num_rows, guess, types)


def _trimmed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.utf8_trim_whitespace(values.cast(pa.string()))
    return pc.if_else(pc.equal(texts, ""), None, texts)
