"""Expectations on a table, derived from its column declarations."""

import sys
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from features.reserved import HELPER, UNREADABLE
from features.schema import Column, Table
from pipelines.validation import dates
from pipelines.validation.demand import Demand

PART = f"{HELPER}part"
KEY_COPIES, KEY_CUSTOMERS = f"{HELPER}key_copies", f"{HELPER}key_customers"

# The table source derives the one from the other: of a row with an unknown arm, one fault is told, not two.
_DERIVED_FROM = {"probability": "arm"}


def found(column: str) -> str:
    """The name of the helper column that says whether a reference exists."""
    return f"{HELPER}found {column}"


def unreadable(column: str) -> str:
    """The name of the column with the raw text of unreadable values."""
    return f"{column}{UNREADABLE}"


def money(column: str) -> str:
    """The name of the helper column with unreadable texts that look like currency amounts."""
    return f"{HELPER}money {column}"


def strange(column: str) -> str:
    """The name of the helper column with the other unreadable texts."""
    return f"{HELPER}strange {column}"


def is_distribution(column: str) -> str:
    """The name of the helper column that says whether a text is the distribution that it is declared to be."""
    return f"{HELPER}distribution {column}"


def part_demands(table: Table) -> tuple[Demand, ...]:
    """Expectations on every part of a table: the declared columns in the declared types."""
    return tuple(
        Demand(
            table=table.name,
            column=column.name,
            words=f"must be stored as {column.type} ({column.arrow_type})",
            kind="ExpectColumnValuesToBeInSet",
            arguments={"column": column.name, "value_set": [column.arrow_type]},
            shows=column.name,
            unit="part",
        )
        for column in table.columns
    )


def row_demands(
    table: Table,
    *,
    sound: Collection[str],
    unread: Collection[str],
    extracted_at: datetime | None,
    joins: bool = False,
    large: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Demand, ...]:
    """Expectations on every row of a table.

    sound names the columns that are there in their declared type: only they are judged. unread names those of
    which some values could not be read. Without extracted_at no date is too late. joins: when customers joined is
    known, so that nothing of theirs may be earlier. large: the columns that hold too large a number, each with the
    largest size that may be.
    """
    demands = list(_of_the_key(table, sound))
    for column in table.columns:
        if column.name in unread:
            demands.extend(_readable(table.name, column))
        if column.name in sound and not column.nullable:
            demands.append(_not_missing(table.name, column, sound=sound, unread=unread))
        if column.name in sound:
            demands.extend(_of_a_column(table.name, column))
        if column.name in large:
            demands.append(_not_too_large(table.name, column, large[column.name]))
    demands.extend(dates.demands(table, sound=sound, extracted_at=extracted_at, joins=joins))
    return tuple(demands)


def full_key(table: Table) -> tuple[str, ...]:
    """The columns that identify a row: the key, and known_at where there is one."""
    return (*table.key, *(["known_at"] if table.is_dated and "known_at" not in table.key else []))


def unique_key(table: Table) -> tuple[str, ...]:
    """The columns that must be unique: those that identify a row, or the key where no row corrects another."""
    return full_key(table) if table.is_corrected else table.key


def has_one_customer(table: Table) -> bool:
    """Whether rows of one key must have the same customer, which is not part of the key."""
    return "customer_id" in table.names and not {"customer_id"} & set(table.key) and unique_key(table) != table.key


def _of_the_key(table: Table, sound: Collection[str]) -> Iterator[Demand]:
    key = unique_key(table)
    if set(key) <= set(sound):
        words = "must be unique" if len(key) == 1 else "must be unique together"
        if not table.is_corrected:
            words += ": a row that corrects another needs its own known_at in the spec, an equal one `duplicates: drop`"
        arguments: dict[str, Any] = {"column": KEY_COPIES, "value_set": [1]}
        yield Demand(table.name, " + ".join(key), words, "ExpectColumnValuesToBeInSet", arguments)
    if has_one_customer(table) and {*table.key, "customer_id"} <= set(sound):
        words = f"must be the same in all rows of one {' + '.join(table.key)}"
        yield _in_set(table.name, "customer_id", words=words, judged=KEY_CUSTOMERS, allowed=[1])


