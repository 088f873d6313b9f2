"""Formatting of figures for people: in their unit, rounded by their precision."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import floor, isfinite, log10, sqrt
from typing import Any, overload

NO_BREAK = "\u00a0"
MINUS = "\u2212"
# No two numbers that a computer tells apart near 1 look alike with so many decimals.
MOST_DIGITS = 18
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


@dataclass(frozen=True)
class Unit:
    """How a kind of figure is written: multiplied by factor, between before and after, with at most so many decimals.

    A signed one is a change: it is written with its sign, its bounds with a minus only.
    """

    factor: float = 1.0
    before: str = ""
    after: str = ""
    signed: bool = False
    decimals: int = 4


PLAIN = Unit()
PERCENT = Unit(100, after=f"{NO_BREAK}%", decimals=1)
GAP = Unit(100, after=f"{NO_BREAK}points")
OF_A_HUNDRED = Unit(100, signed=True)
POINTS = Unit(100, after=f"{NO_BREAK}points", signed=True)
TIMES = Unit(after=f"{NO_BREAK}times", decimals=2)


@dataclass(frozen=True)
class Written:
    """A formatted figure between its unit's texts, and its exact value; range is "low to high".

    told is how it was written, None where it cannot be written otherwise.
    """

    exact: float
    before: str
    number: str
    after: str
    range: str
    told: "FormattedInterval | None" = None

    def __str__(self) -> str:
        return f"{self.before}{self.number}{self.after}"


@dataclass(frozen=True)
class FormattedInterval:
    """A formatted figure: low, value and high in its unit, with so many decimals."""

    unit: Unit
    numbers: tuple[float, float, float]
    digits: int


def money(currency: str, *, signed: bool = False) -> Unit:
    """The unit of amounts in a currency, by its code of three letters."""
    return Unit(before=f"{currency.upper()}{NO_BREAK}", signed=signed)


def unit_of(name: str, figure: Mapping[str, Any], currency: str) -> Unit:
    """The unit of a metric's figure: shares in per cent, differences of shares in points."""
    if name == "auc":
        return PLAIN  # known everywhere as 0.84, nowhere as 84 %
    if figure["unit"] == "share":
        return GAP if figure["better"] == "lower" else PERCENT
    if figure["unit"].startswith("outcomes"):
        return POINTS
    if figure["unit"].startswith("currency"):
        return money(currency)
    return TIMES if figure["unit"] == "times" else PLAIN


def written(
    found: Mapping[str, Any], unit: Unit, *, against: float | None = None, clear_of: float | None = None
) -> Written:
    """A figure with value, low, high and standard_error, in its unit, without digits that are mostly noise.

    But there are as many as tell the value from the number that it is held against, and the bounds from the one that
    they are clear of.
    """
    value, low, high = (unit.factor * found[part] for part in ("value", "low", "high"))
    digits = _digits(unit.factor * found["standard_error"], (low, high), most=unit.decimals)
    for one, other in ((value, against), (low, clear_of), (high, clear_of)):
        digits = digits if other is None else digits_that_tell(one, unit.factor * other, at_least=digits)
    return _in_digits(found["value"], FormattedInterval(unit, (low, value, high), digits))


def _in_digits(exact: float, told: FormattedInterval) -> Written:
    (low, value, high), unit, digits = told.numbers, told.unit, told.digits
    ends = f"{number(low, digits)} to {number(high, digits)}"
    return Written(exact, unit.before, number(value, digits, signed=unit.signed), unit.after, ends, told)


@overload
def aligned(column: Sequence[Written]) -> list[Written]: ...
@overload
def aligned(column: Sequence[Written | None]) -> list[Written | None]: ...
def aligned(column: Sequence[Written | None]) -> Sequence[Written | None]:
    """The figures of a column with equally many decimals, the most that any has; None stays None."""
    most = max((one.told.digits for one in column if one and one.told), default=0)
    return [_in_digits(one.exact, replace(one.told, digits=most)) if one and one.told else one for one in column]


def between(found: Mapping[str, Any], unit: Unit, *, clear_of: float | None = None) -> Written:
    """A figure with value, low and high of a 95 % interval; its standard error is a quarter of the width.

    clear_of as for `written`.
    """
    return written({**found, "standard_error": (found["high"] - found["low"]) / 4}, unit, clear_of=clear_of)


