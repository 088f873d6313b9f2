"""The simple scores of the spec on the decision page: the AUC of each, and by how much the challenger ranks better."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.messages.numbers import PLAIN, Written, aligned, written
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.versus import MOST_DECIMALS, Versus, drawn, finest, told, tone_of

Found = Mapping[str, Any]

_WORDS: Mapping[Tone, str] = {"good": "better", "bad": "not better", "open": "not shown to be better"}


@dataclass(frozen=True)
class FloorLine:
    """A simple score beside the challenger: the AUC of both, the difference, and what that amounts to."""

    name: str
    challenger: Written
    simple: Written
    difference: Written
    tone: Tone
    word: str
    drawn: Versus


def floor_lines(decision: Found) -> list[FloorLine]:
    """A line for each simple score that was compared; older decisions have none."""
    found = decision.get("floors", {}).items()
    lines = [_line(name, one) for name, one in found if one["difference"] and None not in one["difference"].values()]
    columns = ([getattr(one, name) for one in lines] for name in ("challenger", "simple", "difference"))
    told = zip(lines, *map(aligned, columns), strict=True)
    return [replace(line, challenger=one, simple=other, difference=apart) for line, one, other, apart in told]


def _line(name: str, one: Found) -> FloorLine:
    difference = one["difference"]
    tone = tone_of(difference, 0.0, better="higher")
    unit, least = replace(PLAIN, decimals=MOST_DECIMALS), finest(difference, 0.0)
    return FloorLine(
        name,
        told(one["challenger"], unit, least),
        told(one["champion"], unit, least),
        written({**difference, "standard_error": least}, replace(unit, signed=True)),
        tone,
        _WORDS[tone],
        drawn(difference, 0.0, better="higher", tone=tone, shaded=True),
    )
