"""Date columns of a table, proposed as the number of days until the date of extraction (--as-of)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from features.table_days import days_until
from pipelines.jobs.proposing import log_days
from pipelines.jobs.proposing.columns import Proposal, is_of_days
from pipelines.jobs.proposing.profiles import Profile
from pipelines.jobs.proposing.settling import Settling, as_day
from pipelines.jobs.proposing.sheets import Sheet


def counted(
    sheet: Sheet, profiles: Mapping[str, Profile], settling: Settling, database: duckdb.DuckDBPyConnection
) -> Iterator[tuple[tuple[str, str], Proposal]]:
    """The proposal for each date column, by file and name; none without --as-of.

    Raises UsageError where --as-of is not a date, or dates fit several formats.
    """
    if settling.said.as_of is None:
        return
    as_of = as_day(settling.said.as_of)
    for name, found in profiles.items():
        if is_of_days(found) and name not in settling.said.drop:
            form = log_days.written(sheet, name, settling, database)
            texts = database.execute(f"SELECT {sheet.sql(name)} FROM {sheet.table}").fetchall()  # noqa: S608
            values, bad = days_until(pa.array([text for (text,) in texts], pa.string()), as_of, written=form)
            yield (sheet.file, name), _proposal(found, values, bad, as_of, form)


def _proposal(found: Profile, values: pa.Array, bad: pa.Array, as_of: date, form: str | None) -> Proposal:
    days = values.drop_null().to_pylist()
    odd = tuple(dict.fromkeys(bad.drop_null().to_pylist()))
    after = sum(one < 0 for one in days)
    entry: dict[str, Any] = {"type": "integer", "unit": "days", "as_of": str(as_of)}
    entry |= {"written": form} if form else {}
    entry |= {} if after else {"minimum": 0}
    entry |= {"missing": list(odd)} if odd else {}
    entry |= {"nullable": True} if odd or found.missing else {}
    why = f"days to {as_of}, as you said: from {min(days)} to {max(days)}"
    asks = f"{after:,} days lie after {as_of}: known only afterwards? Then --drop it" if after else ""
    return Proposal(found.name, entry, why, "sure", asks)
