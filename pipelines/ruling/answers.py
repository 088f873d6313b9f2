"""Formatting of promotion verdicts as the output of commands."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.ruling.effect_evidence import OBSERVATIONAL
from pipelines.ruling.verdict import Verdict

Body = Mapping[str, Any]
# As `decisions.figures_of` calls what it finds of actions.
OF_ACTIONS = ("QINI ", "policy value ")
NOT_SHOWN = "not shown: observational, for the actions were not found to be randomised; the report says why"


def say(*lines: str) -> None:
    """Print lines on standard output."""
    for line in lines:
        print(line)  # noqa: T201 - the command's answer


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with aligned columns."""
    cells = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def lines_of(body: Body) -> list[str]:
    """The reasons of a decision, one line each: the verdict in words, then each rule's reason.

    An entry from before reasons were kept apart has one text, which is shown whole: a semicolon in it may be anybody's.
    """
    return [str(one) for one in body["reasons"]] if body.get("reasons") else [str(body["words"])]


def verdict_of(body: Body) -> str:
    """The verdict for people; without a champion, a rejected challenger leaves none."""
    if body["verdict"] == Verdict.KEEP and not body["champion_version"]:
        return f"NOT PROMOTED ({Verdict.KEEP})"
    return str(body["verdict"] or body["kind"])


def is_observational(body: Body) -> bool:
    """Whether a decision rests on actions that were not randomised, so that no figure of them is shown.

    It says so under `uplift`; an older one does by judging the risk although it has figures of actions.
    """
    if "uplift" in body:
        return bool(body["uplift"] == OBSERVATIONAL)
    named = [name for figures in body.get("figures", {}).values() for name in figures]
    of_actions = "policy_value" in body.get("pairs", {}) or any(name.startswith(OF_ACTIONS) for name in named)
    return of_actions and body.get("primary") == "auc"


def shown_figures(body: Body, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a model to show: none of actions where these were not randomised."""
    hidden = OF_ACTIONS if is_observational(body) else ()
    return {name: one for name, one in figures.items() if not name.startswith(hidden)}
