"""Raw files as sources see them: CSV, Parquet, Excel and JSON lines, as texts or as views of a DuckDB database."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.errors import DataError, MissingError, UsageError
from features.reserved import alike, plain
from pipelines.memory import limits

KINDS = (".csv", ".parquet", ".xlsx", ".jsonl", ".ndjson")


class RawFiles:
    """The raw files of a folder; see features.source.Raw."""

    def __init__(self, folder: Path, database: duckdb.DuckDBPyConnection) -> None:
        self._folder = folder
        self._views: dict[str, str] = {}
        self.database = database
        self.names = files_in(folder)

    def texts(self, name: str) -> pa.Table:
        """A file as a table of texts, its rows in order.

        Raises MissingError or DataError when it cannot be read or holds no rows.
        """
        path = self._path(name)
        with _telling(path):
            if path.suffix.lower() == ".csv":
                rows = _csv_texts(path)
            elif path.suffix.lower() == ".parquet":
                rows = _as_text(pq.read_table(path))
            elif path.suffix.lower() == ".xlsx":
                rows = _excel(path)
            else:
                rows = self._in_order(name)
        return _not_empty(rows, name)

    def relation(self, name: str) -> str:
        """The quoted name of a view of a file. Raises MissingError or DataError when it cannot be read."""
        if alike_names := list(alike(self._names(name))):
            raise DataError(
                f"{name} has columns that differ by capital letters only: {alike_names}; an expression cannot tell them"
                " apart. Call one of each otherwise in the file, or leave it out."
            )
        return self._view(name)

    def _names(self, name: str) -> list[str]:
        """The columns as the file itself calls them; DuckDB would give the second of two alike another name."""
        path, kind = self._path(name), Path(name).suffix.lower()
        with _telling(path):
            if kind == ".parquet":
                return list(pq.read_schema(path).names)
            if kind == ".csv":
                return _header(path)
        return [row[0] for row in self.database.execute(f"DESCRIBE {self._view(name)}").fetchall()]

    def _view(self, name: str) -> str:
        if name not in self._views:
            path, view = self._path(name), f'"raw {len(self._views)}"'
            with _telling(path):
                self.database.execute(f"CREATE TEMP VIEW {view} AS FROM {self._scan(path)}")
            self._views[name] = view
        return self._views[name]

    def count(self, name: str) -> int:
        """The number of rows of a file, every one of which is read. Raises DataError when one cannot be."""
        view = self._view(name)
        with _telling(self._path(name)):
            columns = [row[0] for row in self.database.execute(f"DESCRIBE {view}").fetchall()]
            every = ", ".join(f"max({_quoted(column)}::VARCHAR)" for column in columns)
            rows = int(self.database.execute(f"SELECT count(*), {every} FROM {view}").fetchall()[0][0])  # noqa: S608
        if not rows:
            raise DataError(f"{name} holds no rows.")
        return rows

    def _in_order(self, name: str) -> pa.Table:
        """The rows as the file has them; a view gives them in whatever order is quickest."""
        view = self._view(name)
        self.database.execute("SET preserve_insertion_order = true")
        try:
            return self.database.sql(f"FROM {view}").to_arrow_table()
        finally:
            self.database.execute("SET preserve_insertion_order = false")

    def _path(self, name: str) -> Path:
        if not (self._folder / name).is_file():
            raise MissingError(f"no file {self._folder / name}.")
        return self._folder / name

    def _scan(self, path: Path) -> str:
        """The FROM clause that reads a file."""
        kind, name = path.suffix.lower(), _literal(str(path))
        if kind == ".parquet":
            return f"read_parquet({name})"
        if kind == ".csv":
            options = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = ''"
            return f"read_csv({name}, columns = {_texts(_header(path))}, {options}, strict_mode = true)"
        if kind == ".xlsx":
            self.database.register(table := f"excel {len(self._views)}", _excel(path))
            return _quoted(table)
        json = f"read_json({name}, format = 'newline_delimited'"
        found = self.database.execute(f"DESCRIBE FROM {json}, sample_size = -1)").fetchall()
        return f"{json}, columns = {_texts([row[0] for row in found])})"


@contextmanager
def opened(folder: Path) -> Iterator[RawFiles]:
    """The raw files of a folder, with a database in memory, within a limit, that spills to disk."""
    with limits() as limited, duckdb.connect(config={**limited, "preserve_insertion_order": False}) as database:
        yield RawFiles(folder, database)


def files_in(folder: Path) -> tuple[str, ...]:
    """The names of the files of a folder that can be raw data, in order."""
    return tuple(sorted(path.name for path in folder.glob("*") if path.suffix.lower() in KINDS and path.is_file()))


def count(path: Path) -> int:
    """The number of rows of a raw file.

    Raises UsageError for a file of another kind, MissingError when it is not there, DataError when it cannot be
    read or holds no rows.
    """
    if path.is_file() and path.suffix.lower() not in KINDS:
        raise UsageError(f"{path.name} is none of {', '.join(KINDS)}; export it as one of these.")
    with opened(path.parent) as files:
        return files.count(path.name)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Tell in one line which file cannot be read, and why."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException, pa.ArrowInvalid) as error:
        reason = " ".join(str(error).split("\n\n")[0].split())
        raise DataError(f"cannot read {path.name}: {reason}") from error
    except (UnicodeDecodeError, csv.Error, BadZipFile) as error:
        raise DataError(f"cannot read {path.name}: {error}") from error


def _csv_texts(path: Path) -> pa.Table:
    types = dict.fromkeys(_header(path), pa.string())
    options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    return pa_csv.read_csv(path, convert_options=options, parse_options=pa_csv.ParseOptions(newlines_in_values=True))


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines), [])
    if not header or (twice := {name for name in header if header.count(name) > 1}):
        raise DataError(
            f"{path.name} needs a first line of names" + (f"; {sorted(twice)} stand twice." if header else ".")
        )
    if len(header) == 1 and (other := next((sign for sign in ";\t|" if sign in header[0]), None)):
        raise DataError(f"{path.name} is separated by {other!r}; save it with commas: its first line is {header[0]!r}.")
    return header


def _excel(path: Path) -> pa.Table:
    sheets = pd.read_excel(path, engine="openpyxl", sheet_name=None, dtype=str, keep_default_na=False, na_values=[""])
    filled = {name: rows for name, rows in sheets.items() if len(rows.columns)}
    if len(filled) != 1:
        raise DataError(f"{path.name} has the sheets {list(filled)}; save the one that is meant as a file of its own.")
    return pa.Table.from_pandas(next(iter(filled.values())).astype("string"), preserve_index=False)


def _not_empty(rows: pa.Table, name: str) -> pa.Table:
    if rows.num_rows == 0:
        raise DataError(f"{name} holds no rows.")
    return rows


def _as_text(rows: pa.Table) -> pa.Table:
    return pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})


def _texts(names: list[str]) -> str:
    """The columns of a view, all texts; of two that DuckDB takes for one, the second gets a number."""
    seen: list[str] = []
    for name in names:
        again = sum(plain(name) == plain(one) for one in seen)
        seen.append(f"{name}_{again}" if again else name)
    return "{" + ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in seen) + "}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
