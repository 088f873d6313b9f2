"""alerts.html: how the rules of warnings would have done on past dates, for people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import OF_A_HUNDRED, Written, count, share, written
from pipelines.reporting import catalogue
from pipelines.reporting.catalogue import Both, Catalogue
from pipelines.reporting.charts import BOTTOM, COLOURS, TOP, WHISKER, Chart, dot, drawn, in_percent, in_rows, said
from pipelines.reporting.pages import page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

# A taller chart than this cannot be read.
MOST_DRAWN = 10
# The upright lines reach so many pixels up, and so stay under the rules' names.
UPRIGHT = 7
ANY = "any"
TERMS = ("base", "interval", "episode")
# What a condition calls the champion's risk; a feature such as score_after_sales is not meant.
_OF_THE_MODEL = re.compile(r"\b(score|score_change_since_last|level)\b")


@dataclass(frozen=True)
class RuleLine:
    """A rule on the page: its name, its reason, its condition, its verdict and its figures."""

    name: Both
    says: Both | None
    when: str
    verdict: Both
    warnings: int
    judged: int
    left: str
    base: str
    gain: Written | None
    warned: str
    days_ahead: str
    listed: Both | None
    asks_the_model: bool


def render(found: Found) -> str:
    """The page of the figures of `alerts backtest`; equal figures give equal text. found is that JSON."""
    words = catalogue.of_page("alerts")
    lines = [_line(name, one, found, words) for name, one in found["figures"].items() if name != ANY]
    together = _line(ANY, found["figures"][ANY], found, words) if ANY in found["figures"] else None
    asked = [line.name[0] for line in lines if line.asks_the_model]
    return page(
        "alerts.html.j2",
        [words.term(key, words.both(key)[0].lower()) for key in TERMS],
        words=words,
        found=found,
        lines=lines,
        together=together,
        asked=(", ".join(asked), "、".join(asked)) if asked else None,
        chart=_chart(found, words),
    )


def _line(name: str, one: Found, found: Found, words: Catalogue) -> RuleLine:
    rule = found["rules"].get(name, {"says": None, "when": ""})
    days, plain = one["days_ahead"], name.replace("_", " ")
    named = words.both("any") if name == ANY else (plain, plain)
    return RuleLine(
        name=named,
        says=(rule["says"]["en"], rule["says"]["zh"]) if rule["says"] else None,
        when=rule["when"],
        verdict=words.both(f"verdict_{_verdict(one)}"),
        warnings=one["warnings"],
        judged=one["judged"],
        left=_share(one["left"], one["judged"]),
        base=_share(one["base"], one["judged"]),
        gain=None if one["gain"] is None else written(one["gain"], OF_A_HUNDRED),
        warned=_share(one["leavers_warned"], one["leavers"]),
        days_ahead="–" if days is None else f"{days:.0f}",
        listed=_beside_the_list(named, found["model"].get(name), words),
        asks_the_model=bool(_OF_THE_MODEL.search(rule["when"])),
    )


def _share(value: float | None, of: int) -> str:
    """A share of so many; a dash where there is none."""
    return "–" if value is None else share(value, of)


def _verdict(one: Found) -> str:
    """What a manager may conclude of a rule, as the catalogue names it."""
    if one["warnings"] == 0:
        return "never"
    if one["gain"] is None:
        return "unjudged"
    return "better" if one["better"] is None or one["better"] else "chance"


def _beside_the_list(rule: Both, both: Found | None, words: Catalogue) -> Both | None:
    """The rule and the model's list of as many contacts, at the dates that the model may be asked of."""
    if both is None or both["rule"]["left"] is None or both["list"]["left"] is None:
        return None
    left, listed = (_share(both[who]["left"], both[who]["judged"]) for who in ("rule", "list"))
    return words.both("listed", rule=rule, many=count(both["rule"]["warnings"]), left=left, listed=listed)


def _chart(found: Found, words: Catalogue) -> Chart | None:
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

    svg = drawn(paint, x=words.plain("chart_x"), y="")
    return Chart("left", words.plain("chart_title"), words.plain("chart_reading"), svg)
