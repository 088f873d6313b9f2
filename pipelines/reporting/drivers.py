"""Drivers of churn on the page: the strongest of each theme, others behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.evaluation.drivers import NO_THEME
from pipelines.messages.feature_units import NO_WORD, unit_of
from pipelines.messages.numbers import (
    MINUS,
    NO_BREAK,
    PERCENT,
    Unit,
    Written,
    aligned,
    alone,
    between,
    money,
    titled,
    whole,
)
from pipelines.reporting.slices import Bar

Found = Mapping[str, Any]

# Factors of one theme are similar, so the page shows so many themes, and so many factors of each.
MOST_THEMES = 10
MOST_OF_A_THEME = 6
# From this share of missing values on, the first screen says for how many a factor is known.
MUCH_MISSING = 0.1
DEVIATIONS = Unit(after=f"{NO_BREAK}sd", signed=True, decimals=2)


@dataclass(frozen=True)
class ChangePoint:
    """A change point of the churn rate: the share `high` left above the value `at`, the share `low` up to it."""

    at: Written
    high: Written
    low: Written


@dataclass(frozen=True)
class Factor:
    """A factor: its meaning, the means of leavers and of stayers in its unit (None in old reports, which lack them),
    its effect as text and bar, its change point if it has one, the share missing, and the share known
    ("" for nearly all).
    """

    words: str
    feature: str
    left: Written | None
    stayed: Written | None
    effect: Written
    bar: Bar
    change_point: ChangePoint | None
    missing: str
    known: str


@dataclass(frozen=True)
class Drivers:
    """The strongest established factors by theme (and survey touchpoint), and the numbers shown, established, examined.

    In a plain table, which has no themes, each column is its own theme.
    """

    groups: tuple[tuple[str, tuple[Factor, ...]], ...]
    shown: int
    established: int
    examined: int


def drivers(found: Found) -> Drivers:
    """The factors to show; of a category with two values, whose effects mirror each other, only one."""
    factors = _without_mirrors(found["drivers"])
    established = [one for one in factors if one["established"]]
    themes: dict[str, list[Found]] = {}
    for one in established:
        themes.setdefault(_group(one), []).append(one)
    shown = {name: members[:MOST_OF_A_THEME] for name, members in list(themes.items())[:MOST_THEMES]}
    ends = [0.0, *(one[end] for members in shown.values() for one in members for end in ("low", "high"))]
    told = [_factor(found, one, ends) for members in shown.values() for one in members]
    effects = iter(aligned([one.effect for one in told]))
    factors_told = iter([replace(one, effect=effect) for one, effect in zip(told, effects, strict=True) if effect])
    groups = tuple((name, tuple(next(factors_told) for _ in members)) for name, members in shown.items())
    return Drivers(groups, len(told), len(established), len(factors))


def look_back(found: Found, shown: Drivers) -> str:
    """The days of the look-back, as text, where a factor shown speaks of it; else ""."""
    told = any("look-back" in one.words for _, factors in shown.groups for one in factors)
    observations = found["spec"].get("observations")
    return f"{observations['look_back_days']:,}" if told and observations else ""


def _without_mirrors(factors: Sequence[Found]) -> list[Found]:
    def key(one: Found, effect: float) -> tuple[str, bool, float]:
        return one["feature"], one["value"] is None, round(effect, 9)

    more = {key(one, one["effect"]) for one in factors if one["value"] is not None and one["effect"] > 0}
    return [one for one in factors if key(one, -one["effect"]) not in more]


def _group(one: Found) -> str:
    touchpoint = one["touchpoint"]
    if one["theme"] == NO_THEME:
        return titled(one["feature"])
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
        left=_mean(found, one, "mean_left"),
        stayed=_mean(found, one, "mean_stayed"),
        effect=between({**one, "value": one["effect"]}, DEVIATIONS),
        bar=Bar(low, effect, high, zero, open=False),
        change_point=_change_point(found, one),
        missing=missing,
        known=alone(1 - one["missing_share"], PERCENT, standard_error=0.01)
        if one["missing_share"] >= MUCH_MISSING
        else "",
    )


def _mean(found: Found, one: Found, which: str) -> Written | None:
    """A mean in the factor's unit, rounded by the precision of the difference of the two means."""
    value = one.get(which)
    if value is None:
        return None
    unit = PERCENT if one["value"] is not None else unit_of(one["unit"], found["spec"]["currency"])
    scale = abs((one["mean_left"] - one["mean_stayed"]) / one["effect"]) if one["effect"] else 1.0
    text = alone(value, unit, standard_error=scale * (one["high"] - one["low"]) / 4)
    return Written(value, "", text, "", "")


def _change_point(found: Found, one: Found) -> ChangePoint | None:
    if one["threshold"] is None:
        return None
    high, low = (_leaving(one[f"leaving_{side}"]) for side in ("high", "low"))
    return ChangePoint(_in_unit(one["threshold"], one["unit"], found["spec"]["currency"]), high, low)


def _leaving(rate: float) -> Written:
    return Written(rate, "", alone(rate, PERCENT, standard_error=0.01), "", "")


def _in_unit(value: float, unit: str | None, currency: str) -> Written:
    """A change point without further rounding: it is already as round as the data allow."""
    number = f"{value:,.10g}".replace("-", MINUS)
    if unit == "share":
        return Written(value, "", whole(value), "", "")
    if unit == "currency":
        return Written(value, money(currency).before, number, "", "")
    word = "" if unit in NO_WORD else f"{NO_BREAK}{unit}"
    return Written(value, "", number, word.removesuffix("s") if value == 1 else word, "")
