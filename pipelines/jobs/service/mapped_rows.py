"""Raw rows that somebody sends, made into rows of the canonical tables by the spec's own mappings."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from experiments.spec import ExperimentSpec
from features.errors import DataError
from features.event_log import identities, watch
from features.event_log.expressions import quoted
from features.event_log.judging import content_of, judge
from features.event_log.options import EventLogOptions, MappingOptions
from features.file_format import PLAIN, format_of, is_named
from features.reserved import UNREADABLE
from features.schema import nearest
from features.source import Raw
from features.written_numbers import plain_texts
from pipelines.outreach.received_rows import LONGEST_TEXT, LONGEST_TIME, checked
from pipelines.raw_data import raw_files
from pipelines.specs.options import source_of
from pipelines.validation.arms import with_arms
from pipelines.workspace import Workspace

MAPPED, DROPPED, UNMAPPED, REFUSED = "mapped", "dropped", "unmapped", "refused"
# The place of a row within a call; no column of a file is called so.
PLACE = quoted("mapped: place")
# Rows of the raw file on which a mapping is tried before rows are sent.
TRIED = 1_000
USAGE = "is mapped to single events of usage, of which the batch makes days; send the day's total to table `usage`."


@dataclass(frozen=True)
class Mapped:
    """What a mapping makes of a raw row.

    state: `mapped`, with the canonical row as it is kept; `dropped` by a filter of the mapping; `unmapped`, without a
    customer or a date; `refused`. why is a sentence for all but the first.
    """

    state: str
    table: str
    row: Mapping[str, Any] | None = None
    why: str = ""


@dataclass(frozen=True)
class _Prepared:
    """A mapping of a file: its place in the spec, its table, and the query of all that is posted."""

    where: str
    table: str
    query: str


@dataclass(frozen=True)
class _Posted:
    """The raw files, with posted rows in the place of one of them; see features.source.Raw."""

    files: Raw
    file: str

    @property
    def names(self) -> Sequence[str]:
        """The names of all files."""
        return self.files.names

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """That of the raw files."""
        return self.files.database

    def texts(self, name: str) -> pa.Table:
        """A raw file as texts."""
        return self.files.texts(name)

    def relation(self, name: str) -> str:
        """The posted rows, or another file."""
        return f"(SELECT * EXCLUDE ({PLACE}) FROM {_table(name)})" if name == self.file else self.files.relation(name)  # noqa: S608


class MappedRows:
    """The mappings of an event log's spec, each made a query when a row of a file is first sent.

    Identities and look-ups are those of the workspace's raw files when it was made. It may be used from threads.
    Raises DataError for a spec without mappings, MissingError or SchemaError where a mapping lacks a file or column.
    """

    def __init__(self, spec: ExperimentSpec, workspace: Workspace) -> None:
        source, options = source_of(spec)
        if not isinstance(options, EventLogOptions):
            raise DataError(f"the source of spec '{spec.name}' maps no files; send rows of tables.")
        self._declared = with_arms(source.declare(options), spec)
        # Whether its customer joined before is asked of a row when it is kept.
        self._options = options.model_copy(update={"before_first_day": "refuse"})
        self._lock, self._stack = Lock(), ExitStack()
        self._formats = source.formats(options)
        self._raw = self._stack.enter_context(raw_files.opened(workspace.raw, self._formats))
        self._types: dict[str, dict[str, str]] = {}
        self._prepared: dict[str, list[_Prepared]] = {}
        watch.prepare(self._raw.database)
        identities.read(self._raw, options)

    def close(self) -> None:
        """Close the database in which rows are mapped."""
        self._stack.close()

    @property
    def files(self) -> list[str]:
        """The files of which rows can be sent."""
        return [name for name in self._raw.names if set(self._tables(name)) - {"usage"}]

    def of(self, file: str, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> list[list[Mapped]]:
        """What each mapping of a file makes of each raw row (texts by column), by the code of `ingest`.

        Mappings to `usage` are left out where the file has others. now is by the company's clocks. Raises DataError,
        without any value, for a file that no mapping reads, or one to usage alone, and for columns it does not have.
        """
        tables = self._tables(file)
        if not tables:
            raise DataError(f"no mapping of the spec reads a file {file[:LONGEST_TIME]!r}; there are {self.files}.")
        if tables == ["usage"]:
            raise DataError(f"{file} {USAGE}")
        found: list[list[Mapped]] = [[] for _ in rows]
        with self._lock:
            if file not in self._prepared:
                self._types[file] = _tried(self._raw, file)
                self._prepared[file] = list(self._queries(file))
            unread = self._fill(file, rows)
            for one in self._prepared[file]:
                with watch.running(self._raw.database, one.where, len(rows)):
                    told = self._raw.database.execute(one.query)
                    names = [column[0] for column in told.description]
                    made = [dict(zip(names, row, strict=True)) for row in told.fetchall()]
                for row in made:
                    found[row.pop(PLACE.strip('"'))].append(self._mapped(one.table, row, now))
        for place, why in unread.items():
            found[place] = [Mapped(REFUSED, one.table, why=why) for one in found[place]]
        return found

    def _tables(self, file: str) -> list[str]:
        return list(dict.fromkeys(table for table, *_ in self._mappings(file)))

    def _mappings(self, file: str) -> Iterator[tuple[str, str, int, MappingOptions]]:
        """The mappings that read a file: table, place in the spec, number within the table, and the mapping."""
        for table in self._options.tables_in_order if file in self._raw.names else ():
            for number, (where, mapping) in enumerate(self._options.mappings(table)):
                if any(is_named(file, pattern) for pattern in mapping.files):
                    yield table, where, number, mapping

    def _queries(self, file: str) -> Iterator[_Prepared]:
        """Judge the first rows of the raw file by each mapping, as `ingest` does, and keep the query."""
        for table, where, number, mapping in self._mappings(file):
            if table == "usage":
                continue
            of_file = mapping.model_copy(update={"files": (file,)})
            raw = _Posted(self._raw, file)
            one = judge(raw, self._options, table, where=where, mapping=of_file, number=number)
            self._raw.database.execute(f"DROP TABLE {one.name}")
            named = {name: mapping.rename.get(name, name) for name in self._types[file]}
            renamed = ", ".join(f"{quoted(old)} AS {quoted(new)}" for old, new in named.items())
            posted = f"SELECT {PLACE}, {renamed} FROM {_table(file)}"  # noqa: S608 - quoted names
            places = f"SELECT {PLACE}, {content_of(list(named.values()))} AS content FROM ({posted})"  # noqa: S608
            # Equal rows are one and the same, each time they are sent.
            query = f"SELECT * FROM ({places}) JOIN (SELECT * FROM ({one.query}) WHERE copy = 1) USING (content)"  # noqa: S608
            name = quoted(f"{file} {table} {number}")
            # Planning it anew would take longer than the rest.
            self._raw.database.execute(f"PREPARE {name} AS {query}")
            yield _Prepared(where, table, f"EXECUTE {name}")

    def _fill(self, file: str, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Put rows in the place of the file; by place, why one is refused."""
        types, database = self._types[file], self._raw.database
        faults = {place: why for place, row in enumerate(rows) if (why := _fault(file, row, types))}
        sound = [{} if place in faults else row for place, row in enumerate(rows)]
        texts = {name: pa.array([row.get(name) or None for row in sound], pa.string()) for name in types}
        signs = (format_of(file, self._formats) or PLAIN).signs
        texts |= {name: plain_texts(texts[name], one) for name, one in signs.items() if types.get(name) == "VARCHAR"}
        database.register("posted_now", pa.table({PLACE.strip('"'): pa.array(range(len(rows)), pa.int64()), **texts}))
        values = ", ".join(f"TRY_CAST({quoted(name)} AS {type_}) AS {quoted(name)}" for name, type_ in types.items())
        database.execute(f"TRUNCATE {_table(file)}")
        database.execute(f"INSERT INTO {_table(file)} SELECT {PLACE}, {values} FROM posted_now")  # noqa: S608 - quoted
        for name, type_ in types.items():
            lost = f"{quoted(name)} IS NOT NULL AND TRY_CAST({quoted(name)} AS {type_}) IS NULL"
            unread = f"SELECT {PLACE} FROM posted_now WHERE {lost}"  # noqa: S608 - quoted names
            for (place,) in database.execute(unread).fetchall() if type_ != "VARCHAR" else ():
                faults[place] = f"{file}: column '{name}' cannot be read as {type_}."
        database.unregister("posted_now")
        return faults

    def _mapped(self, table: str, row: Mapping[str, Any], now: datetime) -> Mapped:
        if row["dropped"] is not None:
            return Mapped(DROPPED, table, why=f"the filter '{row['dropped']}' of the mapping leaves it out.")
        if row["problem"] is not None:
            return Mapped(UNMAPPED, table, why=f"{table}: {row['problem']}.")
        declared = self._declared[table]
        for column in declared.columns:
            if row.get(f"{column.name}{UNREADABLE}") is not None:
                return Mapped(REFUSED, table, why=f"{table}.{column.name} cannot be read as {column.type}.")
        plain = {name: _plain(row.get(name)) for name in declared.names if name != "known_at"}
        try:
            kept = checked(self._declared, table, plain, now=now, time_zone=self._options.time_zone)
        except DataError as error:
            return Mapped(REFUSED, table, why=str(error))
        return Mapped(MAPPED, table, kept)


def _tried(raw: Raw, file: str) -> dict[str, str]:
    """Put the first rows of a file into the table of posted ones; its columns with their types."""
    relation, database = raw.relation(file), raw.database
    made = f"SELECT 0::BIGINT AS {PLACE}, * FROM {relation} LIMIT {TRIED}"  # noqa: S608 - a quoted name
    database.execute(f"CREATE OR REPLACE TEMP TABLE {_table(file)} AS {made}")
    return {row[0]: row[1] for row in database.execute(f"DESCRIBE {relation}").fetchall()}


def _table(file: str) -> str:
    return quoted(f"posted: {file}")


def _fault(file: str, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    """Why a raw row is refused; empty where it is not."""
    for name, value in row.items():
        if name not in columns:
            return f"{file} has no column {name[:LONGEST_TIME]!r}; {nearest(name[:LONGEST_TIME], columns)}."
        if value is not None and not isinstance(value, str):
            return f"{file}: column '{name}' must be a text, as the file has it."
        if value is not None and (len(value) > LONGEST_TEXT or "\0" in value or not _is_text(value)):
            return f"{file}: column '{name}' is no text, or has more than {LONGEST_TEXT:,} characters."
    return ""


def _is_text(value: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" for one in value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
