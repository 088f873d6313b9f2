"""The check that a reader of texts knows no text from the first date that judges on."""

from datetime import UTC, datetime, timedelta

import numpy as np

from experiments.rows.gate_dates import judging_dates
from features.errors import SpecError
from pipelines.matrix.enough_dates import HasDates, mature_dates
from pipelines.models.text_readers.pinned import Pinned


def check_reader(spec: HasDates, reader: Pinned, end: datetime) -> None:
    """Raise SpecError where the reader may have learned from a text of the gate cohort, on data that end at `end`."""
    first = first_judging(spec, end)
    if first is not None and _moment(reader.known_before) > first:
        raise SpecError(
            f"spec '{spec.name}': texts: {reader} knows texts up to {reader.known_before}, and the first gate date is"
            f" {first:%Y-%m-%d}; pin a version whose known_before is not later, or make one."
        )


def first_judging(spec: HasDates, end: datetime) -> datetime | None:
    """The first date of the gate cohort; None where no date is mature yet."""
    dates = mature_dates(spec, end)
    if not dates or spec.split.kind == "random":
        return dates[0] if dates else None
    window = timedelta(days=spec.label.lead_time_days + spec.label.horizon_days)
    judged = judging_dates(np.array(dates, dtype="datetime64[us]"), spec.split, window)
    return dates[-min(judged, len(dates))]


def _moment(said: str) -> datetime:
    """A moment as our data have them: in UTC and without a zone."""
    found = datetime.fromisoformat(said)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
