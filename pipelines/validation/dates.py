"""Expectations on dates: not implausibly early, not after the extraction, in the right order."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from features.reserved import HELPER
from features.schema import Column, Table
from pipelines.validation.demand import Demand

EARLIEST = datetime(1990, 1, 1)
MOST_YEARS_AHEAD = 20
# Helper columns, the same in every row, and the day on which the row's customer joined.
EARLIEST_AT, EXTRACTED_AT, FURTHEST_AT = f"{HELPER}earliest", f"{HELPER}extracted_at", f"{HELPER}furthest"
JOINED_ON = f"{HELPER}joined_on"
_BEFORE_JOINING = (
    "under source, `before_first_day: set_aside` leaves such rows out as unmapped (as many as refuse_unmapped_above"
    " allows), `before_first_day: earliest` lets their customers have joined by then"
)


def demands(
    table: Table, *, sound: Collection[str], extracted_at: datetime | None, joins: bool = False
) -> Iterator[Demand]:
    """The expectations on the dates of a table; only columns in sound are checked."""
    for column in table.columns:
        if column.name not in sound or column.type != "timestamp":
            continue
        # What became known cannot be earlier than what happened: of one early date, one fault is told, not two.
        if column.name != "known_at" or "event_at" not in sound:
            words = f"must not be before {EARLIEST:%Y-%m-%d}"
            demand = _in_order(table.name, words, earlier=EARLIEST_AT, later=column.name, shown=column.name)
            yield replace(demand, remedy=_drop(column, "too early", "<", f"{EARLIEST:%Y-%m-%d}"))
        if extracted_at is not None:
            yield _not_too_late(table.name, column, extracted_at)
    if {"event_at", "known_at"} <= set(sound):
        words = "must not be before event_at"
        yield _in_order(table.name, words, earlier="event_at", later="known_at", shown="known_at")
    yield from _of_a_resolution(table.name, sound)
    if joins and has_events(table) and {"event_at", "customer_id"} <= set(sound):
        words = "must not be before the day on which the customer joined"
        demand = _in_order(table.name, words, earlier=JOINED_ON, later="event_at", shown="event_at")
        yield replace(demand, remedy=_BEFORE_JOINING if table.column("event_at").said else "")


def _of_a_resolution(table: str, sound: Collection[str]) -> Iterator[Demand]:
    """A resolution is after its contact and not after its known_at: otherwise the first row would hold the future."""
    too_soon = "must not be after known_at; map the closing as a second row with its own known_at"
    for earlier, later, words in (
        ("event_at", "resolved_at", "must not be before event_at"),
        ("resolved_at", "known_at", too_soon),
    ):
        if {"resolved_at", earlier, later} <= set(sound):
            yield _in_order(table, words, earlier=earlier, later=later, shown="resolved_at")


def has_events(table: Table) -> bool:
    """Whether the rows of a table are events of customers in another table."""
    return table.name != "customers" and {"event_at", "customer_id"} <= set(table.names)


def helpers(table: Table, extracted_at: datetime | None) -> Iterator[str]:
    """The helper columns with constant values, as SQL."""
    if any(column.type == "timestamp" for column in table.columns):
        yield f"TIMESTAMP '{EARLIEST}' AS {EARLIEST_AT}"
    if extracted_at is not None:
        yield f"TIMESTAMP '{extracted_at}' AS {EXTRACTED_AT}"
        yield f"TIMESTAMP '{extracted_at}' + INTERVAL {MOST_YEARS_AHEAD} YEAR AS {FURTHEST_AT}"


def _not_too_late(table: str, column: Column, extracted_at: datetime) -> Demand:
    words, latest = f"must not be after the extraction at {extracted_at}", extracted_at
    if column.may_be_future:
        words = f"must not be over {MOST_YEARS_AHEAD} years after the extraction at {extracted_at}"
        latest = extracted_at.replace(year=extracted_at.year + MOST_YEARS_AHEAD, day=min(extracted_at.day, 28))
    later = FURTHEST_AT if column.may_be_future else EXTRACTED_AT
    demand = _in_order(table, words, earlier=column.name, later=later, shown=column.name)
    return replace(demand, remedy=_drop(column, "too late", ">", f"{latest}"))


def _drop(column: Column, name: str, sign: str, moment: str) -> str:
    """The line of a spec that drops such rows; none where no expression gives the column."""
    if not column.said:
        return ""
    condition = f"({column.said})::TIMESTAMP {sign} '{moment}'".replace('"', '\\"')
    return f'to leave such rows out, say in the spec, beside their files: drop: {{{name}: "{condition}"}}'


def _in_order(table: str, words: str, *, earlier: str, later: str, shown: str) -> Demand:
    compared = {"column_A": later, "column_B": earlier, "or_equal": True, "ignore_row_if": "either_value_is_missing"}
    return Demand(table, shown, words, "ExpectColumnPairValuesAToBeGreaterThanB", compared, shows=shown)
