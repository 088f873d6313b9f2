"""Files that an event log's spec maps onto contacts or opt-outs, as rows of texts under the names of `record`."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa

from experiments.spec import ExperimentSpec
from features.errors import MissingError, UsageError
from features.event_log import expressions, identities, watch
from features.event_log.expressions import quoted
from features.event_log.judging import NO_IDENTITY, Judged, judge
from features.event_log.options import EventLogOptions, RecordedOptions, formats
from features.event_log.recorded import RECORDED, ROW
from features.file_format import is_named
from pipelines.outreach.feedback.recorded_files import Kind, Recorded
from pipelines.raw_data import raw_files
from pipelines.raw_data.raw_files import RawFiles
from pipelines.specs.options import source_of

# The names of `record` where an event log has others.
OURS = {"customer_id": "customer", "event_at": "when"}
NUMBER = quoted("(row)")


class Numbered:
    """Raw files of which one has the numbers of its rows beside its columns; see features.source.Raw."""

    def __init__(self, files: RawFiles, name: str) -> None:
        self.names, self.database = files.names, files.database
        self._files, self._name, self._made = files, name, ""

    def texts(self, name: str) -> pa.Table:
        """A file as a table of texts."""
        return self._files.texts(name)

    def relation(self, name: str) -> str:
        """The name, as SQL, of a view of a file, or of the table of the numbered one."""
        view = self._files.relation(name)
        if name != self._name:
            return view
        if not self._made:
            self._made = quoted("numbered rows")
            self.database.execute("SET preserve_insertion_order = true")
            numbered = f"SELECT row_number() OVER () AS {NUMBER}, * FROM {view}"  # noqa: S608 - a quoted name
            self.database.execute(f"CREATE TEMP TABLE {self._made} AS {numbered}")
        return self._made


def options_of(spec: ExperimentSpec) -> EventLogOptions | None:
    """The options of an event log that maps what `record` keeps; None of any other spec."""
    found = source_of(spec)[1] if any(spec.source.get(kind) for kind in RECORDED) else None
    return found if isinstance(found, EventLogOptions) else None


def read(options: EventLogOptions, path: Path, *, time_zone: str, raw: Path) -> list[Recorded]:
    """What a file says by every mapping that names it, at times of the company's clocks; nothing where none does.

    raw is the folder of the raw data, where other files are looked up. Raises errors as the tables of an event log do;
    what is wrong with single rows stands in `unread`.
    """
    there = [
        (kind, number, where, mapping)
        for kind in RECORDED
        for number, (where, mapping) in enumerate(options.recorded(kind))
        if any(is_named(path.name, pattern) for pattern in mapping.files)
    ]
    if not there:
        return []
    forms, found = formats(options), []
    raw_files.check(path, forms)
    # Their customers may be new: whether they joined before is no question here.
    kept = options.model_copy(update={"time_zone": time_zone, "before_first_day": "refuse"})
    with _gathered(path, raw) as folder, raw_files.opened(folder, forms) as files:
        watch.prepare(files.database)
        numbered = Numbered(files, path.name)
        if any(mapping.identity for *_, mapping in there):
            identities.read(numbered, options)
        for kind, number, where, mapping in there:
            said = {"files": (path.name,), "columns": {**mapping.columns, ROW: NUMBER}}
            one = mapping.model_copy(update={**said, "recorded_in": mapping.recorded_in or options.time_zone})
            with watch.reading(where):
                judged = judge(numbered, kept, kind, where=where, mapping=one, number=number)
            found.append(_recorded(files.database, judged, mapping, name=path.name, kind=kind))
    return found


def in_raw_data(options: EventLogOptions | None, spec: str, folder: Path) -> list[Path]:
    """The files of the raw data that are mapped.

    Raises UsageError where nothing is mapped, MissingError where a pattern finds none.
    """
    if options is None:
        raise UsageError(
            f"record {spec}: which files? Name them; the spec of an event log may say, under source.contacts, which of"
            " its raw files hold what was done."
        )
    names = raw_files.files_in(folder, formats(options))
    found: dict[str, None] = {}
    for where, mapping in (one for kind in RECORDED for one in options.recorded(kind)):
        for pattern in mapping.files:
            matching = [name for name in names if is_named(name, pattern)]
            if not matching:
                raise MissingError(
                    f"{where}.files: no file '{pattern}' among the raw data {list(names)}; add it: the data command,"
                    " or name the file: python -m pipelines record SPEC FILE."
                )
            found |= dict.fromkeys(matching)
    return [folder / name for name in found]


@contextmanager
def _gathered(path: Path, raw: Path) -> Iterator[Path]:
    """A folder with the file, in place of one of its name, and the raw data."""
    with tempfile.TemporaryDirectory(prefix="holdfast-recorded-") as folder:
        others = [one for one in raw.glob("*") if one.name != path.name] if raw.is_dir() else []
        for one in (path, *others):
            (Path(folder) / one.name).symlink_to(one.resolve())
        yield Path(folder)


def _recorded(
    database: duckdb.DuckDBPyConnection, judged: Judged, mapping: RecordedOptions, *, name: str, kind: str
) -> Recorded:
    asked = database.execute(f"SELECT * FROM {judged.name} ORDER BY {ROW}")  # noqa: S608 - our name
    names = [one[0] for one in asked.description or ()]
    every = [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
    rows, unread = [], []
    for row in (one for one in every if one["dropped"] is None):
        faults = list(_faults(database, judged, mapping, row))
        unread += [(row[ROW], fault) for fault in faults]
        if not faults:
            rows.append((row[ROW], _texts(kind, mapping, row)))
    left_out = sum(one["dropped"] is not None for one in every)
    return Recorded(name, cast("Kind", kind), rows, mapped_by=judged.where, unread=unread, left_out=left_out)


def _texts(kind: str, mapping: RecordedOptions, row: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: _text(row[name]) for name in RECORDED[kind].names if name != ROW}
    return {OURS.get(name, name): mapping.values.get(name, {}).get(text, text) for name, text in texts.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value).strip()


def _faults(
    database: duckdb.DuckDBPyConnection, judged: Judged, mapping: RecordedOptions, row: Mapping[str, Any]
) -> Iterator[str]:
    """What of a row cannot be read: the column, its text, the expression and what to do."""
    problem = row["problem"]
    if problem == NO_IDENTITY:
        yield f"the key '{row['customer_id']}' is of no customer of source.identities; add it there, or drop the row."
    elif problem:
        what, _, name = problem.partition(" ")
        said = _said(mapping.columns[name], dict(zip(judged.columns, row["raw"], strict=True)), database)
        told = "it has no" if what == "no" else "it has an unreadable"
        yield f"{told} {name}{said}; {_remedy(judged, mapping, name)}"
    for name in mapping.columns:
        if (text := row.get(f"{name}__unreadable")) is not None:
            yield f"{name} '{text}' cannot be read; {_remedy(judged, mapping, name)}"


def _said(expression: str, raw: Mapping[str, str | None], database: duckdb.DuckDBPyConnection) -> str:
    named: Sequence[str] = expressions.columns(expression, list(raw), database)
    return "".join(f", {name} is '{raw[name] or ''}'" for name in named)


def _remedy(judged: Judged, mapping: RecordedOptions, name: str) -> str:
    return f"correct it there, or {judged.where}.columns.{name}: {mapping.columns[name]}."
