"""Row counts compared with the usual ones: of the newest month, or of the previous version of the data.

Of months, both counts are taken with their noise: for x new rows and B in k months before, x of x + B is binomial with
the share r / (r + k), where r is how the rates compare (Przyborowski & Wilenski 1940). Refused is what chance gives in
fewer than ALPHA of cases even where the rate has changed by all that is allowed.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.stats import binom

from features.event_log.arrivals import PREFIX
from pipelines.validation.batches import Batch
from pipelines.validation.demand import Demand
from pipelines.validation.stored import Stored

MONTHS = 3
FEWEST_MONTHS = 2
A_DAY = timedelta(days=1)
# How likely a count may be, on one side, and still be refused.
ALPHA = 0.005

_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class Volume:
    """The new rows of a table, and the usual number: a mean of so many months, 0 where of none.

    is_steady says that the table came at even distances so far, so that it has too few rows where it has hardly any.
    is_unfinished says that nobody told when the data were taken out, and that this is the month of their last row.
    """

    table: str
    what: str
    rows: int
    usual: float
    months: int = 0
    is_steady: bool = True
    is_unfinished: bool = False

    def bounds(self, change: float) -> tuple[float, float]:
        """The smallest and largest allowed row count where the usual one may change by `change`, a share of it."""
        low, high = max(self.usual * (1 - change), 0.0), self.usual * (1 + change)
        if self.months:
            low, high = _least(self.usual, self.months, low), _most(self.usual, self.months, high)
        return (low if self.is_steady else 0.0), high


def _least(usual: float, months: int, low: float) -> float:
    """The smallest count that is consistent with a rate of `low` or more."""
    before, least, most = round(usual * months), 0, math.ceil(low)
    while least < most:
        middle = (least + most) // 2
        share = low / (low + usual * months)
        if binom.cdf(middle, middle + before, share) < ALPHA:
            least = middle + 1
        else:
            most = middle
    return float(least)


def _most(usual: float, months: int, high: float) -> float:
    """The largest count that is consistent with a rate of `high` or less."""
    before, least = round(usual * months), math.floor(high)
    most = 2 * least + 100
    while least < most:
        middle = (least + most + 1) // 2
        share = high / (high + usual * months)
        if binom.sf(middle - 1, middle + before, share) < ALPHA:
            most = middle - 1
        else:
            least = middle
    return float(least)


def of_months(
    tables: Mapping[str, Stored], extracted_at: datetime | None, *, is_said: bool = True, ended: Collection[str] = ()
) -> Iterator[Volume]:
    """The newest month of each dated table's files against the mean of the three before it, or of two.

    The first part of a table is left out: it may hold the backlog. Of a month that the extraction cuts short,
    and of those before it, the same first days are counted. A table that came at even distances, such as each month,
    and did not come when it was due has no rows; one that came at uneven ones may miss any month. Tables that are made
    of others, and those that have ended, are not judged; one that was due more than three times and did not come has
    ended, too. Nor is a month of which less than a day had passed. is_said: whether a spec says when the data were
    taken out.
    """
    dated = {name: table for name, table in tables.items() if _is_monthly(table)}
    months = {part for table in dated.values() for part in _of_files(table)}
    begun = extracted_at - A_DAY if extracted_at else datetime.max
    newest_of_all = max((one for one in months if _start(one) <= begun), default="")
    for name, table in dated.items():
        newest, before, is_steady = _months(_of_files(table), newest_of_all)
        if len(before) < FEWEST_MONTHS or name in ended or table.declared.is_made:
            continue
        first_days = _first_days(newest, extracted_at)
        rows, *usual = (_count(table, part, first_days) for part in (newest, *before))
        mean = sum(usual) / len(usual)
        if mean:
            cut = first_days is not None and not is_said
            yield Volume(name, f"in {newest}", rows, mean, len(before), is_steady, cut)


def of_versions(tables: Mapping[str, Stored], versions: Sequence[Mapping[str, Any]], *, file: str) -> Iterator[Volume]:
    """The rows of a table without dates, and of its file in the previous version of the data."""
    before = versions[-2]["files"].get(file) if len(versions) > 1 else None
    if before is not None:
        undated = {name: table for name, table in tables.items() if not table.declared.is_dated}
        yield from (Volume(name, "in this version", table.total, before["rows"]) for name, table in undated.items())


def batch(volumes: Sequence[Volume], change: float) -> Batch:
    """One row with a column per volume, which may differ from the usual one by `change`, a share of it."""
    rows = pa.table({volume.table: [volume.rows] for volume in volumes} | {"part": ["newest"]})
    return Batch("volumes", rows, tuple(_demand(volume, change) for volume in volumes), ("part",))


def _demand(volume: Volume, change: float) -> Demand:
    low, high = volume.bounds(change)
    noise = ", beside what chance moves" if volume.months else ""
    words = (
        f"must have {low:,.0f} to {high:,.0f} rows {volume.what}: {volume.usual:,.0f} are usual, and"
        f" validation.volume_change is {change:g}{noise}"
    )
    remedy = _remedy(volume, change)
    if volume.is_unfinished and volume.rows < low:
        words = (
            f"the last month looks unfinished: {volume.usual:,.0f} rows are usual {volume.what} up to its last one, and"
            f" {low:,.0f} are the fewest"
        )
        month = volume.what.removeprefix("in ")
        remedy = (
            "say in the spec when the data were taken out, as in `source.extracted_at:"
            f' "{month}-01"`, for no window closes later; rows from after it are left out by `drop`'
        )
    return Demand(
        table=volume.table,
        column="",
        words=words,
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": volume.table, "min_value": low, "max_value": high},
        shows=volume.table,
        unit="volume",
        remedy=remedy,
    )


def _remedy(volume: Volume, change: float) -> str:
    """The line of a spec that would accept the rows; none where they pass, or where no months are compared."""
    low, high = volume.bounds(change)
    if not volume.months or low <= volume.rows <= high:
        return ""
    if not volume.rows:
        return f"where it comes no more, say `validation.ended: [{volume.table}]`"
    needed = math.ceil(10 * abs(volume.rows / volume.usual - 1)) / 10
    return f"where that is right, say `validation.volume_change: {needed:g}`"


def _is_monthly(table: Stored) -> bool:
    return "known_at" in table.sound and all(_MONTH.fullmatch(part) for part in _of_files(table))


def _of_files(table: Stored) -> list[str]:
    """The parts with rows of files: how often the service hears of something has no measure."""
    return [part for part in table.files if not part.startswith(PREFIX)]


def _months(parts: Sequence[str], newest: str) -> tuple[str, list[str], bool]:
    """The month to check, those to compare with, and whether the table arrived regularly so far."""
    recent = [part for part in parts if part <= newest][1:][-MONTHS - 1 :]
    if not recent:
        return newest, [], True
    distances = {_ordinal(later) - _ordinal(earlier) for earlier, later in pairwise(recent)}
    if len(distances) == 1:
        distance = next(iter(distances))
        missed = (_ordinal(newest) - _ordinal(recent[-1])) // distance
        if 0 < missed <= MONTHS:
            return _named(_ordinal(recent[-1]) + missed * distance), recent[-MONTHS:], True
    return recent[-1], recent[:-1], len(distances) == 1


def _ordinal(part: str) -> int:
    return int(part[:4]) * 12 + int(part[5:]) - 1


def _named(ordinal: int) -> str:
    return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"


def _start(part: str) -> datetime:
    return datetime.fromisoformat(f"{part}-01")


def _first_days(part: str, extracted_at: datetime | None) -> timedelta | None:
    """The elapsed part of a month at the extraction; None when all of it had passed."""
    if extracted_at is None or (extracted_at.year, extracted_at.month) != (_start(part).year, _start(part).month):
        return None
    return extracted_at - _start(part)


def _count(table: Stored, part: str, first_days: timedelta | None) -> int:
    if first_days is None or part not in table.files:
        return table.rows.get(part, 0)
    known_at = pq.read_table(table.files[part], columns=["known_at"])["known_at"]
    return int(pc.sum(pc.less(known_at, pa.scalar(_start(part) + first_days, known_at.type))).as_py() or 0)
