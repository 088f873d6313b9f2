"""Raw files as sources see them: CSV, Parquet, Excel and JSON lines, as texts or as views of a DuckDB database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.errors import DataError, MissingError, UsageError
from features.file_format import PLAIN, FileFormat, Formats, format_of
from features.reserved import alike, plain
from pipelines.files import spreadsheet
from pipelines.processes.memory import limits
from pipelines.raw_data import csv_files, excel
from pipelines.raw_data.csv_files import Seen

KINDS = (".csv", ".parquet", ".xlsx", ".jsonl", ".ndjson")
# What DuckDB advises cannot be followed from a spec.
_ADVICE = re.compile(r"\s*(Possible (fixes|Solution)|LINE 1:|To correctly parse).*", re.DOTALL)


class RawFiles:
    """The raw files of a folder, read as `formats` says; see features.source.Raw."""

    def __init__(self, folder: Path, database: duckdb.DuckDBPyConnection, formats: Formats) -> None:
        self._folder, self._formats = folder, formats
        self._views: dict[str, str] = {}
        self.database = database
        self.names = files_in(folder, formats)

    def texts(self, name: str) -> pa.Table:
        """A file as a table of texts, its rows in order.

        Raises MissingError or DataError when it cannot be read or holds no rows.
        """
        path = self._path(name)
        kind, form = self._how(path)
        with _telling(path):
            if kind == ".csv":
                rows = _csv_texts(path, form)
            elif kind == ".parquet":
                rows = _as_text(pq.read_table(path))
            elif kind == ".xlsx":
                rows, _ = excel.texts(path, form)
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
        path = self._path(name)
        kind, form = self._how(path)
        with _telling(path):
            if kind == ".parquet":
                return list(pq.read_schema(path).names)
            if kind == ".csv":
                return csv_files.header(path, form)
        return [row[0] for row in self.database.execute(f"DESCRIBE {self._view(name)}").fetchall()]

    def _view(self, name: str) -> str:
        if name not in self._views:
            path, view = self._path(name), f'"raw {len(self._views)}"'
            with _telling(path):
                self.database.execute(f"CREATE TEMP VIEW {view} AS FROM {self._scan(path)}")
            self._views[name] = view
        return self._views[name]

    def check(self, name: str) -> Seen:
        """Read every row of a file. Raises DataError that says what is wrong, where, and what to do."""
        path = self._path(name)
        kind, form = self._how(path)
        with _telling(path):
            if kind == ".csv":
                return csv_files.check(path, form)
            if kind == ".xlsx":
                return excel.texts(path, form)[1]
        return Seen([], self.count(name))

    def _how(self, path: Path) -> tuple[str, FileFormat]:
        """The kind of a file, and how its fields are read."""
        form = format_of(path.name, self._formats)
        kind = path.suffix.lower()
        return kind if kind in KINDS else ".csv", form or PLAIN

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
        (kind, form), name = self._how(path), _literal(str(path))
        if kind == ".parquet":
            return f"read_parquet({name})"
        if kind == ".csv":
            names, header = csv_files.header(path, form), str(form.header).lower()
            signs = f"delim = {_literal(form.separator)}, quote = '\"', escape = '\"', nullstr = ''"
            options = f"auto_detect = false, header = {header}, {signs}, strict_mode = true"
            return f"read_csv({name}, columns = {_texts(names)}, {options})"
        if kind == ".xlsx":
            rows, _ = excel.texts(path, form)
            self.database.register(table := f"excel {len(self._views)}", rows)
            return _quoted(table)
        json = f"read_json({name}, format = 'newline_delimited'"
        found = self.database.execute(f"DESCRIBE FROM {json}, sample_size = -1)").fetchall()
        return f"{json}, columns = {_texts([row[0] for row in found])})"


@contextmanager
def opened(folder: Path, formats: Formats | None = None) -> Iterator[RawFiles]:
    """The raw files of a folder, with a database in memory, within a limit, that spills to disk."""
    with limits() as limited, duckdb.connect(config={**limited, "preserve_insertion_order": False}) as database:
        database.execute(spreadsheet.macro())
        yield RawFiles(folder, database, formats or {})


def files_in(folder: Path, formats: Formats | None = None) -> tuple[str, ...]:
    """The names of the files of a folder that can be raw data, or whose format is given, in order."""
    files = [path for path in folder.glob("*") if path.is_file()]
    return tuple(sorted(path.name for path in files if _is_data(path, formats or {})))


def count(path: Path, formats: Formats | None = None) -> int:
    """The number of rows of a raw file; see `check`."""
    return check(path, formats or {}).rows


def check(path: Path, formats: Formats) -> Seen:
    """Read every row of a raw file, wherever it lies.

    Raises UsageError for a file of another kind, MissingError when it is not there, DataError when it cannot be
    read or holds no rows.
    """
    if path.is_file() and not _is_data(path, formats):
        raise UsageError(
            f"{path.name} is none of {', '.join(KINDS)}; export it as one of these, or, where a sign separates its"
            f' fields, say in the spec, beside the file, how it is read: `format: {{separator: ","}}`.'
        )
    with opened(path.parent, formats) as files:
        return files.check(path.name)


def _is_data(path: Path, formats: Formats) -> bool:
    return path.suffix.lower() in KINDS or format_of(path.name, formats) is not None


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Tell in one line which file cannot be read, and why."""
    try:
        yield
    except (
        duckdb.InvalidInputException,
        duckdb.ConversionException,
        duckdb.NotImplementedException,
        pa.ArrowInvalid,
        UnicodeDecodeError,
    ) as error:
        reason = " ".join(_ADVICE.sub("", str(error)).split("\n\n")[0].split())
        raise DataError(f"cannot read {path.name}: {reason}") from error
    except BadZipFile as error:
        raise DataError(
            f"cannot read {path.name}: it is no workbook ({error}); save it as .xlsx, or as CSV."
        ) from error


def _csv_texts(path: Path, form: FileFormat) -> pa.Table:
    names = csv_files.header(path, form)
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    # Four bytes a character of the longest row: one has to lie within a block.
    reading = pa_csv.ReadOptions(column_names=None if form.header else names, block_size=8 * csv_files.LONGEST)
    parsing = pa_csv.ParseOptions(newlines_in_values=True, delimiter=form.separator)
    try:
        return pa_csv.read_csv(path, read_options=reading, convert_options=options, parse_options=parsing)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        csv_files.check(path, form)  # which tells the line
        raise


def _not_empty(rows: pa.Table, name: str) -> pa.Table:
    if rows.num_rows == 0:
        raise DataError(f"{name} holds no rows.")
    return rows


def _as_text(rows: pa.Table) -> pa.Table:
    return pa.table({name: _plain(rows[name]) for name in rows.column_names})


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_nested(values.type):
        return pa.chunked_array(
            [pa.array([None if one is None else str(one) for one in values.to_pylist()], pa.string())]
        )
    return values.cast(pa.string())


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
