"""One mapping of an event log, evaluated: the values of every row, and the reason why a row is not used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from features.errors import MissingError, SchemaError
from features.event_log import expressions, filters, first_days, watch
from features.event_log.expressions import bracketed, literal, quoted
from features.event_log.look_ups import looked_up
from features.event_log.options import MADE_KEYS, EventLogOptions, MappingOptions, event_key, mapped_table
from features.event_log.reading import ATTEMPT, SQL_TYPES, Reading, Zones, known_since, reading
from features.file_format import is_named
from features.reserved import alike
from features.source import Raw

EXAMPLES = 3
FILE, REASON = "(file)", "(reason)"
IDENTITIES = "identities"
NO_IDENTITY = "customer_id without identity"
TAKEN = "NOT is_duplicate AND dropped IS NULL AND problem IS NULL"
UNMAPPED = "NOT is_duplicate AND dropped IS NULL AND problem IS NOT NULL"

# Without these no row can be placed; what else cannot be read is kept beside its column, for validation to judge.
_PLACES = ("customer_id", "event_at", "known_at")


@dataclass(frozen=True)
class Judged:
    """An evaluated mapping: its rows in a database table, its files with their columns, and the rows of each.

    query made the table. It has the canonical columns, `<column>__unreadable`, and: file (its number), is_duplicate,
    dropped (the name of the filter), problem (the reason why it cannot be mapped), raw (the texts of columns, of such a
    row).
    """

    name: str
    where: str
    files: tuple[str, ...]
    columns: tuple[str, ...]
    read: tuple[int, ...]
    query: str = ""


@dataclass(frozen=True)
class _File:
    """A file of a mapping: its number and name, the relation, and the names of its columns in expressions.

    known are these and the columns that are looked up, texts those of them that hold texts.
    """

    number: int
    name: str
    relation: str
    columns: tuple[str, ...]
    known: tuple[str, ...]
    texts: tuple[str, ...]


def judge(
    raw: Raw, options: EventLogOptions, table: str, *, where: str, mapping: MappingOptions, number: int
) -> Judged:
    """Evaluate a mapping, the number-th of its table, into a new table of the database.

    Raises MissingError when a pattern finds no file, SchemaError when a file lacks a column that is asked for.
    """
    files = [_file(raw, number, file, mapping, where) for number, file in enumerate(_files(raw, mapping, where))]
    columns = tuple(sorted({column for file in files for column in file.columns}))
    read = tuple(_count(raw, file) for file in files)
    asked = {"where": where, "mapping": mapping, "columns": columns}
    queries = [_tried(raw, options, table, file=file, count=n, **asked) for file, n in zip(files, read, strict=True)]
    every = " UNION ALL ".join(queries)
    key = event_key(table)
    made = key if key in MADE_KEYS and key not in mapping.columns else None
    is_several = len(files) > 1 or mapping.duplicates == "drop" or made is not None
    # The same row may be mapped twice, and is then two events.
    keys = [f"'{f'{number}-' if number else ''}' || left(content, 20) || '-' || copy AS {made}"] if made else []
    name = f"judged_{table}_{number}"
    judged = _judged(every, mapping, is_several=is_several, keys=keys)
    if first_days.sets_aside(options, table):
        judged = first_days.set_aside(judged)
    with watch.running(raw.database, where, sum(read)):
        for (filter_, expression), file in product(mapping.drop.items(), files):
            filters.check(
                raw.database, expression, where=f"{where}.drop.{filter_}", file=file.name, relation=file.relation
            )
        raw.database.execute(f"CREATE TEMP TABLE {name} AS {judged}")
    return Judged(name, where, tuple(file.name for file in files), columns, read, judged)


def _count(raw: Raw, file: _File) -> int:
    ((rows,),) = raw.database.execute(f"SELECT count(*) FROM {file.relation}").fetchall()  # noqa: S608 - quoted names
    return int(rows)


def _tried(raw: Raw, options: EventLogOptions, table: str, *, file: _File, count: int, **asked: Any) -> str:
    """The query of `_rows` for a file of so many rows, after a trial on the first rows."""
    first, query = replace(file, relation=f"(FROM {file.relation} LIMIT {watch.TRIED_ROWS[0]})"), ""
    for rows in watch.TRIED_ROWS:
        with watch.trying(raw.database, asked["where"], rows):
            query = query or _rows(raw, options, table, file=first, **asked)
            some = query.replace(first.relation, f"(FROM {file.relation} LIMIT {rows})")
            raw.database.execute(some).fetchall()
        if rows >= count:
            break
    return query.replace(first.relation, file.relation)


def _files(raw: Raw, mapping: MappingOptions, where: str) -> list[str]:
    found: dict[str, None] = {}
    for pattern in mapping.files:
        matching = [name for name in raw.names if is_named(name, pattern)]
        if not matching:
            raise MissingError(
                f"{where}.files: no file '{pattern}' among the raw data {list(raw.names)}; add it: the data command."
            )
        found |= dict.fromkeys(matching)
    return sorted(found)


def _file(raw: Raw, number: int, name: str, mapping: MappingOptions, where: str) -> _File:
    view = raw.relation(name)
    plain = [row[0] for row in raw.database.execute(f"DESCRIBE {view}").fetchall()]
    renamed = [mapping.rename.get(column, column) for column in plain]
    if ours := [column for column in renamed if column in (FILE, REASON) or column.endswith(ATTEMPT)]:
        raise SchemaError(f"{where}.rename: {name} has columns {ours}, which are reserved names; rename them.")
    if twice := sorted({column for _, column in alike(renamed)}):
        raise SchemaError(f"{where}.rename: {name} then has {twice} twice; it has {plain}.")
    chosen = ", ".join(f"{quoted(old)} AS {quoted(new)}" for old, new in zip(plain, renamed, strict=True))
    relation = f"(SELECT {chosen} FROM {view})"  # noqa: S608 - quoted names
    relation = looked_up(raw, relation, where=where, mapping=mapping, file=name)
    described = raw.database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608
    texts = tuple(row[0] for row in described if row[1] == "VARCHAR")
    return _File(number, name, relation, tuple(renamed), tuple(row[0] for row in described), texts)


def _rows(
    raw: Raw,
    options: EventLogOptions,
    table: str,
    *,
    where: str,
    mapping: MappingOptions,
    file: _File,
    columns: Sequence[str],
) -> str:
    """The query for the rows of one file."""
    zones = Zones(mapping.recorded_in or options.time_zone, options.time_zone)
    values: dict[str, Reading] = {}
    for column in mapped_table(table).columns:
        if column.name in mapping.columns:
            expression, place = mapping.columns[column.name], f"{where}.columns.{column.name}"
            found = _type_of(expression, place, raw, file)
            named = expressions.columns(expression, file.known, raw.database)
            if column.name == "customer_id" and not named:  # such as `user`, which SQL takes for a word of its own
                raise SchemaError(f"{place}: {expression!r} names no column of {file.name}; it has {file.known}.")
            cast = expressions.cast_columns(expression, file.texts, raw.database)
            read = reading(column, expression, found=found, zones=zones, named=named, cast=cast)
            _type_of(expression, place, raw, file, sql=read.attempt)
            values[column.name] = read
    values.setdefault("known_at", values["event_at"])
    for filter_, expression in mapping.drop.items():
        place = f"{where}.drop.{filter_}"
        filters.check_type(_type_of(expression, place, raw, file), expression, place)
        if not expressions.columns(expression, file.known, raw.database):
            filters.check_constant(raw.database, expression, place)
    problem = _problem(values)
    kept = "true" if first_days.sets_aside(options, table) else f"{problem} IS NOT NULL"
    selected = [
        f"{file.number} AS file",
        f"{content_of(file.columns)} AS content",
        f"{_dropped(mapping)} AS dropped",
        f"{problem} AS problem",
        f"CASE WHEN {kept} THEN {_texts(file.columns, columns)} END AS raw",
        *_selected(table, values),
    ]
    attempts = dict.fromkeys(one.attempt for one in values.values())
    attempted = f"(SELECT *, {', '.join(attempts)} FROM {file.relation})"  # noqa: S608 - checked expressions
    return f"SELECT {', '.join(selected)} FROM {attempted}"  # noqa: S608 - quoted names, checked expressions


def _type_of(expression: str, where: str, raw: Raw, file: _File, *, sql: str | None = None) -> str:
    return expressions.type_of(
        expression,
        sql=sql or bracketed(expression),
        where=where,
        file=file.name,
        database=raw.database,
        relation=file.relation,
    )


def _selected(table: str, values: dict[str, Reading]) -> Iterator[str]:
    for column in mapped_table(table).columns:
        read, name = values.get(column.name), column.name
        value = read.value if read else f"CAST(NULL AS {SQL_TYPES[column.type]})"
        if read and name == "known_at" and read is not values["event_at"]:
            value = known_since(read, values["event_at"])
        yield f"{value} AS {name}"
        if name not in _PLACES:
            unread = f"CASE WHEN {read.failed} THEN {read.raw} END" if read else "CAST(NULL AS VARCHAR)"
            yield f"{unread} AS {name}__unreadable"


def content_of(columns: Sequence[str]) -> str:
    """A hash of a row's non-empty cells as name=value, so that a column which newer files add changes none."""
    texts = [f"{literal(f'{name}=')} || CAST({quoted(name)} AS VARCHAR)" for name in sorted(columns)]
    return f"md5(concat_ws(chr(30), {', '.join(texts)}))"


