"""monitoring.html: whether the champion still fits, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.messages.numbers import dates_in_words, significant
from pipelines.reporting.charts import COLOURS, DASHED, WHISKER, Chart, dot, drawn, in_rows, said
from pipelines.reporting.pages import page
from pipelines.reporting.terms import GlossaryTerm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

MOST_DRAWN = 6
# Of each kind, the table shows so many; monitoring.json has all.
MOST_LISTED = 8
# An effect of so many thresholds is drawn at the edge.
FURTHEST = 4.0
TITLES = {
    "feature_shift": "Features that shifted",
    "prediction_shift": "Score and predicted effects",
    "served_shift": "Scores that the service gave",
    "missing_share": "Missing values",
    "new_category": "Values that training never saw",
    "volume": "Number of rows",
    "freshness": "Age of the tables",
    "realised_auc": "Ranking that came true",
    "realised_brier": "Brier score that came true",
    "realised_calibration": "Probabilities that came true",
    "realised_uplift": "Effects of actions that came true",
}


@dataclass(frozen=True)
class KindTable:
    """The largest changes of a kind, and how many more there are."""

    title: str
    unit: str
    rows: Sequence[Found]
    more: int


def render(found: Found) -> str:
    """The page of what `monitor` found, which is that JSON; equal findings give equal text."""
    told = {**found, "changes": [_in_words(one) for one in found["changes"]]}
    return page("monitoring.html.j2", _terms(), found=told, tables=_tables(told["changes"]), chart=_chart(told))


def _in_words(change: Found) -> Found:
    """A change with the dates of its texts in words."""
    texts = {name: dates_in_words(change[name]) for name in ("subject", "words", "sentence")}
    return {**change, **texts}


def _tables(changes: Sequence[Found]) -> list[KindTable]:
    names = dict.fromkeys([*TITLES, *(one["kind"] for one in changes)])
    of = {name: [one for one in changes if one["kind"] == name] for name in names}
    return [
        KindTable(
            TITLES.get(name, name.replace("_", " ")), rows[0]["unit"], _shown(rows), max(0, len(rows) - MOST_LISTED)
        )
        for name, rows in of.items()
        if rows
    ]


def _shown(rows: Sequence[Found]) -> list[Found]:
    return [
        {
            **one,
            "number": significant(one["effect"]),
            "range": f"{significant(one['low'])} to {significant(one['high'])}",
            "least": significant(one["threshold"]),
            "says": _verdict(one),
        }
        for one in rows[:MOST_LISTED]
    ]


def _verdict(one: Found) -> str:
    if one["accepted"]:
        return f"accepted: {one['accepted']}"
    if one["asks"]:
        return "retrain"
    if one["effect"] >= one["threshold"]:
        return "large, but chance does as much"
    return "beyond chance, but small" if one["beyond_chance"] else "no change"


def _chart(found: Found) -> Chart | None:
    """The largest changes, each as a multiple of its threshold."""
    shown = list(found["changes"])[:MOST_DRAWN]
    if not shown:
        return None

    def paint(axes: "Axes") -> None:
        in_rows(axes, len(shown))
        axes.set_xlim(0, FURTHEST)
        axes.axvline(1.0, **DASHED)
        for row, one in enumerate(shown):
            low, value, high = (_clipped(one[part] / one["threshold"]) for part in ("low", "effect", "high"))
            axes.plot([low, high], [row, row], **{**WHISKER, "color": COLOURS["warm" if one["asks"] else "accent"]})
            dot(axes, value, row)
            said(axes, f"{one['subject']} ({one['kind'].replace('_', ' ')})", (0, row), by=(4, 16))

    return Chart(
        "changes",
        "The largest changes",
        "A dot is a change beyond what chance makes of it, as a multiple of its threshold, with its 95 % interval. What"
        f" lies right of the broken line is large enough to ask for retraining; {FURTHEST:g} stands for all beyond.",
        drawn(paint, x="times the threshold", y=""),
    )


def _clipped(value: float) -> float:
    return min(max(value, 0.0), FURTHEST)


def _terms() -> Sequence[GlossaryTerm]:
    return (
        GlossaryTerm(
            "Stability index",
            "How far two distributions are apart (PSI), less what chance makes of it. A shift of half a standard"
            " deviation gives about 0.25.",
        ),
        GlossaryTerm("Gate cohort", "The customers on whom the champion was judged before it was taken."),
        GlossaryTerm(
            "95 % interval",
            "Were other customers of the same kind compared, the figure would be a little different. Of a hundred such "
            "intervals, about 95 hold the true figure.",
        ),
    )
