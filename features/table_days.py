"""Date columns of a table, converted to the number of days until a fixed date."""

from datetime import date, datetime

import pyarrow as pa

# A day at the front of a moment: 2024-05-01T12:00.
_DAY = 10


def days_until(texts: pa.Array, as_of: date, *, written: str | None = None) -> tuple[pa.Array, pa.Array]:
    """The whole days from each text's day to as_of, below 0 where it lies after it; and the texts that are no days.

    written is a format of `strptime`; without it a day is 2024-05-01, whatever time of day follows it.
    """
    read = {text: _day(text, written) for text in set(texts.to_pylist()) if text is not None}
    days = [read.get(text) for text in texts.to_pylist()]
    values = pa.array([None if day is None else (as_of - day).days for day in days], pa.int64())
    bad = [text if day is None else None for text, day in zip(texts.to_pylist(), days, strict=True)]
    return values, pa.array(bad, pa.string())


def _day(text: str, written: str | None) -> date | None:
    try:
        if written:
            return datetime.strptime(text, written).date()
        return date.fromisoformat(text[:_DAY]) if text[_DAY : _DAY + 1] in ("", " ", "T") else None
    except ValueError:
        return None
