"""Conversion of one cell to a number or category, where that loses nothing; other cells are unreadable.

A cell is read by itself: what else stands in the column, and which type that gave to it, changes nothing.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isinf
from typing import Any

import numpy as np
import pandas as pd

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
# A whole number as it is written, or as a float is.
AS_WHOLE = re.compile(r"(0|-?[1-9][0-9]{0,30})(\.0)?")
A_NUMBER = "a finite number that a double holds without loss, or nothing where it is missing"
# What pandas takes for truth values when it reads a file.
TRUTHS = {text: truth for truth in (True, False) for text in (str(truth), str(truth).lower(), str(truth).upper())}
SHOWN, LONGEST = 5, 60


def is_missing(value: Any) -> bool:
    """Whether a cell is missing: None, NaN, NA or NaT, of any type."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating | Decimal) and bool(value != value)  # noqa: PLR0124 - NaN


def number(value: Any) -> float | None:
    """A cell of a number column as a double, NaN where it is missing or a blank text; None where it cannot be read."""
    if type(value) is float:  # most are
        return None if isinf(value) else value
    if is_missing(value):
        return np.nan
    if isinstance(value, str | Decimal):
        return _spelt(str(value).strip())
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return exact(int(value))
    return _finite(float(value)) if isinstance(value, float | np.floating) and value == float(value) else None


def _spelt(text: str) -> float | None:
    """The number in a text; NaN where it is empty."""
    if not text or text in TRUTHS:
        return float(TRUTHS[text]) if text else np.nan
    if not NUMBER.fullmatch(text):
        return None
    return exact(int(text)) if WHOLE.fullmatch(text) else _finite(float(text))


def exact(whole: int) -> float | None:
    """An integer as a double, or None where a double cannot represent it exactly."""
    try:
        return float(whole) if int(float(whole)) == whole else None
    except OverflowError:
        return None


def _finite(found: float) -> float | None:
    return found if np.isfinite(found) else None


class Categories:
    """The categories of a column, and the conversion of cells to their codes."""

    def __init__(self, categories: Sequence[str]) -> None:
        self.known = {text: float(place) for place, text in enumerate(categories)}
        self.numbers: dict[Decimal, list[str]] = {}
        self.truths: dict[str, list[str]] = {"true": [], "false": []}
        for text in categories:
            if NUMBER.fullmatch(text):
                self.numbers.setdefault(Decimal(text), []).append(text)
            if text.lower() in self.truths:
                self.truths[text.lower()].append(text)
        more = ", ..." if len(categories) > SHOWN else ""
        self.expected = f"one of the texts {', '.join(map(repr, categories[:SHOWN]))}{more}, or a number or truth value"
        self.expected += " that is spelt like one of them only"

    def code(self, value: Any) -> float | None:
        """The index of a cell's category; NaN where missing or unknown, None where unreadable."""
        if isinstance(value, str):
            return self._text(value)
        if is_missing(value):
            return np.nan
        if isinstance(value, bool | np.bool_):
            return self._truth(bool(value))
        if isinstance(value, int | np.integer):
            return self._number(Decimal(int(value)))
        if isinstance(value, float | np.floating):
            # The digits that tell it from its neighbours; of a whole number beyond them, some were lost.
            kept = bool(np.isfinite(value)) and abs(float(value)) < 2.0 ** (np.finfo(type(value)).nmant + 1)
            return self._number(Decimal(np.format_float_positional(value, unique=True))) if kept else None
        return self._number(value) if isinstance(value, Decimal) and value.is_finite() else None

    def _text(self, text: str) -> float:
        """The category that a text names, ignoring outer spaces; `3.0` is `3` where only that exists, and back."""
        for spelt in (text, text.strip()):
            if spelt in self.known:
                return self.known[spelt]
        found = self._truth(TRUTHS[spelt]) if spelt in TRUTHS else None
        found = self._number(Decimal(spelt)) if AS_WHOLE.fullmatch(spelt) else found
        return np.nan if found is None else found

    def _number(self, value: Decimal) -> float | None:
        """The category spelt like a number; None where the spelling is ambiguous."""
        same = self.numbers.get(value, [])
        if not same:
            return np.nan
        plain = f"{value:f}" if value else "0"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return self.known[same[0]] if len(same) == 1 and same[0] in (plain, f"{plain}.0") else None

    def _truth(self, value: bool) -> float | None:
        """The category for a truth value: its word or, where there is none, 1 or 0."""
        if not any(self.truths.values()):
            return self._number(Decimal(int(value))) if {Decimal(0), Decimal(1)} & self.numbers.keys() else None
        same = self.truths[str(value).lower()]
        return None if len(same) > 1 else self.known[same[0]] if same else np.nan

    def codes(self, cells: Iterable[Any]) -> list[float | None]:
        """The code of each cell; most are texts of known categories."""
        known, code = self.known, self.code
        return [known[cell] if type(cell) is str and cell in known else code(cell) for cell in cells]
