"""The retention figures of all customers as lines of a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.ruling import answers

Found = Mapping[str, Any]
MOVED = ("start", "new", "returned", "lost", "end")
HEAD = ("days", "closes", *MOVED, "retained", "95 %", "target", "net", "gross", "NPS")
TOLD_DRIVERS = 3


def lines(found: Found) -> list[str]:
    """A line for each window, then what has no window, then what cannot be had and why."""
    first = f"kpis {found['spec']}: windows that close at {found['at']}"
    rows = [_window(one) for one in found["windows"] if one["all"]]
    table = answers.table([HEAD, *rows]) if rows else []
    notes = [f"{one['days']} days: {one['state']}, {one['why']}" for one in found["windows"] if one["why"]]
    return [first, *table, *notes, *_others(found), *(f"no {name}: {why}" for name, why in found["missing"].items())]


def _window(one: Found) -> tuple[str, ...]:
    whole = one["all"]
    moved, kept = whole["customers"], whole["retention"]
    revenue = whole["revenue"] or {"net": None, "gross": None}
    score = one["nps"].get("all", {}).get("score")
    return (
        str(one["days"]),
        one["closes"],
        *(f"{moved[name]:,}" for name in ("at_start", "new", "returned", "lost", "at_end")),
        "-" if kept is None else f"{kept['value']:.1%}",
        "-" if kept is None else f"{kept['low']:.1%} to {kept['high']:.1%}",
        "-" if whole["target"] is None else f"{whole['target']:.0%} {whole['verdict']}",
        *("-" if revenue[name] is None else f"{revenue[name]['value']:.1%}" for name in ("net", "gross")),
        "-" if score is None else f"{100 * score['value']:+.0f}",
    )


def _others(found: Found) -> Iterator[str]:
    if (worth := found["lifetime"]) and worth["mean"]:
        mean = f"{worth['mean']['value']:,.0f} {found['currency']} a customer"
        yield f"lifetime value over {worth['years']:g} years: {mean}"
    told = [one for one in (found["drivers"] or {"thresholds": []})["thresholds"] if one["tells"]]
    for one in told[:TOLD_DRIVERS]:
        yield f"NPS {one['touchpoint']}, {one['says']}: {100 * one['gap']['value']:+.0f} points"
    for one in found["windows"]:
        if one["early"] and (ahead := one["early"]["rounds"]["ahead"]):
            yield f"{one['days']} days: {ahead['value']:.0%} of leavers on a round's list 90 days ahead"
        if one["acted"] and (in_time := one["acted"]["in_time"]):
            yield f"{one['days']} days: {in_time['value']:.0%} of warnings acted on in time"