def alone(value: float, unit: Unit, *, standard_error: float, against: float | None = None) -> str:
    """A figure without an interval, rounded by a standard error; against as for `written`."""
    scaled = unit.factor * value
    digits = _digits(unit.factor * standard_error, (scaled,), most=unit.decimals)
    if against is not None:
        digits = digits_that_tell(scaled, unit.factor * against, at_least=digits)
    return f"{unit.before}{number(scaled, digits, signed=unit.signed)}{unit.after}"


def digits_that_tell(one: float, other: float, *, at_least: int = 4) -> int:
    """The fewest decimals, `at_least` or more, at which two different numbers are written differently.

    0.00803 and 0.00798 need five; equal ones need no more than `at_least`, nor do those that are not finite.
    """
    if one == other or not isfinite(one - other):
        return at_least
    different = (digits for digits in range(at_least, MOST_DIGITS) if f"{one:.{digits}f}" != f"{other:.{digits}f}")
    return next(different, at_least)


def amount(value: float, unit: Unit) -> str:
    """A chosen (not measured) amount: whole, or with two decimals."""
    return alone(value, unit, standard_error=1.0 if value == int(value) else 0.01)


def share(value: float, rows: float) -> str:
    """A share of so many rows in per cent, rounded by its precision."""
    spread = max(value * (1 - value), 1 / max(rows, 1))
    return alone(value, PERCENT, standard_error=sqrt(spread / max(rows, 1)))


def whole(value: float) -> str:
    """A chosen (not measured) share, in per cent."""
    return f"{100 * value:g}{NO_BREAK}%"


def count(number: float) -> str:
    """An integer with thousands separators."""
    return f"{number:,.0f}"


def counted(number: float, one: str, many: str = "") -> str:
    """An integer with what is counted: 1 round, 1,241 customers; many is the plural where it is not one with an s."""
    return f"{count(number)} {one if number == 1 else many or f'{one}s'}"


def percent(value: float, decimals: int = 1, *, signed: bool = False) -> str:
    """A share in per cent with so many decimals."""
    return f"{number(100 * value, decimals, signed=signed)}{NO_BREAK}%"


def significant(value: float, figures: int = 3, most: int = 4) -> str:
    """A figure with so many significant digits and at most so many decimals, never with an exponent.

    What is smaller than these decimals can show is said to be: "< 0.0001". Zeros at the end of decimals are left out.
    """
    least = 10.0**-most
    if value and abs(value) < least:
        return f"< {least:.{most}f}" if value > 0 else f"> {MINUS}{least:.{most}f}"
    digits = min(most, max(0, figures - 1 - floor(log10(abs(value))))) if value else 0
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{count(number)}{ending}"


def day(text: str) -> str:
    """An ISO date, with or without a time, in words."""
    moment = date.fromisoformat(text[:10])
    return f"{moment.day} {moment:%B %Y}"


def dates_in_words(text: str) -> str:
    """A text whose ISO dates are in words."""
    return _DATE.sub(lambda one: day(one[0]), text)


def moment(text: str) -> str:
    """An ISO time in UTC in words, to the minute."""
    return f"{day(text)}, {text[11:16]} UTC"


def days(dates: Sequence[str]) -> str:
    """Some ISO dates in words: one or two of them by name, of more how many from the first to the last."""
    if len(dates) < 2:
        return day(dates[0]) if dates else "none"
    if len(dates) == 2:
        first, last = map(day, dates)
        return f"{first.removesuffix(last[-5:])} and {last}"
    return f"{len(dates)} dates from {day(dates[0])} to {day(dates[-1])}"


def titled(name: str) -> str:
    """A figure's display name: `calibration_error` is "Calibration error", `auc` is "AUC"."""
    return name.upper() if name in ("auc", "ate", "qini", "autoc", "rfm") else name.replace("_", " ").capitalize()


def _digits(standard_error: float, bounds: Sequence[float], *, most: int) -> int:
    """Decimals down to the first digit of the standard error; up to two more so that a non-zero bound is not 0."""
    if standard_error <= 0:
        return 0 if not any(bounds) else 3
    first = min(most, max(0, -floor(log10(standard_error))))
    told = (digits for digits in range(first, first + 3) if all(round(bound, digits) for bound in bounds if bound))
    return next(told, first)


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """A figure with so many decimals, thousands separators and a minus; signed ones have a plus too."""
    text = f"{abs(value):,.{digits}f}"
    if not float(text.replace(",", "")):
        return text
    return f"{MINUS if value < 0 else '+' if signed else ''}{text}"
