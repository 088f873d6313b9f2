"""How many rows there are, against what is usual: in the newest month, or in the version of the data before."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.validation.batches import Batch
from pipelines.validation.demand import Demand
from pipelines.validation.stored import Stored

MONTHS = 3
FEWEST_MONTHS = 2
# Of fewer rows a month, chance alone moves a half often enough to refuse sound data.
FEWEST_ROWS = 30

_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class Volume:
    """The rows of a table that have just come, and how many are usual."""

    table: str
    what: str
    rows: int
    usual: float


def of_months(tables: Mapping[str, Stored], extracted_at: datetime | None) -> Iterator[Volume]:
    """The newest month of each dated table against the mean of the three before it, or of two.

    The first part of a table is left out: it may hold the backlog. Of a month that the extraction cuts short,
    and of those before it, the same first days are counted. A table that came in each of the last three months
    and has nothing in the newest month of all has no rows; one that comes more seldom is judged by its own
    newest part.
    """
    dated = {name: table for name, table in tables.items() if _is_monthly(table)}
    months = {part for table in dated.values() for part in table.files}
    newest_of_all = max((one for one in months if extracted_at is None or _start(one) < extracted_at), default="")
    for name, table in dated.items():
        newest, before = _months(list(table.files), newest_of_all)
        if len(before) < FEWEST_MONTHS:
            continue
        first_days = _first_days(newest, extracted_at)
        rows, *usual = (_count(table, part, first_days) for part in (newest, *before))
        mean = sum(usual) / len(usual)
        if mean >= FEWEST_ROWS:
            yield Volume(name, f"in {newest}", rows, mean)


def of_versions(tables: Mapping[str, Stored], versions: Sequence[Mapping[str, Any]], *, file: str) -> Iterator[Volume]:
    """The rows of a table without dates against those of its file in the version of the data before this one."""
    before = versions[-2]["files"].get(file) if len(versions) > 1 else None
    if before is not None:
        undated = {name: table for name, table in tables.items() if not table.declared.is_dated}
        yield from (Volume(name, "in this version", table.total, before["rows"]) for name, table in undated.items())


def batch(volumes: Sequence[Volume], change: float) -> Batch:
    """One row with a column for each volume, which may differ from what is usual by `change`, a share of it."""
    rows = pa.table({volume.table: [volume.rows] for volume in volumes} | {"part": ["newest"]})
    return Batch("volumes", rows, tuple(_demand(volume, change) for volume in volumes), ("part",))


def _demand(volume: Volume, change: float) -> Demand:
    low, high = max(volume.usual * (1 - change), 0), volume.usual * (1 + change)
    return Demand(
        table=volume.table,
        column="",
        words=f"must have {low:,.0f} to {high:,.0f} rows {volume.what}: {volume.usual:,.0f} are usual, and"
        f" validation.volume_change is {change:g}",
        kind="ExpectColumnValuesToBeBetween",
        arguments={"column": volume.table, "min_value": low, "max_value": high},
        shows=volume.table,
        unit="volume",
    )


def _is_monthly(table: Stored) -> bool:
    return "known_at" in table.sound and all(_MONTH.fullmatch(part) for part in table.files)


def _months(parts: Sequence[str], newest: str) -> tuple[str, list[str]]:
    """The part to judge, and those to judge it by."""
    known = [part for part in parts if part <= newest]
    ages = [_ordinal(newest) - _ordinal(part) for part in known[1:][-MONTHS:]]
    judged = newest if ages == list(range(MONTHS, 0, -1)) else known[-1] if known else newest
    return judged, [part for part in known[1:] if part < judged][-MONTHS:]


def _ordinal(part: str) -> int:
    return int(part[:4]) * 12 + int(part[5:])


def _start(part: str) -> datetime:
    return datetime.fromisoformat(f"{part}-01")


def _first_days(part: str, extracted_at: datetime | None) -> timedelta | None:
    """How much of a month had passed at the extraction; None when all of it had."""
    if extracted_at is None or (extracted_at.year, extracted_at.month) != (_start(part).year, _start(part).month):
        return None
    return extracted_at - _start(part)


def _count(table: Stored, part: str, first_days: timedelta | None) -> int:
    if first_days is None or part not in table.files:
        return table.rows.get(part, 0)
    known_at = pq.read_table(table.files[part], columns=["known_at"])["known_at"]
    return int(pc.sum(pc.less(known_at, pa.scalar(_start(part) + first_days, known_at.type))).as_py() or 0)
