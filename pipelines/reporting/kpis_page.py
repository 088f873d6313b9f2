"""kpis.html: the retention figures, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.messages.numbers import (
    OF_A_HUNDRED,
    PERCENT,
    Unit,
    Written,
    between,
    count,
    counted,
    money,
    number,
    percent,
    significant,
)
from pipelines.reporting import catalogue
from pipelines.reporting.catalogue import Both, Catalogue
from pipelines.reporting.pages import page
from pipelines.reporting.terms import GlossaryTerm

Found = Mapping[str, Any]

NOTHING = ("–", "–")
TONES = {"reached": ("good", "✓"), "missed": ("bad", "✕"), "cannot tell": ("open", "○")}


@dataclass(frozen=True)
class GroupLine:
    """A row of a window's table: a group with its movements, its rates and its revenue."""

    name: Both
    moved: Mapping[str, int]
    retention: Written | None
    churn: Written | None
    verdict: Both | None
    tone: tuple[str, str]
    net: Written | None
    net_value: str
    gross: Written | None
    gross_value: str


@dataclass(frozen=True)
class WindowPart:
    """A window on the page: its tables by grouping, and its scores by touchpoint."""

    found: Found
    days: Both
    target: float | None
    tables: Sequence[tuple[Both | None, Sequence[GroupLine]]]
    scores: Sequence[tuple[Both, Found, Written | None]]


def render(found: Found) -> str:
    """The page of the figures of `kpis`; equal figures give equal text. found is that JSON."""
    words = catalogue.of_page("kpis")
    return page(
        "kpis.html.j2",
        _terms(words),
        words=words,
        found=found,
        parts=[_part(one, words) for one in found["windows"]],
        drivers=[_driver(one, words) for one in (found["drivers"] or {"thresholds": []})["thresholds"]],
        worth=_worth(found, words),
        early=_early(found["windows"], words),
        acted=_acted(found["windows"], words),
        active=_days(found["active_days"], words),
        lag=_days(found["lag_days"], words) if found["lag_days"] else None,
    )


def _days(number: int, words: Catalogue) -> Both:
    return words.both("days", counted=counted(number, "day"), count=count(number))


def _part(one: Found, words: Catalogue) -> WindowPart:
    whole = one["all"]
    tables: list[tuple[Both | None, Sequence[GroupLine]]] = []
    if whole:
        tables.append((None, [_line(words.both("all_customers"), whole, words)]))
    for column, held in one["groups"].items():
        lines = [_line(words.named("group", name), each, words) for name, each in held.items()]
        tables.append((words.named("column", column), lines))
    scores = [
        (words.named("touchpoint", name), each, _interval(each["score"], OF_A_HUNDRED))
        for name, each in one["nps"].items()
    ]
    return WindowPart(one, _days(one["days"], words), whole["target"] if whole else None, tables, scores)


def _line(name: Both, one: Found, words: Catalogue) -> GroupLine:
    revenue = one["revenue"] or {"net": None, "gross": None}
    return GroupLine(
        name=name,
        moved=one["customers"],
        retention=_interval(one["retention"], PERCENT),
        churn=_interval(one["churn"], PERCENT),
        verdict=words.named("verdict", one["verdict"]) if one["verdict"] else None,
        tone=TONES.get(one["verdict"], ("open", "")),
        net=_interval(revenue["net"], PERCENT),
        net_value=_value(revenue["net"]),
        gross=_interval(revenue["gross"], PERCENT),
        gross_value=_value(revenue["gross"]),
    )


def _interval(one: Found | None, unit: Unit) -> Written | None:
    """A figure with its interval; None where there is none."""
    return None if one is None or one["low"] is None else between(one, unit)


def _value(one: Found | None) -> str:
    """A figure without an interval; a dash where there is none."""
    return "–" if one is None else percent(one["value"])


def _driver(one: Found, words: Catalogue) -> dict[str, Any]:
    threshold = one["threshold"]
    return {
        **one,
        "touchpoint": words.named("touchpoint", one["touchpoint"]),
        "says": words.both(
            f"said_driver_{one['column']}", over=significant(threshold), more=significant(threshold + 1)
        ),
        "above": number(100 * one["above"], 0, signed=True),
        "below": number(100 * one["below"], 0, signed=True),
        "gap": between(one["gap"], OF_A_HUNDRED),
    }


def _worth(found: Found, words: Catalogue) -> dict[str, Any] | None:
    worth = found["lifetime"]
    if worth is None:
        return None
    unit = money(found["currency"])
    groups = [(words.both("all_customers"), worth["customers"], _interval(worth["mean"], unit))]
    groups += [
        (words.named("group", name), one["customers"], _interval(one["mean"], unit))
        for held in worth["groups"].values()
        for name, one in held.items()
    ]
    stay, years = worth["mean_if_risks_stay"], f"{worth['years']:g}"
    told = None if stay is None else f"{unit.before}{stay:,.0f}{unit.after}"
    observed = [one for one in found["windows"] if one["days"] == 365 and one["all"] and one["all"]["retention"]]
    rate = observed[0]["all"]["retention"]["value"] if observed else None
    by_spec = "." in worth["margin_share_from"]
    return {
        **worth,
        "years": words.both("years", counted=f"{years} year{'' if years == '1' else 's'}", count=years),
        "margin_key": worth["margin_share_from"] if by_spec else "",
        "notes": [words.translated(note) for note in worth["notes"]],
        "lines": groups,
        "stay": told,
        "observed": rate,
    }


def _early(windows: Sequence[Found], words: Catalogue) -> list[dict[str, Any]]:
    told = []
    for one in windows:
        for kind, held in (one["early"] or {}).items():
            low, middle, high = (f"{day:.0f}" for day in held["days"] or (0, 0, 0))
            told.append(
                {
                    **held,
                    "window": _days(one["days"], words),
                    "kind": words.named("kind", kind),
                    "ahead": _interval(held["ahead"], PERCENT),
                    "days": words.both("median", low=low, middle=middle, high=high) if held["days"] else NOTHING,
                }
            )
    return told


def _acted(windows: Sequence[Found], words: Catalogue) -> list[dict[str, Any]]:
    return [
        {**one["acted"], "window": _days(one["days"], words), "in_time": _interval(one["acted"]["in_time"], PERCENT)}
        for one in windows
        if one["acted"]
    ]


def _terms(words: Catalogue) -> Sequence[GlossaryTerm]:
    keys = ("retention_rate", "churn_rate", "interval", "target", "net", "gross", "cohort")
    return (*(words.term(key) for key in keys), words.term("nps", "Net promoter score"))