def _not_missing(table: str, column: Column, *, sound: Collection[str], unread: Collection[str]) -> Demand:
    parent = _DERIVED_FROM.get(column.name, "")
    judged_if: tuple[str, Literal["null", "present"]] | None = None
    if column.name in unread:
        judged_if = (unreadable(column.name), "null")
    elif parent in sound:
        judged_if = (parent, "present")
    arguments = {"column": column.name}
    kind = "ExpectColumnValuesToNotBeNull"
    words = f"must not be missing ({column.if_missing})" if column.if_missing else "must not be missing"
    return Demand(table, column.name, words, kind, arguments, judged_if=judged_if)


def _of_a_column(table: str, column: Column) -> Iterator[Demand]:
    is_bound = column.minimum is not None or column.maximum is not None
    if column.type == "number" or is_bound:
        yield _in_range(table, column)
    if column.values:
        words = f"must be one of {', '.join(column.values)}"
        yield _in_set(table, column.name, words=words, judged=column.name, allowed=list(column.values))
    if column.references:
        words = f"must occur in {column.references}"
        yield _in_set(table, column.name, words=words, judged=found(column.name), allowed=[True])
    if column.distribution_of:
        words = (
            f"must be JSON with a probability for each {column.distribution_of}, which sum to 1, the row's own among"
            " them as in probability"
        )
        yield _in_set(table, column.name, words=words, judged=is_distribution(column.name), allowed=[True])


def _in_set(table: str, column: str, *, words: str, judged: str, allowed: list[Any]) -> Demand:
    arguments = {"column": judged, "value_set": allowed}
    return Demand(table, column, words, "ExpectColumnValuesToBeInSet", arguments, shows=column)


def _in_range(table: str, column: Column) -> Demand:
    # An infinite value is no number: without a bound of its own, such a column is bound by what is finite.
    outer = sys.float_info.max if column.type == "number" else None
    low = column.minimum if column.minimum is not None or outer is None else -outer
    high = column.maximum if column.maximum is not None else outer
    arguments: dict[str, Any] = {"column": column.name, "min_value": low, "max_value": high}
    arguments |= {"strict_min": True} if column.above_minimum else {}
    return Demand(table, column.name, _range(column), "ExpectColumnValuesToBeBetween", arguments, shows=column.name)


def _not_too_large(table: str, column: Column, most: float) -> Demand:
    why = "doubles do not hold it exactly; make it a category" if column.type == "integer" else "its squares overflow"
    words = f"must be at most {most:.16g} in size ({why}, or divide it)"
    arguments: dict[str, Any] = {"column": column.name, "min_value": -most, "max_value": most}
    return Demand(table, column.name, words, "ExpectColumnValuesToBeBetween", arguments, shows=column.name)


def _range(column: Column) -> str:
    low, high = column.minimum, column.maximum
    if column.above_minimum:
        return f"must be above {low:.15g}" + ("" if high is None else f" and at most {high:.15g}")
    if low is not None and high is not None:
        return f"must be between {low:.15g} and {high:.15g}"
    finite = " and finite" if column.type == "number" else ""
    if low is not None:
        return f"must be at least {low:.15g}{finite}"
    return "must be finite" if high is None else f"must be at most {high:.15g}{finite}"


def _readable(table: str, column: Column) -> Iterator[Demand]:
    judged = {unreadable(column.name): f"cannot be read as {column.type}"}
    if column.type == "category":
        judged = {unreadable(column.name): f"unknown {column.name}, none of {', '.join(column.values)}"}
    if column.type == "number":
        with_money = "holds a currency where a plain number is expected; take it off in the spec, one currency a column"
        judged = {money(column.name): with_money, strange(column.name): f"cannot be read as {column.type}"}
    for raw, words in judged.items():
        yield Demand(table, column.name, words, "ExpectColumnValuesToBeNull", {"column": raw}, shows=raw)
