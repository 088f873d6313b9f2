"""The slices of a decision: the AUC of both models in each, and the difference, in intervals that hold at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.messages.numbers import PLAIN, Written, aligned, written
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.slices import at_once
from pipelines.reporting.versus import Versus, drawn, finest, told, tone_of

Found = Mapping[str, Any]

DECIMALS = 4


@dataclass(frozen=True)
class SliceLine:
    """The AUC of both in a slice, the difference, and what it amounts to."""

    name: str
    rows: int
    challenger: Written
    champion: Written
    difference: Written
    tone: Tone
    word: str
    drawn: Versus


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
    told = zip(lines, *map(aligned, columns), strict=True)
    return [replace(line, challenger=one, champion=other, difference=apart) for line, one, other, apart in told]


def unjudged(decision: Found) -> list[str]:
    """The slices that hold too few of the rarer outcome for a difference, with how many."""
    return [
        f"{_name(one)} ({one['rarer']} of the rarer outcome)"
        for one in decision.get("slices", ())
        if "rarer" in one and not one["difference"]
    ]


def _name(one: Found) -> str:
    return str(one["name"]).removesuffix(".0").replace("_", " ")


def _slice(one: Found, at: float, reach: float) -> SliceLine:
    difference = one["difference"]
    # The rule asks each slice alone whether it is no worse; here it is said of those that are so all at once.
    clear = tone_of(difference, at, better="higher") == "good"
    tone: Tone = "bad" if one["worse"] else "good" if clear else "open"
    word = {"bad": "shown to be worse", "good": "no worse", "open": "cannot tell"}[tone]
    unit, least = replace(PLAIN, decimals=DECIMALS), finest(difference, at)
    return SliceLine(
        _name(one),
        one["rows"],
        told(one["challenger"], unit, least),
        told(one["champion"], unit, least),
        written({**difference, "standard_error": least}, replace(unit, signed=True)),
        tone,
        word,
        drawn(difference, at, better="higher", tone=tone, shaded=True, reach=reach),
    )
