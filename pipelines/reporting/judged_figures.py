"""Verdicts on figures from their intervals: above a number, below it, or not established."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipelines.messages.numbers import Unit, Written, aligned, written

Tone = Literal["good", "bad", "open"]

_TONES: tuple[Tone, Tone, Tone] = ("good", "bad", "open")


@dataclass(frozen=True)
class Words:
    """The words for an interval above a number, below it, and containing it."""

    above: str
    below: str
    either: str


@dataclass(frozen=True)
class JudgedFigure:
    """A figure with its verdict; of names the figure, why is a reason beyond the interval, mostly ""."""

    of: str
    word: str
    tone: Tone
    figure: Written
    why: str = ""


def judged(of: str, found: Mapping[str, Any], words: Words, unit: Unit, *, against: float = 0.0) -> JudgedFigure:
    """The verdict on a figure with value, low, high and standard_error."""
    place = 0 if found["low"] > against else 1 if found["high"] < against else 2
    return JudgedFigure(
        of, (words.above, words.below, words.either)[place], _TONES[place], written(found, unit, clear_of=against)
    )


def in_column(column: Sequence[JudgedFigure]) -> tuple[JudgedFigure, ...]:
    """The same figures, all with the same number of decimals."""
    figures = aligned([one.figure for one in column])
    return tuple(replace(one, figure=figure) for one, figure in zip(column, figures, strict=True) if figure)


def covers(found: Mapping[str, Any], number: float = 0.0) -> bool:
    """Whether the interval of a figure contains a number."""
    return bool(found["low"] <= number <= found["high"])
