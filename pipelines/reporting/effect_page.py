"""effect.html: whether the contacts of the rounds helped, for people."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import POINTS, Written, amount, between, money, number, percent, significant
from pipelines.reporting import effect_words
from pipelines.reporting.charts import BOTTOM, COLOURS, TOP, WHISKER, Chart, dot, drawn, in_percent, in_rows, said
from pipelines.reporting.pages import page
from pipelines.reporting.terms import GlossaryTerm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

# A taller chart than this cannot be read; the whole of each action comes first, and of rounds the newest stay.
MOST_DRAWN = 10


def render(found: Found) -> str:
    """The page of the figures of `effect`; equal figures give equal text. found is that JSON."""
    of_all = [line for line in found["lines"] if line["by"] == "all"]
    claimed = [_row(line) for line in found["lines"] if line["claimed"]]
    shown = [_row(line) for line in found["lines"] if not line["claimed"]]
    first = [
        {
            "tone": effect_words.TONES.get(line["word"], "open"),
            "says": effect_words.sentence(line),
            "detectable": effect_words.detectable(line),
        }
        for line in of_all
    ]
    earned = [_earned(line) for line in of_all if line["money"]]
    per_round = [_earned(line) for line in found["lines"] if line["by"] == "round" and line["money"]]
    charts = [one for one in (_chart(found["lines"], "claimed"), _chart(found["lines"], "rounds")) if one]
    parts = {"claimed": claimed, "shown": shown, "first": first, "earned": earned, "per_round": per_round}
    refused = [
        {**one, "missing_zh": [effect_words.LACKING.get(each, each) for each in one["missing"]]}
        for one in found["refused"]
    ]
    again = {
        "assigned": sum(one["again"] for one in found["done"] if one["action"] != "none"),
        "withheld": sum(one["again"] for one in found["done"] if one["action"] == "none"),
    }
    return page("effect.html.j2", _terms(), found=found, charts=charts, refused=refused, again=again, **parts)


def _row(line: Found) -> dict[str, Any]:
    counts, stayed = line["counts"], line["stayed"]
    named = effect_words.named(line)
    return {
        "action": line["action"],
        "named": named,
        "assigned": counts["assigned"],
        "withheld": counts["withheld"],
        "pending": counts["pending_assigned"] + counts["pending_withheld"],
        "left": "–" if counts["left_assigned"] is None else f"{counts['left_assigned']:,}",
        "left_withheld": "–" if counts["left_withheld"] is None else f"{counts['left_withheld']:,}",
        "stayed": "–" if stayed is None else percent(stayed["assigned"]),
        "stayed_withheld": "–" if stayed is None else percent(stayed["withheld"]),
        "effect": None if line["effect"] is None else between(line["effect"], POINTS),
        "reached": _reached(line["reached"]),
        "detectable": "–" if line["detectable"] is None else number(100 * line["detectable"], 1),
        "word": effect_words.WORDS[line["word"]],
        "tone": effect_words.TONES.get(line["word"], "open"),
        "because": line["because"],
    }


def _reached(reached: Found) -> str:
    """The effect on those reached, as a text."""
    one = reached["effect"]
    if one is None:
        return "–"
    if one["kind"] != "interval" or one["low"] is None or one["high"] is None:
        return "cannot be told: too few were reached / 无法判断：联系到的人太少"
    value = between(one, POINTS)
    return str(value) + f" ({value.range})"


def _earned(line: Found) -> dict[str, Any]:
    """The money of a line, formatted."""
    found = line["money"]
    unit = money(found["currency"])

    def told(one: Found | None) -> Written | None:
        return None if one is None else _amount(one, found["currency"])

    back = found["return_on_investment"]
    return {
        "name": line["action"] if line["by"] == "all" else f"{line['action']}, {effect_words.value(line)[0]}",
        "months": significant(found["months"]),
        "assigned": found["assigned"],
        "spent": amount(round(found["spent"], 2), unit),
        "pending": amount(round(found["pending_spent"], 2), unit) if found["pending_spent"] else "",
        "lost": told(found["lost_without"]),
        "parts": [(name, told(one)) for name, one in found["by_part"].items()],
        "gained": told(found["gained"]),
        "net": told(found["net"]),
        "back": "–" if back is None else _back(back),
        "keeping": amount(round(found["keeping_cost"], 2), unit),
        "multiples": [
            (multiple, told(one["gained"]), told(one["net"])) for multiple, one in found["by_multiple"].items()
        ],
    }


def _back(one: Found) -> str:
    value, low, high = (percent(one[part], 0, signed=True) for part in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


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
            named = one["action"] if one["by"] == "all" else f"{one['action']}, {effect_words.value(one)[0]}"
            up = (BOTTOM - TOP) / (len(told) + 0.4)
            said(axes, named, (min(ends) - room, row), by=(4, min(16.0, 0.4 * up)))

    title = "What each action changed / 各行动的效果" if which == "claimed" else "Round by round / 各批次"
    reading = (
        "A dot is how many more of 100 customers stayed, the line what it may be. A line across the upright zero may "
        "be no effect. 圆点表示每 100 人多留存的人数，横线是可能的范围；横线跨过零线则可能没有效果。"
    )
    return Chart(which, title, reading, drawn(paint, x="more of 100 stayed", y=""))


def _terms() -> Sequence[GlossaryTerm]:
    return (
        GlossaryTerm(
            "Withheld",
            "Customers who could have got the action and were left alone by chance. They show what happens without it. "
            "对照：随机保留、未被联系的客户。",
        ),
        GlossaryTerm(
            "Assigned",
            "Customers for whom the draw said the action, whether anybody reached them or not. "
            "被分配该行动的客户，无论是否联系到。",
        ),
        GlossaryTerm(
            "Pending",
            "Customers of rounds whose outcomes are not known yet; they count in no effect. 结果尚未揭晓的客户。",
        ),
    )
