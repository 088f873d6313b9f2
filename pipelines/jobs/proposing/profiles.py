"""Profile of a column: counts of values, of numbers and of dates, extremes, and the most frequent values."""

from dataclasses import dataclass
from typing import Any

import duckdb

from features.event_log.expressions import literal
from pipelines.jobs.proposing.sheets import Sheet

# Numbers as the source `table` reads them.
WHOLE = r"[+-]?[0-9]+"
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
# Formatted numbers, which the source cannot read: currency and per cent signs, thousands separators, decimal commas.
DRESSED = r"[$€£¥]?\s*[+-]?[0-9]{1,3}([,.'’ ][0-9]{3})*([.,][0-9]+)?\s*(%|[$€£¥])?|\([0-9.,]+\)"
DAY = (
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}([T ].*)?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}([T ].*)?"
    r"|[0-9]{1,2}[ -][A-Za-z]{3,9}[ -][0-9]{2,4}"
)
# Texts that mark a missing value.
NOTHING = (
    *("?", "-", "--", ".", "n/a", "#n/a", "na", "nan", "null", "none", "nil", "unknown", "missing", "not available"),
    *("not known", "undefined", "<na>", "#value!", "#ref!", "(blank)", "unbekannt", "未知", "无"),
)
# Numbers that mark a missing value, as in `validate`: nines, with either sign.
NINES = tuple(sign * (10**digits - 1) for digits in range(2, 11) for sign in (-1, 1))
FEWEST_NINES = 3
_COUNTED = ("known", "distinct", "whole", "numbers", "dressed", "days", "padded", "longest", "mean_length", "signs")
SHOWN = 40


@dataclass(frozen=True)
class Profile:
    """The counts of a column.

    known counts rows that are not blank, distinct the different texts; whole, numbers, dressed (formatted numbers) and
    days count rows that can be read as such. low and high are the extremes of the numbers without nines that mark
    missing values, which are in nines; negative counts numbers below 0. top holds the most frequent texts with their
    counts, at most SHOWN; odd the most frequent texts that are no numbers. padded counts whole numbers with leading
    zeros, longest is in characters, signs says whether a text has control characters.
    """

    name: str
    rows: int
    known: int
    distinct: int
    whole: int
    numbers: int
    dressed: int
    days: int
    padded: int
    longest: int
    mean_length: float
    signs: bool
    low: float
    high: float
    negative: int
    nines: tuple[str, ...]
    top: tuple[tuple[str, int], ...]
    odd: tuple[tuple[str, int], ...]

    @property
    def missing(self) -> int:
        """The number of blank rows."""
        return self.rows - self.known

    @property
    def markers(self) -> tuple[str, ...]:
        """The texts of the column that mark missing values."""
        return tuple(text for text, _ in (*self.top, *self.odd) if text.lower() in NOTHING)

    @property
    def values(self) -> tuple[str, ...]:
        """The most frequent texts, in descending order."""
        return tuple(text for text, _ in self.top)


def profile(sheet: Sheet, name: str, database: duckdb.DuckDBPyConnection) -> Profile:
    """The profile of a column of a sheet, computed from its distinct texts and their counts."""
    c = sheet.sql(name)
    number = f"CASE WHEN regexp_full_match(c, {literal(NUMBER)}) THEN TRY_CAST(c AS DOUBLE) END AS n"
    texts = f"SELECT {c} AS c, count(*) AS rows FROM {sheet.table} WHERE {c} IS NOT NULL GROUP BY 1"  # noqa: S608
    database.execute(f"CREATE OR REPLACE TEMP TABLE counted AS SELECT c, rows, {number} FROM ({texts})")  # noqa: S608
    query = f"""SELECT coalesce(sum(rows), 0)::BIGINT, count(*), {_counted(WHOLE)}, {_counted(NUMBER)},
        {_counted(DRESSED)}, {_counted(DAY)}, {_counted("[+-]?0[0-9]+")}, coalesce(max(length(c)), 0),
        coalesce(sum(length(c) * rows) / sum(rows), 0),
        coalesce(bool_or(regexp_matches(c, '[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F]')), false)
        FROM counted"""  # noqa: S608 - names of our own, texts as literals
    counted: Any = database.execute(query).fetchall()[0]
    nines = _nines(database)
    apart = f"n NOT IN ({', '.join(map(repr, nines))})" if nines else "true"
    below = "coalesce(sum(rows) FILTER (n < 0), 0)::BIGINT"
    extremes = f"SELECT min(n), max(n), {below} FROM counted WHERE isfinite(n) AND {apart}"  # noqa: S608
    ((low, high, negative),) = database.execute(extremes).fetchall()
    most = f"ORDER BY rows DESC, c LIMIT {SHOWN}"
    top = database.execute(f"SELECT c, rows FROM counted {most}").fetchall()  # noqa: S608
    odd = database.execute(f"SELECT c, rows FROM counted WHERE n IS NULL {most}").fetchall()  # noqa: S608
    odd = odd if counted[3] else []
    spelt = tuple(str(int(one)) for one in nines)
    return Profile(
        **dict(zip(_COUNTED, counted, strict=True)),
        name=name,
        rows=sheet.rows,
        low=low or 0.0,
        high=high or 0.0,
        negative=negative or 0,
        nines=spelt,
        top=tuple(top),
        odd=tuple(odd),
    )


def _counted(pattern: str) -> str:
    return f"coalesce(sum(rows) FILTER (regexp_full_match(c, {literal(pattern)})), 0)::BIGINT"


def _nines(database: duckdb.DuckDBPyConnection) -> list[int]:
    """The nines of a column that stand far from all other numbers, in several rows."""
    listed = ", ".join(map(str, NINES))
    found = database.execute(f"SELECT n, sum(rows) FROM counted WHERE n IN ({listed}) GROUP BY 1").fetchall()  # noqa: S608
    if not found:
        return []
    rest = f"SELECT min(n), max(n) FROM counted WHERE isfinite(n) AND n NOT IN ({listed})"  # noqa: S608
    ((low, high),) = database.execute(rest).fetchall()
    if low is None:
        return []
    far = [n for n, rows in found if rows >= FEWEST_NINES and ((n < 0 <= low) or n - high > high - low)]
    return sorted(map(int, far))
