"""A difference against what is demanded of it: drawn, judged and rounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.messages.numbers import MINUS, Unit, Written, written
from pipelines.reporting.judged_figures import Tone

Found = Mapping[str, Any]

MOST_DECIMALS = 6


@dataclass(frozen=True)
class Versus:
    """A difference drawn: places in per cent of the width, better to the right, what is demanded in the middle.

    zero is where there is no difference, None where that is what is demanded or off the paper; shaded: a rule demands.
    """

    low: float
    value: float
    high: float
    zero: float | None
    tone: Tone
    shaded: bool


def tone_of(found: Found, at: float, *, better: str) -> Tone:
    """Whether an interval lies wholly beyond what is demanded, wholly short of it, or on either side."""
    if found["low"] > at if better == "higher" else found["high"] < at:
        return "good"
    if found["high"] <= at if better == "higher" else found["low"] >= at:
        return "bad"
    return "open"


def drawn(found: Found, at: float, *, better: str, tone: Tone, shaded: bool, reach: float | None = None) -> Versus:
    """An interval on paper; reach is the distance from at that half the paper takes (default: what it needs)."""
    sign = 1 if better == "higher" else -1
    half = reach or max(abs(found["low"] - at), abs(found["high"] - at), abs(at)) or 1.0

    def place(value: float) -> float:
        return float(round(50 + 45 * sign * (value - at) / half, 1))

    worst, best = sorted((place(found["low"]), place(found["high"])))
    return Versus(worst, place(found["value"]), best, place(0.0) if at else None, tone, shaded)


def finest(found: Found, at: float) -> float:
    """What a figure is rounded by: a tenth of its standard error, or of how far a bound is from what is demanded."""
    apart = [abs(found[end] - at) for end in ("low", "high")]
    return min((one for one in (found.get("standard_error", abs(at) / 10), *apart) if one > 0), default=0.0) / 10


def told(value: float, unit: Unit, finest: float) -> Written:
    """A figure that has no interval of its own, rounded by what is finest."""
    return written({"value": value, "low": value, "high": value, "standard_error": finest}, unit)


def chosen(value: float, unit: Unit, *, signed: bool) -> Written:
    """A threshold: it was chosen, so it is written as it was."""
    text = f"{abs(unit.factor * value):.10g}"
    sign = "" if not value or not signed else MINUS if value < 0 else "+"
    return Written(value, unit.before, f"{sign}{text}", unit.after, "")
