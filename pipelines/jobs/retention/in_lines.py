"""The retention figures of all customers as lines of a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.messages.numbers import NO_BREAK, count, number, percent
from pipelines.ruling import answers

Found = Mapping[str, Any]
MOVED = ("start", "new", "returned", "lost", "end")
HEAD = ("days", "closes", *MOVED, "retained", f"95{NO_BREAK}%", "target", "net", "gross", "NPS")
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
        *(count(moved[name]) for name in ("at_start", "new", "returned", "lost", "at_end")),
        "-" if kept is None else percent(kept["value"]),
        "-" if kept is None else f"{percent(kept['low'])} to {percent(kept['high'])}",
        "-" if whole["target"] is None else f"{percent(whole['target'], 0)} {whole['verdict']}",
        *("-" if revenue[name] is None else percent(revenue[name]["value"]) for name in ("net", "gross")),
        "-" if score is None else number(100 * score["value"], 0, signed=True),
    )


def _others(found: Found) -> Iterator[str]:
    if (worth := found["lifetime"]) and worth["mean"]:
        mean = f"{count(worth['mean']['value'])} {found['currency']} a customer"
        yield f"lifetime value over {worth['years']:g} years: {mean}"
    told = [one for one in (found["drivers"] or {"thresholds": []})["thresholds"] if one["tells"]]
    for one in told[:TOLD_DRIVERS]:
        yield f"NPS {one['touchpoint']}, {one['says']}: {number(100 * one['gap']['value'], 0, signed=True)} points"
    for one in found["windows"]:
        if one["early"] and (ahead := one["early"]["rounds"]["ahead"]):
            yield f"{one['days']} days: {percent(ahead['value'], 0)} of leavers on a round's list 90 days ahead"
        if one["acted"] and (in_time := one["acted"]["in_time"]):
            yield f"{one['days']} days: {percent(in_time['value'], 0)} of warnings acted on in time"