def _texts(columns: Sequence[str], of_all: Sequence[str]) -> str:
    texts = [f"CAST({quoted(name)} AS VARCHAR)" if name in columns else "NULL" for name in of_all]
    return f"[{', '.join(texts)}]"


def _dropped(mapping: MappingOptions) -> str:
    cases = [f"WHEN {filters.holds(expression)} THEN {literal(name)}" for name, expression in mapping.drop.items()]
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _problem(values: dict[str, Reading]) -> str:
    cases = [
        f"WHEN {values[name].failed} THEN 'unreadable {name}' WHEN {values[name].value} IS NULL THEN 'no {name}'"
        for name in _PLACES
    ]
    return f"CASE {' '.join(cases)} END"


def _judged(every: str, mapping: MappingOptions, *, is_several: bool, keys: list[str]) -> str:
    """All rows with duplicates marked, keys made and customers identified.

    The n-th equal row of a file is a duplicate of the n-th of another: what stands twice in each was there twice.
    """
    copy = "row_number() OVER (PARTITION BY content, file)" if is_several else "1"
    if mapping.duplicates == "drop":
        copy = "1"
    twice = "row_number() OVER (PARTITION BY content, copy ORDER BY file) > 1" if is_several else "false"
    replaced, joined = list(keys), ""
    if mapping.identity:
        joined = f"LEFT JOIN {IDENTITIES} ON customer_id = {IDENTITIES}.key"
        unknown = f"problem IS NULL AND {IDENTITIES}.key IS NULL"
        replaced.append(f"CASE WHEN {unknown} THEN '{NO_IDENTITY}' ELSE problem END AS problem")
        replaced.append(f"coalesce({IDENTITIES}.customer, customer_id) AS customer_id")
    star = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    return (
        f"WITH every AS ({every}), copied AS (SELECT *, {copy} AS copy FROM every),"  # noqa: S608
        f" marked AS (SELECT *, {twice} AS is_duplicate FROM copied)"
        f" SELECT {star} FROM marked {joined}"
    )
