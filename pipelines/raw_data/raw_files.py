"""Raw files as sources see them: CSV, Parquet, Excel and JSON lines, as texts or as views of a DuckDB database."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import duckdb
import pyarrow as pa

from features.errors import DataError, HoldfastError, MissingError, SchemaError, UsageError
from features.event_log.expressions import quoted
from features.file_format import PLAIN, Formats, format_of
from features.reserved import alike
from features.schema import nearest
from pipelines.files import spreadsheet
from pipelines.processes.memory import limits
from pipelines.raw_data import csv_files, excel, json_lines, scans
from pipelines.raw_data.csv_files import Seen
from pipelines.raw_data.parts import KINDS, Part, is_data, parts_of
from pipelines.raw_data.recognising import recognise
from pipelines.raw_data.text_encodings import said_briefly

# DuckDB's advice cannot be followed in a spec, so messages leave it out.
_ADVICE = re.compile(
    r"\s*(Possible (fixes|Solution)|LINE 1:|To correctly parse|Try (setting|auto-detecting)).*", re.DOTALL
)


class RawFiles:
    """The raw files of a folder, read as `formats` says; see features.source.Raw."""

    def __init__(self, folder: Path, database: duckdb.DuckDBPyConnection, formats: Formats, *, scratch: Path) -> None:
        self._folder, self._formats, self._scratch = folder, formats, scratch
        self._views: dict[str, str] = {}
        self._parts: dict[str, list[Part]] = {}
        self.database = database
        self.names = files_in(folder, formats)

    def texts(self, name: str) -> pa.Table:
        """A file as a table of texts, its rows in order.

        Raises MissingError or DataError when it cannot be read or holds no rows.
        """
        several = []
        for part in self._parts_of(name):
            with _errors_named(part):
                several.append(scans.texts_of(part, self.database, self._scratch))
        return _not_empty(pa.concat_tables(several), name)

    def in_parts(self, name: str, columns: Sequence[str], *, rows: int, longest: int) -> Iterator[pa.RecordBatch]:
        """Some columns of a file as texts, in the order of its rows, so many at a time; longest characters of a cell.

        Raises SchemaError where it has no such column, MissingError or DataError when it cannot be read.
        """
        first = self._parts_of(name)[0]
        with _errors_named(first):
            there = scans.columns_of(first, self.database)
        if missing := [one for one in columns if one not in there]:
            meant = "; ".join(f"'{one}': {nearest(one, there)}" for one in missing)
            raise SchemaError(f"{name} has no column {missing}; {meant}.")
        cells = {one: f"left(CAST({quoted(one)} AS VARCHAR), {longest})" for one in columns}
        asked = ", ".join(f"{cell} AS {quoted(one)}" for one, cell in cells.items())
        for part in self._parts_of(name):
            with _errors_named(part), scans.in_order(self.database):
                scan = scans.scan_of(part, self.database, self._scratch)
                yield from self.database.sql(f"SELECT {asked} FROM {scan}").to_arrow_reader(rows)  # noqa: S608 - quoted

    def relation(self, name: str) -> str:
        """The quoted name of a view of a file. Raises MissingError or DataError when it cannot be read."""
        first = self._parts_of(name)[0]
        with _errors_named(first):
            columns = scans.columns_of(first, self.database)
        if alike_names := list(alike(columns)):
            raise DataError(
                f"{name} has columns that differ by capital letters only: {alike_names}; an expression cannot"
                " distinguish them. Rename one of each in the file, or leave it out."
            )
        return self._view(name)

    def _view(self, name: str) -> str:
        if name not in self._views:
            view, several = f'"raw {len(self._views)}"', []
            for part in self._parts_of(name):
                with _errors_named(part):
                    several.append(scans.scan_of(part, self.database, self._scratch))
            with _errors_named(self._parts_of(name)[0]):
                every = " UNION ALL ".join(f"FROM {one}" for one in several)
                self.database.execute(f"CREATE TEMP VIEW {view} AS {every}")
            self._views[name] = view
        return self._views[name]

    def check(self, name: str) -> Seen:
        """Read every row of a file. Raises DataError that says what is wrong, where, and what to do."""
        parts = self._parts_of(name)
        several = []
        for part in parts:
            with _errors_named(part):
                several.append(self._check(part))
        return Seen(several[0].names, sum(one.rows for one in several), several[0].looks_like_data)

    def _check(self, part: Part) -> Seen:
        if part.kind == "csv":
            return csv_files.check(part)
        if part.kind == "excel":
            return excel.texts(part)[1]
        if part.kind == "json_lines":
            json_lines.check(part, self.database)
        return Seen([], scans.count(part, self.database, self._scratch))

    def _parts_of(self, name: str) -> list[Part]:
        """The parts of a file, uncompressed and in UTF-8. Raises DataError where their columns differ."""
        if name not in self._parts:
            path = self._path(name)
            parts = parts_of(path, format_of(name, self._formats), self._scratch)
            if len(parts) > 1:
                self._refuse_unlike(parts)
            self._parts[name] = parts
        return self._parts[name]

    def _refuse_unlike(self, parts: list[Part]) -> None:
        """Refuse parts whose columns differ in name, order or, in Parquet, type."""
        found = []
        for part in parts:
            with _errors_named(part):
                found.append(scans.columns_and_types(part, self.database))
        for part, columns in zip(parts[1:], found[1:], strict=True):
            if columns != found[0]:
                one, other = next(
                    pair for pair in zip_longest(found[0], columns, fillvalue="no column") if pair[0] != pair[1]
                )
                raise DataError(
                    f"{part.name} has other columns than {parts[0].name}: {other} where that has {one}; the parts of"
                    " one table must have the same columns in the same order."
                )

    def _path(self, name: str) -> Path:
        if not (self._folder / name).exists():
            raise MissingError(f"no file {self._folder / name}.")
        return self._folder / name


@contextmanager
def opened(folder: Path, formats: Formats | None = None) -> Iterator[RawFiles]:
    """The raw files of a folder, with a database in memory that spills to disk above its memory limit."""
    with (
        tempfile.TemporaryDirectory(prefix="holdfast-unpacked-") as scratch,
        limits() as limited,
        duckdb.connect(config={**limited, "preserve_insertion_order": False}) as database,
    ):
        database.execute(spreadsheet.macro())
        yield RawFiles(folder, database, formats or {}, scratch=Path(scratch))


def files_in(folder: Path, formats: Formats | None = None) -> tuple[str, ...]:
    """The names of files and folders of parts that can be raw data, or whose format the spec declares, sorted."""
    return tuple(sorted(path.name for path in folder.glob("*") if _is_data(path, formats or {})))


def count(path: Path, formats: Formats | None = None) -> int:
    """The number of rows of a raw file; see `check`."""
    return check(path, formats or {}).rows


def check(path: Path, formats: Formats) -> Seen:
    """Read every row of a raw file, or of a folder of its parts, wherever it lies.

    Raises UsageError for a file of another kind, MissingError when it is not there, DataError when it cannot be
    read or holds no rows.
    """
    if path.exists() and not _is_data(path, formats):
        raise UsageError(
            f"{path.name} is none of {', '.join(KINDS)}, compressed (.gz, .zip) or not; export it as one of these,"
            f" or declare in the spec, beside the file, how to read it: {_guessed(path)}."
        )
    with opened(path.parent, formats) as files:
        return files.check(path.name)


def _guessed(path: Path) -> str:
    """The guessed `format` line for a file of an unknown kind."""
    usual = '`format: {separator: ","}` where a comma separates its fields'
    try:
        guess = recognise(path)
    except DataError:
        return usual
    return usual if guess.form == PLAIN else f"`format: {said_briefly(guess.form)}`"


def _is_data(path: Path, formats: Formats) -> bool:
    return is_data(path) or (format_of(path.name, formats) is not None)


@contextmanager
def _errors_named(part: Part) -> Iterator[None]:
    """Turn errors of reading a part into a DataError of one line, with the file and the reason."""
    try:
        yield
    except (
        duckdb.BinderException,
        duckdb.InvalidInputException,
        duckdb.ConversionException,
        duckdb.NotImplementedException,
        pa.ArrowInvalid,
        UnicodeDecodeError,
    ) as error:
        if part.kind == "json_lines":  # DuckDB counts its lines from two
            json_lines.refuse_fault(part)
        text = str(error).replace(str(part.path), part.name)
        reason = " ".join(_ADVICE.sub("", text).split("\n\n")[0].split())
        raise DataError(f"cannot read {part.name}: {reason}") from error
    except duckdb.Error as error:
        if type(error) is not duckdb.Error:
            raise
        # What DuckDB's reader of Parquet meets in damaged bytes has no class of its own.
        raise DataError(f"cannot read {part.name}: it is damaged ({str(error).splitlines()[0]}).") from error
    except OSError as error:  # Arrow's own word for Parquet that is damaged
        if isinstance(error, HoldfastError) or error.errno is not None:
            raise
        raise DataError(f"cannot read {part.name}: it is damaged ({str(error).splitlines()[0]}).") from error


def _not_empty(rows: pa.Table, name: str) -> pa.Table:
    if rows.num_rows == 0:
        raise DataError(f"{name} holds no rows.")
    return rows
