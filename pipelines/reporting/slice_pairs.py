"""The slices of a decision: the AUC of both models in each, and the difference, with simultaneous intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.messages.numbers import PLAIN, Written, aligned, written
from pipelines.reporting.difference_bars import DifferenceBar, difference_bar, rounding_step, tone_of, written_alone
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.slices import at_once

Found = Mapping[str, Any]

DECIMALS = 4


@dataclass(frozen=True)
class SliceLine:
    """The AUC of both models in a slice, the difference and its verdict."""

    name: str
    rows: int
    challenger: Written
    champion: Written
    difference: Written
    tone: Tone
    word: str
    difference_bar: DifferenceBar


def slice_lines(decision: Found) -> list[SliceLine]:
    """The slices, all drawn on one scale; those without a difference are left out."""
    slices = [one for one in decision.get("slices", ()) if one["difference"] and one["p"] is not None]
    if not slices:
        return []
    at = -decision["gate"]["slice_margin"]
    held = [{**one, "difference": at_once(one["difference"], len(slices))} for one in slices]
    reach = max(abs(one["difference"][end] - at) for one in held for end in ("low", "high")) or 1.0
    lines = [_slice(one, at, max(reach, -at)) for one in held]
    columns = ([getattr(one, name) for one in lines] for name in ("challenger", "champion", "difference"))
    columns_aligned = zip(lines, *map(aligned, columns), strict=True)
    return [
        replace(line, challenger=one, champion=other, difference=apart) for line, one, other, apart in columns_aligned
    ]


def unjudged(decision: Found) -> list[str]:
    """The slices with too few of the rarer outcome for a comparison, with their number."""
    return [
        f"{_name(one)} ({one['rarer']} of the rarer outcome)"
        for one in decision.get("slices", ())
        if "rarer" in one and not one["difference"]
    ]


def _name(one: Found) -> str:
    return str(one["name"]).removesuffix(".0").replace("_", " ")


def _slice(one: Found, at: float, reach: float) -> SliceLine:
    difference = one["difference"]
    # The rule judges each slice alone; here "no worse" is said only of slices whose simultaneous interval shows it.
    clear = tone_of(difference, at, better="higher") == "good"
    tone: Tone = "bad" if one["worse"] else "good" if clear else "open"
    word = {"bad": "shown to be worse", "good": "no worse", "open": "inconclusive"}[tone]
    unit, least = replace(PLAIN, decimals=DECIMALS), rounding_step(difference, at)
    return SliceLine(
        _name(one),
        one["rows"],
        written_alone(one["challenger"], unit, least),
        written_alone(one["champion"], unit, least),
        written({**difference, "standard_error": least}, replace(unit, signed=True)),
        tone,
        word,
        difference_bar(difference, at, better="higher", tone=tone, shaded=True, reach=reach),
    )
