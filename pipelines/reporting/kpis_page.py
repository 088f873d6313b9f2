"""kpis.html: the retention figures, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.messages.numbers import PERCENT, Unit, Written, between, money, number, percent
from pipelines.reporting.pages import page
from pipelines.reporting.terms import GlossaryTerm

Found = Mapping[str, Any]

# Scores go from -100 to 100.
NPS_UNIT = Unit(100, signed=True)
WORDS = {"onboarding": "Onboarding", "application": "Application", "after_sales": "After sales", "renewal": "Renewal"}
TONES = {"reached": ("good", "✓"), "missed": ("bad", "✕"), "cannot tell": ("open", "○")}


@dataclass(frozen=True)
class GroupLine:
    """A row of a window's table: a group with its movements, its rates and its revenue."""

    name: str
    moved: Mapping[str, int]
    retention: Written | None
    churn: Written | None
    verdict: str | None
    tone: tuple[str, str]
    net: Written | None
    net_value: str
    gross: Written | None
    gross_value: str


@dataclass(frozen=True)
class WindowPart:
    """A window on the page: its tables by grouping, and its scores by touchpoint."""

    found: Found
    target: float | None
    tables: Sequence[tuple[str, Sequence[GroupLine]]]
    scores: Sequence[tuple[str, Found, Written | None]]


def render(found: Found) -> str:
    """The page of the figures of `kpis`; equal figures give equal text. found is that JSON."""
    parts = [_part(one) for one in found["windows"]]
    return page(
        "kpis.html.j2",
        _terms(found),
        found=found,
        parts=parts,
        drivers=[_driver(one) for one in (found["drivers"] or {"thresholds": []})["thresholds"]],
        worth=_worth(found),
        early=_early(found["windows"]),
        acted=_acted(found["windows"]),
    )


def _part(one: Found) -> WindowPart:
    whole = one["all"]
    tables = [("", [_line("All customers", whole)])] if whole else []
    tables += [(column, [_line(name, each) for name, each in held.items()]) for column, held in one["groups"].items()]
    scores = [
        (WORDS.get(name, "All" if name == "all" else name), each, _interval(each["score"], NPS_UNIT))
        for name, each in one["nps"].items()
    ]
    return WindowPart(one, whole["target"] if whole else None, tables, scores)


def _line(name: str, one: Found) -> GroupLine:
    revenue = one["revenue"] or {"net": None, "gross": None}
    return GroupLine(
        name=name,
        moved=one["customers"],
        retention=_interval(one["retention"], PERCENT),
        churn=_interval(one["churn"], PERCENT),
        verdict=one["verdict"],
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


def _driver(one: Found) -> dict[str, Any]:
    return {
        **one,
        "touchpoint": WORDS.get(one["touchpoint"], one["touchpoint"]),
        "above": number(100 * one["above"], 0, signed=True),
        "below": number(100 * one["below"], 0, signed=True),
        "gap": between(one["gap"], NPS_UNIT),
    }


def _worth(found: Found) -> dict[str, Any] | None:
    worth = found["lifetime"]
    if worth is None:
        return None
    unit = money(found["currency"])
    groups = [("All customers", worth["customers"], _interval(worth["mean"], unit))]
    groups += [
        (name, one["customers"], _interval(one["mean"], unit))
        for held in worth["groups"].values()
        for name, one in held.items()
    ]
    stay = worth["mean_if_risks_stay"]
    told = None if stay is None else f"{unit.before}{stay:,.0f}{unit.after}"
    observed = [one for one in found["windows"] if one["days"] == 365 and one["all"] and one["all"]["retention"]]
    rate = observed[0]["all"]["retention"]["value"] if observed else None
    return {**worth, "lines": groups, "stay": told, "observed": rate}


def _early(windows: Sequence[Found]) -> list[dict[str, Any]]:
    told = []
    for one in windows:
        for kind, held in (one["early"] or {}).items():
            days = held["days"]
            told.append(
                {
                    **held,
                    "window": one["days"],
                    "kind": {"rounds": "lists of rounds", "warnings": "warnings"}[kind],
                    "ahead": _interval(held["ahead"], PERCENT),
                    "days": "–" if days is None else f"{days[1]:.0f} ({days[0]:.0f} to {days[2]:.0f})",
                }
            )
    return told


def _acted(windows: Sequence[Found]) -> list[dict[str, Any]]:
    return [
        {**one["acted"], "window": one["days"], "in_time": _interval(one["acted"]["in_time"], PERCENT)}
        for one in windows
        if one["acted"]
    ]


def _terms(found: Found) -> Sequence[GlossaryTerm]:
    who = "a running contract" if found["basis"] == "contracts" else "done something lately"
    return (
        GlossaryTerm("Retention rate", f"Of those who had {who} at the start, the share who had at the end too."),
        GlossaryTerm(
            "95 % interval",
            "Were other customers of the same kind counted, the figure would be a little different. Of a hundred such "
            "intervals, about 95 hold the true figure. Each group's interval is for itself.",
        ),
        GlossaryTerm(
            "Target",
            "Reached where the whole interval is at the target or above it, missed where all of it is below; else "
            "nobody can tell yet.",
        ),
        GlossaryTerm(
            "Net revenue retention",
            "What customers of the start pay a month at the end, divided by what they paid at the start. Who left pays "
            "nothing; what new customers pay is no part of it.",
        ),
        GlossaryTerm("Gross revenue retention", "The same without price rises and larger plans: 100 % at most."),
        GlossaryTerm(
            "NPS",
            "Net promoter score: the share of answers of 9 and 10 less that of 0 to 6, times 100.",
            ("Net promoter score",),
        ),
        GlossaryTerm("Cohort", "Those who joined in the same quarter, or the same year where that is longer ago."),
    )
