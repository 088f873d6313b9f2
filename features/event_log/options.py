"""The `source` section of an event log's spec: which files become which table, column by column."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

import duckdb
from pydantic import BeforeValidator, Field, model_validator

from features.event_log import expressions
from features.event_log.daily import ONE_USE
from features.event_log.recorded import RECORDED, ROW, word_faults
from features.file_format import PLAIN, FileFormat, Formats, merged
from features.schema import Table
from features.section import Moment, Section
from features.source import SourceOptions
from features.tables import CANONICAL

MADE_KEYS = ("transaction_id", "interaction_id", "survey_id", "treatment_id")


def _many(plain: Any) -> Any:
    """One where several may stand."""
    return plain if isinstance(plain, list | tuple) else (plain,)


def _as_sql(plain: Any) -> Any:
    """What YAML reads as a number, a truth or nothing, as the SQL that was written."""
    if plain is None:
        return "NULL"
    return str(plain).lower() if isinstance(plain, bool | int | float) else plain


Sql = Annotated[str, BeforeValidator(_as_sql)]


def _as_word(plain: Any) -> Any:
    """A whole number as the text that a file has for it; what YAML reads as a truth is none."""
    if isinstance(plain, bool):
        raise ValueError("YAML reads yes, no, on, off, true and false as truths; put the word in quotes")  # noqa: TRY004
    return str(plain) if isinstance(plain, int) else plain


Word = Annotated[str, BeforeValidator(_as_word)]


class LookUpOptions(Section):
    """One column of another file, by a key: expressions for the key and what is taken there, and for the key here."""

    file: str
    key: Sql
    take: Sql
    by: Sql
    format: FileFormat = PLAIN


class MappingOptions(Section):
    """Some files and the expressions that make rows of one table of them.

    files are names or globs; rename gives what some of the files call a column the name that the others use, and the
    expressions; recorded_in is the time zone of times without one, where it is not the company's. drop names filters:
    a row for which one holds is left out and counted under the first such name. Rows that stand in several files are
    always taken once; duplicates says whether equal rows of one file are. identity: customer_id is a key to look up.
    format says how the files are read where they are no CSV with names in their first line. look_up names columns that
    the expressions may use and that stand in another file, each found by a key.
    """

    files: Annotated[tuple[str, ...], BeforeValidator(_many), Field(min_length=1)]
    rename: dict[str, str] = Field(default_factory=dict)
    recorded_in: str | None = None
    drop: dict[str, Sql] = Field(default_factory=dict)
    duplicates: Literal["keep", "drop"] = "keep"
    identity: bool = False
    format: FileFormat = PLAIN
    look_up: dict[str, LookUpOptions] = Field(default_factory=dict)
    columns: dict[str, Sql]


class RecordedOptions(MappingOptions):
    """Some files and the expressions that make of them what `record` keeps: contacts, or opt-outs.

    values gives by column our word for what a file says there, such as outcome: {erreicht: reached}; what is not in it
    stays. Rows twice are always one.
    """

    values: dict[str, dict[Word, Word]] = Field(default_factory=dict)


Mapped = TypeVar("Mapped", bound=MappingOptions)


class IdentityOptions(Section):
    """A file that says which customer a key belongs to: expressions for the key and for the customer."""

    file: str
    key: Sql
    customer_id: Sql
    format: FileFormat = PLAIN


class EventLogOptions(SourceOptions):
    """Options of an event log.

    time_zone is the company's: all times are kept in it. refuse_unmapped_above is the share of a table's rows that
    may lack a customer or a date. extracted_at is when the data were taken out; the newest known_at where not said.
    before_first_day says what becomes of rows from before the day on which their customer joined: they are refused, or
    set aside as unmapped, or the customer joined at the earliest of all rows. contacts and opt_outs say how `record`
    reads what the company's own systems keep of them; no table is made of them. received: rows that the service
    received count as far as the files reach; `complete`: all that is newer is received, and the last row ends the data.
    """

    kind: Literal["event_log"] = "event_log"
    time_zone: str
    refuse_unmapped_above: float = Field(0.0, ge=0, le=1)
    extracted_at: Moment | None = None
    received: bool | Literal["complete"] = False
    before_first_day: Literal["refuse", "set_aside", "earliest"] = "refuse"
    identities: Annotated[tuple[IdentityOptions, ...], BeforeValidator(_many)] = ()
    tables: dict[str, Annotated[tuple[MappingOptions, ...], BeforeValidator(_many), Field(min_length=1)]] = Field(
        min_length=1
    )
    contacts: Annotated[tuple[RecordedOptions, ...], BeforeValidator(_many)] = ()
    opt_outs: Annotated[tuple[RecordedOptions, ...], BeforeValidator(_many)] = ()

    @model_validator(mode="after")
    def _is_sound(self) -> "EventLogOptions":
        if faults := list(_faults(self)):
            raise ValueError("; ".join(faults))
        formats(self)  # which refuses two of one file
        return self

    @property
    def tables_in_order(self) -> list[str]:
        """The mapped tables, that of customers first."""
        return [name for name in CANONICAL if name in self.tables]

    def mappings(self, table: str) -> Iterator[tuple[str, MappingOptions]]:
        """The mappings of a table, each with its place in the spec, such as source.tables.usage or ….usage[1]."""
        yield from _placed(f"source.tables.{table}", self.tables[table])

    def recorded(self, kind: str) -> Iterator[tuple[str, RecordedOptions]]:
        """The mappings of contacts, or of opt_outs, each with its place in the spec."""
        yield from _placed(f"source.{kind}", self.contacts if kind == "contacts" else self.opt_outs)


def _placed(where: str, several: tuple[Mapped, ...]) -> Iterator[tuple[str, Mapped]]:
    for number, mapping in enumerate(several):
        yield f"{where}{f'[{number}]' if len(several) > 1 else ''}", mapping


def formats(options: EventLogOptions) -> Formats:
    """How the files of a spec are read, by name or glob: those that are no plain CSV, or no file of a known kind."""
    return {pattern: form for pattern, form in merged(list(_formats(options))).items() if form != PLAIN}


def _places(options: EventLogOptions) -> Iterator[tuple[str, FileFormat]]:
    """Every format with its place in the spec."""
    yield from ((f"source.identities[{number}]", one.format) for number, one in enumerate(options.identities))
    for _, where, mapping in _mappings(options):
        yield where, mapping.format
        yield from ((f"{where}.look_up.{name}", one.format) for name, one in mapping.look_up.items())


def _formats(options: EventLogOptions) -> Iterator[tuple[str, FileFormat]]:
    yield from ((identity.file, identity.format) for identity in options.identities)
    for _, _, mapping in _mappings(options):
        yield from ((pattern, mapping.format) for pattern in mapping.files)
        yield from ((one.file, one.format) for one in mapping.look_up.values())


def mapped_table(name: str) -> Table:
    """What a mapping of a table makes rows of: the table itself, or for `usage` single events of use."""
    return ONE_USE if name == "usage" else RECORDED.get(name) or CANONICAL[name]


def event_key(name: str) -> str | None:
    """The column that names one event of a table and that nothing can stand for but what a row says; None elsewhere."""
    if name == "usage":
        return "usage_id"
    return next((column for column in MADE_KEYS if column in mapped_table(name).key), None)


def needed_columns(table: Table) -> tuple[str, ...]:
    """The columns that a mapping must name: those that may not be missing and that nothing can stand for."""
    return tuple(c.name for c in table.columns if not c.nullable and c.name not in ("known_at", *MADE_KEYS))


def _faults(options: EventLogOptions) -> Iterator[str]:
    with duckdb.connect() as database:
        yield from _time_zones(options, database)
        if options.before_first_day != "refuse" and "customers" not in options.tables:
            yield "source.before_first_day: no mapping says when customers joined; it is their first event anyhow"
        for table, where, mapping in _mappings(options):
            yield from _names(table, where, mapping.columns)
            if isinstance(mapping, RecordedOptions):
                yield from word_faults(mapped_table(table), where, mapping.columns, mapping.values)
            if mapping.identity and not options.identities:
                yield f"{where}.identity asks for a customer's key to be looked up, and there are no source.identities"
        for where, form in _places(options):
            if (form.decimal, form.thousands) != (".", "") and not form.numbers:
                yield f"{where}.format: of which columns? Say `numbers: [price, total]` beside decimal and thousands"
        for where, expression in _expressions(options):
            try:
                expressions.check(expression, database)
            except ValueError as error:
                yield f"{where}: {error}"


def _expressions(options: EventLogOptions) -> Iterator[tuple[str, str]]:
    """Every expression with its place in the spec."""
    for number, identity in enumerate(options.identities):
        yield f"source.identities[{number}].key", identity.key
        yield f"source.identities[{number}].customer_id", identity.customer_id
    for _, where, mapping in _mappings(options):
        yield from ((f"{where}.columns.{name}", expression) for name, expression in mapping.columns.items())
        yield from ((f"{where}.drop.{name}", expression) for name, expression in mapping.drop.items())
        for name, one in mapping.look_up.items():
            yield from ((f"{where}.look_up.{name}.{part}", getattr(one, part)) for part in ("key", "take", "by"))


def _mappings(options: EventLogOptions) -> Iterator[tuple[str, str, MappingOptions]]:
    for table in options.tables:
        for where, mapping in options.mappings(table):
            yield table, where, mapping
    for kind in RECORDED:
        for where, mapping in options.recorded(kind):
            yield kind, where, mapping


def _names(name: str, where: str, columns: Mapping[str, str]) -> Iterator[str]:
    if name not in (RECORDED if where.startswith(f"source.{name}") else CANONICAL):
        hint = f"; what `record` keeps stands in source.{name}" if name in RECORDED else ""
        yield f"there is no table '{name}' ({where}); there are {sorted(CANONICAL)}{hint}"
        return
    table = mapped_table(name)
    there = [column for column in table.names if column != ROW]
    if unknown := sorted(set(columns) - set(there)):
        yield f"{where}.columns: no column {unknown}; there are {there}"
    if missing := [column for column in needed_columns(table) if column not in columns]:
        yield f"{where}.columns: {missing} must be given"


def _time_zones(options: EventLogOptions, database: duckdb.DuckDBPyConnection) -> Iterator[str]:
    named = {"source.time_zone": options.time_zone}
    named |= {f"{where}.recorded_in": one.recorded_in for _, where, one in _mappings(options) if one.recorded_in}
    known = [row[0] for row in database.execute("SELECT name FROM pg_timezone_names()").fetchall()]
    for where, zone in named.items():
        if zone not in known:
            close = get_close_matches(zone, known, n=3) or ["Europe/London", "America/New_York", "UTC"]
            yield f"{where}: there is no time zone '{zone}'; there are such as {', '.join(close)}"
