"""Source `event_log`: files or tables mapped onto the canonical tables by column names and short SQL expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from features.errors import DataError
from features.event_log import arrivals, corrections, counting, customers, daily, identities, months, received, watch
from features.event_log.judging import TAKEN, Judged, judge
from features.event_log.options import EventLogOptions, formats
from features.schema import Column, Table
from features.source import Found, Raw, Reconciled, Source
from features.tables import CANONICAL

# Their rows say how things stand from `event_at` on, so that a later one takes the place of an earlier one.
_STATES = ("customers", "contracts")


def declare(options: EventLogOptions) -> Mapping[str, Table]:
    """The canonical tables that the spec maps, and `customers`, which is derived from the log if not mapped."""
    return {
        name: replace(
            table,
            is_corrected=_is_corrected(options, name),
            columns=_said(options, table),
            is_made=name not in options.tables,
        )
        for name, table in CANONICAL.items()
        if name in {"customers", *options.tables}
    }


def _said(options: EventLogOptions, table: Table) -> tuple[Column, ...]:
    """The columns of a table with their declared texts, from the first mapping that gives each."""
    said: dict[str, str] = {}
    for _, mapping in options.mappings(table.name) if table.name in options.tables else ():
        said = {**mapping.columns, **said}
    return tuple(replace(column, said=said.get(column.name, "")) for column in table.columns)


def _is_corrected(options: EventLogOptions, table: str) -> bool:
    """Whether later rows correct earlier ones: for events, where a mapping gives known_at, or rows are received."""
    return (
        table in _STATES
        or bool(options.received)
        or any("known_at" in mapping.columns for _, mapping in options.mappings(table))
    )


def read(raw: Raw, options: EventLogOptions) -> Iterator[Found]:
    """Of each table, what was counted, what could not be mapped, and its parts; then the same of received rows.

    Raises MissingError when a file was not added, SchemaError when one lacks a column, DataError when a key leads
    to no customer or to two, when a table keeps no row, or when a value stops a whole file from being read.
    """
    database = raw.database
    watch.prepare(database)
    identities.read(raw, options)
    customers.prepare(database)
    declared, counts = declare(options), dict[str, Reconciled]()
    if options.received:
        arrivals.prepare(raw, options, declared)
    for name in options.tables_in_order:
        for found in _table(raw, options, declared[name]):
            if isinstance(found, Reconciled):
                counts[name] = found
            yield found
    if options.received:
        yield from arrivals.parts(raw, options, declared, counts)
    if "customers" not in options.tables:
        customers.derive(database, into="rows_customers")
        yield from months.parts(database, CANONICAL["customers"], "rows_customers")
    elif options.before_first_day == "earliest":
        customers.join_by_first_event(database, "rows_customers")
        yield from months.parts(database, CANONICAL["customers"], "rows_customers")


def _table(raw: Raw, options: EventLogOptions, table: Table) -> Iterator[Found]:
    database, rows = raw.database, f"rows_{table.name}"
    events = "events" if table.name == "usage" else rows
    judged = list(_judged(raw, options, table.name))
    mappings = [mapping for _, mapping in options.mappings(table.name)]
    corrections.refuse_unnamed(database, table.name, list(zip(judged, mappings, strict=True)))
    taken = " UNION ALL BY NAME ".join(f"SELECT * FROM {one.name} WHERE {TAKEN}" for one in judged)  # noqa: S608
    database.execute(f"CREATE TEMP TABLE {events} AS {taken}")
    emptied = 0
    if events != rows:
        has_versions = any("known_at" in mapping.columns for mapping in mappings)
        corrections.mark_replaced(database, events, where=f"source.tables.{table.name}", has_versions=has_versions)
        emptied = daily.roll_up(database, events, into=rows)
    (kept,) = database.execute(f"SELECT count(*) FROM {rows}").fetchall()[0]  # noqa: S608
    limit = options.refuse_unmapped_above
    counts = counting.reconciled(database, table.name, judged, kept=kept, limit=limit, emptied=emptied)
    yield counts
    lost = counting.unmapped(database, table.name, judged)
    yield lost
    lost.rows.close()
    if not kept:
        raise DataError(
            f"source.tables.{table.name}: no row is left of {sum(counts.read.values()):,}; {_gone(counts)}."
        )
    if options.received:
        arrivals.note(database, table, rows)
    for one in judged:
        database.execute(f"DROP TABLE {one.name}")
    if table.name == "customers" and options.before_first_day != "refuse":
        if options.before_first_day == "earliest":
            return  # their parts come last, when all events were seen
        customers.note_first_days(database, rows)
    # Not the days of use: they begin at midnight, before anybody came.
    customers.see(database, events)
    yield from months.parts(database, table, rows)
    for name in {events, rows}:
        database.execute(f"DROP TABLE {name}")


def _judged(raw: Raw, options: EventLogOptions, table: str) -> Iterator[Judged]:
    for number, (where, mapping) in enumerate(options.mappings(table)):
        with watch.reading(where):
            one = judge(raw, options, table, where=where, mapping=mapping, number=number)
        if mapping.identity:
            counting.refuse_strangers(raw.database, one)
        yield one


def _gone(counts: Reconciled) -> str:
    gone = {"duplicates": counts.duplicates, **counts.dropped, **counts.unmapped}
    return ", ".join(f"{name} {rows:,}" for name, rows in gone.items() if rows) or "the files are empty"


def extracted_at(options: EventLogOptions) -> str | None:
    """The extraction date of the data, where the spec gives it."""
    return options.extracted_at.isoformat() if options.extracted_at else None


def wants(options: EventLogOptions) -> list[str]:
    """The files of the identities, and those that mappings read or look up, those of `record` included.

    That of received rows is among them where the spec takes these; it need not be there.
    """
    named = [identity.file for identity in options.identities]
    mappings = [one for several in options.tables.values() for one in several]
    mappings += [*options.contacts, *options.opt_outs]
    named += [look_up.file for one in mappings for look_up in one.look_up.values()]
    named += [name for one in mappings for name in one.files]
    return named + ([received.FILE] if options.received else [])


SOURCE = Source(
    kind="event_log",
    meaning="files or database tables of dated events, mapped onto the canonical tables by the spec",
    needs_files=True,
    dated=True,
    options=EventLogOptions,
    declare=declare,
    read=read,
    extracted_at=extracted_at,
    wants=wants,
    formats=formats,
    newer=("file", "files", "extracted_at", "refuse_unmapped_above"),
    beside=("contacts", "opt_outs", "received"),
)
