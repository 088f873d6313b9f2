"""alerts.html: how the rules of warnings would have done on past dates, for people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import POINTS, Written, share, written
from pipelines.reporting.charts import BOTTOM, COLOURS, TOP, WHISKER, Chart, dot, drawn, in_percent, in_rows, said
from pipelines.reporting.pages import page
from pipelines.reporting.terms import GlossaryTerm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

# A taller chart than this cannot be read.
MOST_DRAWN = 10
# The upright lines reach so many pixels up, and so stay under the rules' names.
UPRIGHT = 7
ANY = "any"
# What a condition calls the champion's risk; a feature such as score_after_sales is not meant.
_OF_THE_MODEL = re.compile(r"\b(score|score_change_since_last|level)\b")


@dataclass(frozen=True)
class RuleLine:
    """A rule on the page: its name, its reason in English and Chinese, its condition, its verdict and its figures."""

    name: str
    says: Mapping[str, str]
    when: str
    verdict: str
    warnings: int
    judged: int
    left: str
    base: str
    gain: Written | None
    warned: str
    days_ahead: str
    listed: str
    asks_the_model: bool


def render(found: Found) -> str:
    """The page of the figures of `alerts backtest`; equal figures give equal text. found is that JSON."""
    lines = [_line(name, one, found) for name, one in found["figures"].items() if name != ANY]
    together = _line(ANY, found["figures"][ANY], found) if ANY in found["figures"] else None
    chart = _chart(found)
    return page("alerts.html.j2", _terms(), found=found, lines=lines, together=together, chart=chart)


def _line(name: str, one: Found, found: Found) -> RuleLine:
    rule = found["rules"].get(name, {"says": {}, "when": ""})
    days = one["days_ahead"]
    return RuleLine(
        name="any of them" if name == ANY else name.replace("_", " "),
        says=rule["says"],
        when=rule["when"],
        verdict=_verdict(one),
        warnings=one["warnings"],
        judged=one["judged"],
        left=_share(one["left"], one["judged"]),
        base=_share(one["base"], one["judged"]),
        gain=None if one["gain"] is None else written(one["gain"], POINTS),
        warned=_share(one["leavers_warned"], one["leavers"]),
        days_ahead="–" if days is None else f"{days:.0f}",
        listed=_beside_the_list(found["model"].get(name)),
        asks_the_model=bool(_OF_THE_MODEL.search(rule["when"])),
    )


def _share(value: float | None, of: int) -> str:
    """A share of so many; a dash where there is none."""
    return "–" if value is None else share(value, of)


def _verdict(one: Found) -> str:
    """What a manager may conclude of a rule."""
    if one["warnings"] == 0:
        return "It never fired."
    if one["gain"] is None:
        return "It cannot be judged: too few of its customers, or all there were."
    if one["better"] is None or one["better"]:
        return "Those it warns of leave more often than all customers at the same dates."
    return "It does no better than chance."


def _beside_the_list(both: Found | None) -> str:
    """The rule and the model's list of as many contacts, at the dates that the model may be asked of."""
    if both is None or both["rule"]["left"] is None or both["list"]["left"] is None:
        return ""
    rule, listed = (_share(both[who]["left"], both[who]["judged"]) for who in ("rule", "list"))
    many = f"{both['rule']['warnings']:,}"
    return (
        f"of the {many} customers it warned of, {rule} left; of the {many} with the highest risk by the model, {listed}"
    )


def _chart(found: Found) -> Chart | None:
    """Each rule's share that left, with the interval of its gain, beside that of all customers."""
    shown = [(name, one) for name, one in found["figures"].items() if one["gain"] is not None and name != ANY]
    shown = shown[:MOST_DRAWN]
    if not shown:
        return None

    def paint(axes: "Axes") -> None:
        in_rows(axes, len(shown))
        most = max(one["base"] + one["gain"]["high"] for _, one in shown)
        axes.set_xlim(0, min(1.0, most * 1.15))
        in_percent(axes.xaxis)
        half = min(0.16, UPRIGHT * (len(shown) + 0.4) / (BOTTOM - TOP))
        for row, (name, one) in enumerate(shown):
            base, gain = one["base"], one["gain"]
            axes.plot([base + gain["low"], base + gain["high"]], [row, row], **WHISKER)
            dot(axes, one["left"], row)
            axes.plot([base, base], [row - half, row + half], color=COLOURS["soft"], linewidth=1.5)
            said(axes, name.replace("_", " "), (0, row), by=(4, 16))

    return Chart(
        "left",
        "How many of those warned of left",
        "A dot is the share of a rule's customers that left, with its 95 % interval; the short upright line is the "
        "share of all customers at the same dates. A rule whose line crosses the upright one may be chance.",
        drawn(paint, x="% that left", y=""),
    )


def _terms() -> Sequence[GlossaryTerm]:
    return (
        GlossaryTerm("Base rate", "The share of all customers that left at the dates at which a rule fired."),
        GlossaryTerm(
            "95 % interval",
            "Were other customers of the same kind judged, the figure would be a little different. Of a hundred such "
            "intervals, about 95 hold the true figure.",
        ),
        GlossaryTerm(
            "Episode",
            "A rule fires once from the time its condition becomes true until it has been false again.",
        ),
    )
