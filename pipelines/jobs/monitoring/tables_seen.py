"""Rows a month and days since the newest row, of every table with dates."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np

from experiments.evaluation.monitoring.evidence import AgeSeen, VolumeSeen
from experiments.metric import Numbers
from features.observations import months_after
from pipelines.validation.stored import Stored

# Two years, so that a month has another of the year before, with those before it.
MONTHS, A_YEAR = 24, 12
GAPS_OF = timedelta(days=731)


@dataclass(frozen=True)
class DaysOfTable:
    """The days before a date on which rows of a table became known, as days since 1970, and how many there were."""

    table: str
    days: Numbers
    rows: Numbers


def dated(tables: Mapping[str, Stored], *, ended: Collection[str] = ()) -> dict[str, Stored]:
    """The tables whose rows have dates; not those made of others, or that have ended."""
    return {
        name: table
        for name, table in tables.items()
        if table.declared.is_dated and not table.declared.is_made and name not in ended
    }


def rows_of(table: str) -> str:
    """The name of the number of rows of a table."""
    return f"rows of {table}"


def days_of(tables: Mapping[str, Stored], *, at: date) -> Iterator[DaysOfTable]:
    """The days of each table, all of them `dated`, that had rows before a date."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            if "known_at" not in table.sound:
                continue
            query = (
                f"SELECT epoch(known_at::DATE) / 86400, count(*) FROM {table.scan()}"  # noqa: S608 - our own words
                " WHERE known_at::DATE <= ? GROUP BY 1 ORDER BY 1"
            )
            found = np.array(connection.execute(query, [at]).fetchall(), dtype=float).reshape(-1, 2)
            if found.size:
                yield DaysOfTable(name, found[:, 0], found[:, 1])


def volume(one: DaysOfTable, *, at: date) -> VolumeSeen | None:
    """The rows of the month before a date, and of those before it but the first, which may hold a backlog.

    None where there are no months to compare with.
    """
    edges = np.array([_day(months_after(at, -k).date()) for k in range(MONTHS + 2)])[::-1]
    places = np.searchsorted(edges, one.days, side="right") - 1
    inside = (places >= 0) & (places <= MONTHS)
    counts = np.bincount(places[inside], weights=one.rows[inside], minlength=MONTHS + 1).astype(float)
    first = int(np.searchsorted(edges, one.days[0], side="right"))  # the month after that of the first row
    before = counts[max(first, 0) : MONTHS]
    if not before.size:
        return None
    last_year = len(before) - A_YEAR
    return VolumeSeen(rows_of(one.table), float(counts[MONTHS]), before, last_year if last_year >= 0 else None)


def age(one: DaysOfTable, *, at: date) -> AgeSeen:
    """The days since the newest row, and the distances between days with rows in the two years before."""
    recent = one.days[one.days >= _day(at - GAPS_OF)]
    return AgeSeen(one.table, _day(at) - float(one.days[-1]), np.diff(recent))


def _day(moment: date) -> float:
    return float((moment - date(1970, 1, 1)).days)
