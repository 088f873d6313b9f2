"""The label of an event log and its observation dates, with counts of outcomes before anything is built."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from experiments.sections.split import SplitSpec
from features.errors import UsageError
from features.event_log.expressions import literal
from features.observations import months_after, observation_dates
from pipelines.jobs.proposing.log_files import Log

# A date needs at least so many of the rarer outcome.
FEWEST = 10
HORIZONS = (30, 60, 90, 180, 365)
# The share of returning customers who must have returned within the horizon.
COMES_AGAIN = 0.9

Dates = tuple[tuple[datetime, int, int], ...]


@dataclass(frozen=True)
class Target:
    """The label, its window, and its dates, each with the number of customers observed and of those who left.

    kind is cancelled or inactive; table holds the events that count for inactive. split divides the dates, None where
    there are too few.
    """

    kind: str
    horizon_days: int
    look_back_days: int
    first: date
    dates: tuple[tuple[datetime, int, int], ...]
    why: str
    table: str = "transactions"
    split: SplitSpec | None = None

    @property
    def words(self) -> str:
        """The expected dates, rows and leavers, as a sentence."""
        rows, left = sum(rows for _, rows, _ in self.dates), sum(left for _, _, left in self.dates)
        first, last = self.dates[0][0], self.dates[-1][0]
        each = f"{self.dates[-1][1]:,} customers at the last, of whom {self.dates[-1][2]:,} left"
        when = f"{first:%Y-%m-%d}" if len(self.dates) == 1 else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        dates = f"{len(self.dates)} observation date{'s' if len(self.dates) > 1 else ''} ({when})"
        return f"{dates}, {rows:,} rows, {left:,} left ({100 * left / rows:.1f} %); {each}."


def of_a_flag(log: Log, joined: str, left: str, *, day: date, horizon_days: int, look_back: int, why: str,
              database: duckdb.DuckDBPyConnection) -> Target:  # fmt: skip
    """The target for a churn flag per customer: a single date. joined and left are SQL conditions over the sheet."""
    moment = f"TIMESTAMP '{day}'"
    query = f"SELECT count(*), count(*) FILTER ({left}) FROM {log.sheet.table} WHERE {joined} < {moment}"  # noqa: S608
    rows, gone = database.execute(query).fetchall()[0]
    dates = ((datetime(day.year, day.month, day.day), int(rows), int(gone)),)
    _refuse_none(dates, log.sheet.file)
    return Target("cancelled", horizon_days, look_back, day, dates, why)


def of_an_end(log: Log, joined: str, ended: str, *, first: datetime, end: datetime, horizon_days: int, look_back: int,
              why: str, database: duckdb.DuckDBPyConnection) -> Target:  # fmt: skip
    """The target for a leaving date per customer: monthly dates. joined and ended are SQL over the sheet."""
    begin = _month_after(first + timedelta(days=look_back))
    found = []
    for day in _mature(begin, end, horizon_days):
        here = f"{joined} < TIMESTAMP '{day}' AND ({ended} IS NULL OR {ended} >= TIMESTAMP '{day}')"
        closes = f"{ended} < TIMESTAMP '{day + timedelta(days=horizon_days)}'"
        query = f"SELECT count(*), count(*) FILTER ({closes}) FROM {log.sheet.table} WHERE {here}"  # noqa: S608
        rows, gone = database.execute(query).fetchall()[0]
        found.append((day, int(rows), int(gone)))
    return Target("cancelled", horizon_days, look_back, *_with_enough_outcomes(found, log.sheet.file), why)


def note_events(log: Log, moment: str, kept: str, database: duckdb.DuckDBPyConnection) -> None:
    """Store the moments of each customer's events in the table `seen`; kept is an SQL condition for events to count."""
    who = log.sheet.sql(log.customer)
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT DISTINCT {who} AS who, {moment} AS moment"  # noqa: S608
        f" FROM {log.sheet.table} WHERE {who} IS NOT NULL AND {moment} IS NOT NULL AND {kept}"
    )


def of_silence(log: Log, *, first: datetime, end: datetime, horizon_days: int, look_back: int, why: str,
               database: duckdb.DuckDBPyConnection) -> Target:  # fmt: skip
    """The target for inactivity, by the events in the table `seen`: monthly dates."""
    begin = _month_after(first + timedelta(days=look_back))
    found = []
    for day in _mature(begin, end, horizon_days):
        at, back = f"TIMESTAMP '{day}'", f"TIMESTAMP '{day - timedelta(days=look_back)}'"
        closes = f"TIMESTAMP '{day + timedelta(days=horizon_days)}'"
        again = f"bool_or(moment >= {at} AND moment < {closes})"
        active = f"SELECT {again} AS again FROM seen GROUP BY who HAVING bool_or(moment >= {back} AND moment < {at})"  # noqa: S608
        rows, back_again = database.execute(f"SELECT count(*), count(*) FILTER (again) FROM ({active})").fetchall()[0]  # noqa: S608
        found.append((day, int(rows), int(rows - back_again)))
    return Target("inactive", horizon_days, look_back, *_with_enough_outcomes(found, log.sheet.file), why, log.table)


def pauses(database: duckdb.DuckDBPyConnection) -> tuple[list[int], str]:
    """Horizons in days by preference, and why: the first by which 90 % of returning customers return, then shorter."""
    days = "SELECT DISTINCT who, date_trunc('day', moment) AS day FROM seen"
    gaps = f"SELECT day - lag(day) OVER (PARTITION BY who ORDER BY day) AS gap FROM ({days})"  # noqa: S608
    query = f"SELECT quantile_cont(date_part('day', gap), {COMES_AGAIN}) FROM ({gaps}) WHERE gap IS NOT NULL"  # noqa: S608
    usual = float(database.execute(query).fetchall()[0][0] or HORIZONS[0])
    longest = next((one for one in HORIZONS if one >= usual), HORIZONS[-1])
    why = f"guess: of those who came again, {100 * COMES_AGAIN:.0f} % came within {usual:.0f} days"
    return [one for one in reversed(HORIZONS) if one <= longest], why


def _month_after(moment: datetime) -> date:
    return moment.date() if moment.day == 1 else months_after(moment.date().replace(day=1), 1).date()


def _mature(first: date, end: datetime, horizon_days: int) -> list[datetime]:
    dates = observation_dates(first, every_months=1, data_end=end)
    return [one for one in dates if one + timedelta(days=horizon_days) <= end]


def _with_enough_outcomes(
    found: Sequence[tuple[datetime, int, int]], file: str
) -> tuple[date, tuple[tuple[datetime, int, int], ...]]:
    """The dates from the first one with enough outcomes."""
    start = next((place for place, (_, rows, left) in enumerate(found) if min(left, rows - left) >= FEWEST), None)
    if start is None:
        seen = ", ".join(f"{day:%Y-%m-%d}: {left:,} of {rows:,}" for day, rows, left in found[-3:])
        raise UsageError(
            f"{file}: no date has {FEWEST} customers of each outcome ({seen or 'none is mature'}). Say"
            " --inactive-days N, shorter or longer, or add data."
        )
    return found[start][0].date(), tuple(found[start:])


def _refuse_none(dates: Sequence[tuple[datetime, int, int]], file: str) -> None:
    day, rows, left = dates[0]
    if not 0 < left < rows:
        raise UsageError(
            f"{file}: of {rows:,} customers who had joined before {day:%Y-%m-%d} {left:,} left; say --as-of DAY."
        )


def is_text(column: str, text: str) -> str:
    """The SQL condition that a column of a sheet equals a text."""
    return f"{column} = {literal(text)}"
