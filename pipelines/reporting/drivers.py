"""What goes with leaving: the strongest factors by theme, each with its effect, and where the leaving rate breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.messages.numbers import MINUS, NO_BREAK, PERCENT, Unit, Written, alone, between, money, titled, whole
from pipelines.reporting.slices import Bar

Found = Mapping[str, Any]

MOST_FACTORS = 15
DEVIATIONS = Unit(after=f"{NO_BREAK}sd", signed=True, decimals=2)
NO_WORD = (None, "count", "ratio", "quintile", "tone")


@dataclass(frozen=True)
class Break:
    """Where the leaving rate breaks: above the cut the share high left, up to it the share low."""

    at: Written
    high: Written
    low: Written


@dataclass(frozen=True)
class Factor:
    """A factor: what it is in words, its effect drawn and written, its break if it has one, the share missing."""

    words: str
    feature: str
    effect: Written
    bar: Bar
    cut: Break | None
    missing: str


@dataclass(frozen=True)
class Drivers:
    """The strongest established factors by theme (and survey touchpoint), and how many of all were established."""

    groups: tuple[tuple[str, tuple[Factor, ...]], ...]
    shown: int
    established: int
    examined: int


def drivers(found: Found) -> Drivers:
    """The factors that are told; of a category with two values, whose effects mirror each other, one is."""
    factors = _without_mirrors(found["drivers"])
    established = [one for one in factors if one["established"]]
    shown = established[:MOST_FACTORS]
    ends = [0.0, *(one[end] for one in shown for end in ("low", "high"))]
    groups: dict[str, list[Factor]] = {}
    for one in shown:
        groups.setdefault(_group(one), []).append(_factor(found, one, ends))
    told = tuple((name, tuple(members)) for name, members in groups.items())
    return Drivers(told, len(shown), len(established), len(factors))


def _without_mirrors(factors: Sequence[Found]) -> list[Found]:
    def key(one: Found, effect: float) -> tuple[str, bool, float]:
        return one["feature"], one["value"] is None, round(effect, 9)

    more = {key(one, one["effect"]) for one in factors if one["value"] is not None and one["effect"] > 0}
    return [one for one in factors if key(one, -one["effect"]) not in more]


def _group(one: Found) -> str:
    touchpoint = one["touchpoint"]
    return titled(one["theme"]) + (f": {touchpoint.replace('_', ' ')}" if touchpoint else "")


def _factor(found: Found, one: Found, ends: Sequence[float]) -> Factor:
    least, reach = min(ends), (max(ends) - min(ends)) or 1.0
    low, effect, high, zero = (
        round(4 + 92 * (value - least) / reach, 1) for value in (one["low"], one["effect"], one["high"], 0.0)
    )
    words = one["meaning"] if one["value"] is None else f"{one['meaning']}: {one['value']}"
    missing = alone(one["missing_share"], PERCENT, standard_error=0.01) if one["missing_share"] else "–"
    return Factor(
        words=words,
        feature=one["feature"],
        effect=between({**one, "value": one["effect"]}, DEVIATIONS),
        bar=Bar(low, effect, high, zero, open=False),
        cut=_break(found, one),
        missing=missing,
    )


def _break(found: Found, one: Found) -> Break | None:
    if one["threshold"] is None:
        return None
    high, low = (_leaving(one[f"leaving_{side}"]) for side in ("high", "low"))
    return Break(_in_unit(one["threshold"], one["unit"], found["spec"]["currency"]), high, low)


def _leaving(rate: float) -> Written:
    return Written(rate, "", alone(rate, PERCENT, standard_error=0.01), "", "")


def _in_unit(value: float, unit: str | None, currency: str) -> Written:
    """The number as it is: a cut is chosen as round as the data allow."""
    number = f"{value:,.10g}".replace("-", MINUS)
    if unit == "share":
        return Written(value, "", whole(value), "", "")
    if unit == "currency":
        return Written(value, money(currency).before, number, "", "")
    word = "" if unit in NO_WORD else f"{NO_BREAK}{unit}"
    return Written(value, "", number, word.removesuffix("s") if value == 1 else word, "")
