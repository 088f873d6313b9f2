"""effect.html: whether the contacts of the rounds helped, for people."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from experiments.playbooks.playbook_file import NO_ACTION as NONE
from pipelines.messages.numbers import (
    OF_A_HUNDRED,
    Written,
    amount,
    between,
    count,
    counted,
    money,
    number,
    percent,
    significant,
)
from pipelines.reporting import effect_words
from pipelines.reporting.catalogue import Both
from pipelines.reporting.charts import BOTTOM, COLOURS, TOP, WHISKER, Chart, dot, drawn, in_percent, in_rows, said
from pipelines.reporting.pages import page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

# A taller chart than this cannot be read; the whole of each action comes first, and of rounds the newest stay.
MOST_DRAWN = 10
TERMS = ("assigned", "withheld", "pending", "effect")


def render(found: Found) -> str:
    """The page of the figures of `effect`; equal figures give equal text. found is that JSON."""
    words, lines = effect_words.words(), found["lines"]
    of_all = [line for line in lines if line["by"] == "all"]
    first = [
        {
            "tone": effect_words.TONES.get(line["word"], "open"),
            "says": effect_words.sentence(line),
            "detectable": effect_words.detectable(line),
        }
        for line in of_all
    ]
    return page(
        "effect.html.j2",
        [words.term(key) for key in TERMS],
        words=words,
        found=found,
        first=first,
        claimed=[_row(line) for line in lines if line["claimed"]],
        shown=[_row(line) for line in lines if not line["claimed"]],
        earned=[_earned(line) for line in of_all if line["money"]],
        per_round=[_earned(line) for line in lines if line["by"] == "round" and line["money"]],
        charts=[one for one in (_chart(lines, "claimed"), _chart(lines, "rounds")) if one],
        refused=[_refused(one) for one in found["refused"]],
        remarks=[words.translated(one) for one in found["remarks"]],
        again={
            "assigned": sum(one["again"] for one in found["done"] if one["action"] != NONE),
            "withheld": sum(one["again"] for one in found["done"] if one["action"] == NONE),
        },
    )


def _refused(one: Found) -> dict[str, Any]:
    because = effect_words.words().translated(one["because"])
    return {"said": one["said"], "because": because, "missing": effect_words.lacking(one["missing"])}


def _row(line: Found) -> dict[str, Any]:
    counts, stayed = line["counts"], line["stayed"]
    words = effect_words.words()
    return {
        "named": words.both("action_and", action=line["action"], of=effect_words.named(line)),
        "assigned": counts["assigned"],
        "withheld": counts["withheld"],
        "pending": counts["pending_assigned"] + counts["pending_withheld"],
        "left": "–" if counts["left_assigned"] is None else f"{counts['left_assigned']:,}",
        "left_withheld": "–" if counts["left_withheld"] is None else f"{counts['left_withheld']:,}",
        "stayed": "–" if stayed is None else percent(stayed["assigned"]),
        "stayed_withheld": "–" if stayed is None else percent(stayed["withheld"]),
        "effect": None if line["effect"] is None else between(line["effect"], OF_A_HUNDRED),
        "reached": _reached(line["reached"]),
        "detectable": "–" if line["detectable"] is None else number(100 * line["detectable"], 1),
        "word": words.named("word", line["word"]),
        "tone": effect_words.TONES.get(line["word"], "open"),
    }


def _reached(reached: Found) -> Both | Written | None:
    """The effect on those reached; a text where it cannot be told, None where there is nothing to tell."""
    one = reached["effect"]
    if one is None:
        return None
    if one["kind"] != "interval" or one["low"] is None or one["high"] is None:
        return effect_words.words().both("reached_unknown")
    return between(one, OF_A_HUNDRED)


def _earned(line: Found) -> dict[str, Any]:
    """The money of a line, formatted."""
    found, words = line["money"], effect_words.words()
    months = significant(found["months"])
    unit = money(found["currency"])

    def told(one: Found | None) -> Written | None:
        return None if one is None else _amount(one, found["currency"])

    back = found["return_on_investment"]
    return {
        "name": effect_words.with_action(line),
        "of": words.both(
            "lost_of",
            customers=counted(found["assigned"], "customer"),
            many=count(found["assigned"]),
            months=f"{months} month{'' if months == '1' else 's'}",
            count=months,
        ),
        "spent": amount(round(found["spent"], 2), unit),
        "pending": amount(round(found["pending_spent"], 2), unit) if found["pending_spent"] else "",
        "lost": told(found["lost_without"]),
        "parts": [(words.named("part", name), told(one)) for name, one in found["by_part"].items()],
        "gained": told(found["gained"]),
        "net": told(found["net"]),
        "back": ("–", "–") if back is None else _back(back),
        "keeping": amount(round(found["keeping_cost"], 2), unit),
        "multiples": [
            (multiple, told(one["gained"]), told(one["net"])) for multiple, one in found["by_multiple"].items()
        ],
    }


def _back(one: Found) -> Both:
    value, low, high = (percent(one[part], 0, signed=True) for part in ("value", "low", "high"))
    return effect_words.words().both("return_range", value=value, low=low, high=high)


def _amount(one: Found, currency: str) -> Written:
    return between(one, money(currency, signed=True))


def _chart(lines: Sequence[Found], which: str) -> Chart | None:
    """The effects with their intervals: of the family, or of the rounds."""
    wanted = [one for one in lines if (one["claimed"] if which == "claimed" else one["by"] == "round")]
    told = [one for one in wanted if one["effect"] is not None and isfinite(one["effect"]["high"])]
    told = sorted(told, key=lambda one: one["by"] != "all")[:MOST_DRAWN] if which == "claimed" else told[-MOST_DRAWN:]
    if not told:
        return None

    def paint(axes: "Axes") -> None:
        in_rows(axes, len(told))
        ends = [0.0, *(one["effect"][end] for one in told for end in ("low", "high"))]
        room = 0.08 * (max(ends) - min(ends))
        axes.set_xlim(min(ends) - room, max(ends) + room)
        in_percent(axes.xaxis)
        axes.plot([0, 0], [-0.7, len(told) - 0.3], color=COLOURS["soft"], linewidth=1.5)
        for row, one in enumerate(told):
            axes.plot([one["effect"]["low"], one["effect"]["high"]], [row, row], **WHISKER)
            dot(axes, one["effect"]["value"], row)
            up = (BOTTOM - TOP) / (len(told) + 0.4)
            said(axes, effect_words.with_action(one)[0], (min(ends) - room, row), by=(4, min(16.0, 0.4 * up)))

    words = effect_words.words()
    svg = drawn(paint, x=words.plain("chart_x"), y="")
    return Chart(which, words.plain(f"chart_{which}"), words.plain("chart_reading"), svg)
