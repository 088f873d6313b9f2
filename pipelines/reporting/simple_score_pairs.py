"""Baseline scores on the decision page: the AUC of each, and how far the challenger is ahead."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.messages.numbers import PLAIN, Written, aligned, written
from pipelines.reporting.difference_bars import (
    MOST_DECIMALS,
    DifferenceBar,
    difference_bar,
    rounding_step,
    tone_of,
    written_alone,
)
from pipelines.reporting.judged_figures import Tone

Found = Mapping[str, Any]

_WORDS: Mapping[Tone, str] = {"good": "better", "bad": "not better", "open": "not shown to be better"}


@dataclass(frozen=True)
class SimpleScoreLine:
    """A simple score and the challenger: the AUC of both, the difference and its verdict."""

    name: str
    challenger: Written
    simple: Written
    difference: Written
    tone: Tone
    word: str
    difference_bar: DifferenceBar


def simple_score_lines(decision: Found) -> list[SimpleScoreLine]:
    """One line per simple score that was compared; empty for old decisions."""
    found = decision.get("floors", {}).items()
    lines = [_line(name, one) for name, one in found if one["difference"] and None not in one["difference"].values()]
    columns = ([getattr(one, name) for one in lines] for name in ("challenger", "simple", "difference"))
    columns_aligned = zip(lines, *map(aligned, columns), strict=True)
    return [
        replace(line, challenger=one, simple=other, difference=apart) for line, one, other, apart in columns_aligned
    ]


def _line(name: str, one: Found) -> SimpleScoreLine:
    difference = one["difference"]
    tone = tone_of(difference, 0.0, better="higher")
    unit, least = replace(PLAIN, decimals=MOST_DECIMALS), rounding_step(difference, 0.0)
    return SimpleScoreLine(
        name,
        written_alone(one["challenger"], unit, least),
        written_alone(one["champion"], unit, least),
        written({**difference, "standard_error": least}, replace(unit, signed=True)),
        tone,
        _WORDS[tone],
        difference_bar(difference, 0.0, better="higher", tone=tone, shaded=True),
    )
