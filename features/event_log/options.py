"""The `source` section of an event log's spec: which files become which table, column by column."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import duckdb
from pydantic import BeforeValidator, Field, model_validator

from features.event_log import expressions
from features.event_log.daily import ONE_USE
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


class MappingOptions(Section):
    """Some files and the expressions that make rows of one table of them.

    files are names or globs; rename gives what some of the files call a column the name that the others use, and the
    expressions; recorded_in is the time zone of times without one, where it is not the company's. drop names filters:
    a row for which one holds is left out and counted under the first such name. Rows that stand in several files are
    always taken once; duplicates says whether equal rows of one file are. identity: customer_id is a key to look up.
    """

    files: Annotated[tuple[str, ...], BeforeValidator(_many), Field(min_length=1)]
    rename: dict[str, str] = Field(default_factory=dict)
    recorded_in: str | None = None
    drop: dict[str, Sql] = Field(default_factory=dict)
    duplicates: Literal["keep", "drop"] = "keep"
    identity: bool = False
    columns: dict[str, Sql]


class IdentityOptions(Section):
    """A file that says which customer a key belongs to: expressions for the key and for the customer."""

    file: str
    key: Sql
    customer_id: Sql


class EventLogOptions(SourceOptions):
    """Options of an event log.

    time_zone is the company's: all times are kept in it. refuse_unmapped_above is the share of a table's rows that
    may lack a customer or a date. extracted_at is when the data were taken out; the newest known_at where not said.
    """

    kind: Literal["event_log"] = "event_log"
    time_zone: str
    refuse_unmapped_above: float = Field(0.0, ge=0, le=1)
    extracted_at: Moment | None = None
    identities: Annotated[tuple[IdentityOptions, ...], BeforeValidator(_many)] = ()
    tables: dict[str, Annotated[tuple[MappingOptions, ...], BeforeValidator(_many), Field(min_length=1)]] = Field(
        min_length=1
    )

    @model_validator(mode="after")
    def _is_sound(self) -> "EventLogOptions":
        if faults := list(_faults(self)):
            raise ValueError("; ".join(faults))
        return self

    def mappings(self, table: str) -> Iterator[tuple[str, MappingOptions]]:
        """The mappings of a table, each with its place in the spec, such as source.tables.usage or ….usage[1]."""
        several = self.tables[table]
        for number, mapping in enumerate(several):
            yield f"source.tables.{table}{f'[{number}]' if len(several) > 1 else ''}", mapping


def mapped_table(name: str) -> Table:
    """What a mapping of a table makes rows of: the table itself, or for `usage` single events of use."""
    return ONE_USE if name == "usage" else CANONICAL[name]


def needed_columns(table: Table) -> tuple[str, ...]:
    """The columns that a mapping must name: those that may not be missing and that nothing can stand for."""
    return tuple(c.name for c in table.columns if not c.nullable and c.name not in ("known_at", *MADE_KEYS))


def _faults(options: EventLogOptions) -> Iterator[str]:
    with duckdb.connect() as database:
        yield from _time_zones(options, database)
        for table, where, mapping in _mappings(options):
            yield from _names(table, where, mapping.columns)
            if mapping.identity and not options.identities:
                yield f"{where}.identity asks for a customer's key to be looked up, and there are no source.identities"
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


def _mappings(options: EventLogOptions) -> Iterator[tuple[str, str, MappingOptions]]:
    for table in options.tables:
        for where, mapping in options.mappings(table):
            yield table, where, mapping


def _names(name: str, where: str, columns: Mapping[str, str]) -> Iterator[str]:
    if name not in CANONICAL:
        yield f"there is no table '{name}' ({where}); there are {sorted(CANONICAL)}"
        return
    table = mapped_table(name)
    if unknown := sorted(set(columns) - set(table.names)):
        yield f"{where}.columns: no column {unknown}; there are {list(table.names)}"
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
