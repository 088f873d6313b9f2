"""The slices of a decision: the AUC of both models in each, and what Holm's procedure says of the difference."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.messages.numbers import PLAIN, Written, written
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.versus import MOST_DECIMALS, Versus, drawn, finest, told, tone_of

Found = Mapping[str, Any]


@dataclass(frozen=True)
class SliceLine:
    """The AUC of both in a slice; p is that of "no worse than the margin", word what Holm's procedure says."""

    name: str
    rows: int
    challenger: Written
    champion: Written
    difference: Written
    p: str
    tone: Tone
    word: str
    drawn: Versus


def slice_lines(decision: Found) -> list[SliceLine]:
    """The slices, all drawn on one scale; those without a difference are left out."""
    slices = [one for one in decision.get("slices", ()) if one["difference"] and one["p"] is not None]
    if not slices:
        return []
    at = -decision["gate"]["slice_margin"]
    reach = max(abs(one["difference"][end] - at) for one in slices for end in ("low", "high")) or 1.0
    return [_slice(one, at, max(reach, -at)) for one in slices]


def unjudged(decision: Found) -> list[str]:
    """The slices that hold too few of the rarer outcome for a difference, with how many."""
    return [
        f"{one['name'].removesuffix('.0')} ({one['rarer']} of the rarer outcome)"
        for one in decision.get("slices", ())
        if "rarer" in one and not one["difference"]
    ]


def _slice(one: Found, at: float, reach: float) -> SliceLine:
    difference = one["difference"]
    clear = one["no_worse"] if "no_worse" in one else tone_of(difference, at, better="higher") == "good"
    tone: Tone = "bad" if one["worse"] else "good" if clear else "open"
    word = {"bad": "shown to be worse", "good": "no worse", "open": "cannot tell"}[tone]
    unit, least = replace(PLAIN, decimals=MOST_DECIMALS), finest(difference, at)
    return SliceLine(
        one["name"].removesuffix(".0"),
        one["rows"],
        told(one["challenger"], unit, least),
        told(one["champion"], unit, least),
        written({**difference, "standard_error": least}, replace(unit, signed=True)),
        f"{one['p']:.3g}",
        tone,
        word,
        drawn(difference, at, better="higher", tone=tone, shaded=True, reach=reach),
    )
