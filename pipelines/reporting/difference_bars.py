"""A difference drawn against its threshold, with its verdict and its rounding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.messages.numbers import MINUS, Unit, Written, written
from pipelines.reporting.judged_figures import Tone

Found = Mapping[str, Any]

MOST_DECIMALS = 6


@dataclass(frozen=True)
class DifferenceBar:
    """An interval as a bar: positions in per cent of the width, the threshold in the middle, better to the right.

    zero is the position of no difference, None where that is the threshold or outside the bar. shaded: whether a rule
    sets the threshold.
    """

    low: float
    value: float
    high: float
    zero: float | None
    tone: Tone
    shaded: bool


def tone_of(found: Found, at: float, *, better: str) -> Tone:
    """Good where the whole interval is better than the threshold, bad where none of it is, else open."""
    if found["low"] > at if better == "higher" else found["high"] < at:
        return "good"
    if found["high"] <= at if better == "higher" else found["low"] >= at:
        return "bad"
    return "open"


def difference_bar(
    found: Found, at: float, *, better: str, tone: Tone, shaded: bool, reach: float | None = None
) -> DifferenceBar:
    """An interval as a bar; reach is the distance from the threshold to its edge (default: just wide enough)."""
    sign = 1 if better == "higher" else -1
    half = reach or max(abs(found["low"] - at), abs(found["high"] - at), abs(at)) or 1.0

    def place(value: float) -> float:
        return float(round(50 + 45 * sign * (value - at) / half, 1))

    worst, best = sorted((place(found["low"]), place(found["high"])))
    return DifferenceBar(worst, place(found["value"]), best, place(0.0) if at else None, tone, shaded)


def rounding_step(found: Found, at: float) -> float:
    """The rounding precision: a tenth of the standard error, or of the distance of a bound from the threshold."""
    apart = [abs(found[end] - at) for end in ("low", "high")]
    return min((one for one in (found.get("standard_error", abs(at) / 10), *apart) if one > 0), default=0.0) / 10


def written_alone(value: float, unit: Unit, rounding_step: float) -> Written:
    """A figure without an interval, formatted with this rounding precision."""
    return written({"value": value, "low": value, "high": value, "standard_error": rounding_step}, unit)


def written_threshold(value: float, unit: Unit, *, signed: bool) -> Written:
    """A threshold, formatted without rounding: it was chosen, not estimated."""
    text = f"{abs(unit.factor * value):.10g}"
    sign = "" if not value or not signed else MINUS if value < 0 else "+"
    return Written(value, unit.before, f"{sign}{text}", unit.after, "")
