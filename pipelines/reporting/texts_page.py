"""The pages of a reader of texts: its report, and the decision on it."""

from collections.abc import Mapping
from typing import Any

from experiments.texts.reading import CLASSES
from pipelines.messages.numbers import NO_BREAK, number
from pipelines.reporting import freeze_words, page_header
from pipelines.reporting.page_header import NOTHING, Provenance
from pipelines.reporting.pages import page

Figure = Mapping[str, Any]
FIGURES = {"macro_f1": "Macro-F1"}


def report(
    told: Mapping[str, Any],
    *,
    ruling: str = "",
    decision: Mapping[str, Any] | None = None,
    made: Provenance = NOTHING,
) -> str:
    """The report of `evaluate`, from its plain data, with the decision on top where it is known; ruling is its why."""
    found = told["figures"]
    # By CLASSES, as the confusion is: what was read from JSON has its keys in another order.
    by_class = [
        (name, said, found["classes"].get(name)) for name, said in zip(CLASSES, found["confusion"], strict=True)
    ]
    rows = [
        {
            "name": name,
            "texts": one["n_texts"],
            "said": said,
            **{figure: _plain(one[figure]) for figure in ("precision", "recall", "f1")},
        }
        for name, said, one in by_class
        if one
    ]
    shown = {name: _with_range(found[name]) for name in ("macro_f1", "above_floor", "leaning_f1", "overconfidence")}
    return page(
        "texts.html.j2",
        (),
        told=told,
        header=page_header.of_reader(told, decision, made=made),
        ruling=ruling,
        found=found,
        rows=rows,
        shown=shown,
        classes=CLASSES,
        plain=_plain,
    )


def decision(decided: Mapping[str, Any], *, title: str, spec: str, made: Provenance = NOTHING) -> str:
    """The page of a decision, from its ledger entry."""
    figures = [
        (who, decided[f"{who}_version"], {FIGURES.get(one, one): _with_range(figure) for one, figure in found.items()})
        for who, found in decided["figures"].items()
    ]
    pairs = [(FIGURES.get(one, one), _with_range(pair)) for one, pair in decided["pairs"].items()]
    return page(
        "texts_decision.html.j2",
        (),
        decided=decided,
        header=page_header.of_reader_decision(decided, made=made),
        figures=figures,
        pairs=pairs,
        frozen=freeze_words.notice(decided),
        title=title,
        spec=spec,
    )


def _with_range(figure: Figure) -> str:
    level = "" if figure["level"] == 0.95 else f" at {100 * figure['level']:.4g}{NO_BREAK}%"
    value, low, high = (number(figure[part], 3) for part in ("value", "low", "high"))
    return f"{value} ({low} to {high}{level})"


def _plain(value: float | None) -> str:
    return "–" if value is None else number(value, 3)
