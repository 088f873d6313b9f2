"""A proposed spec: its text, its expected counts, and its open points."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.jobs.proposing import writing

INTRODUCTION = (
    "Proposed from the files, to be reviewed: each comment gives the reason, and how sure it is (sure, likely, guess)."
    " Nothing is permitted by default. docs/specs.md lists what else a spec may say."
)


@dataclass(frozen=True)
class Draft:
    """The text of a spec; found are lines on the expected rows and outcomes, open the points left to the user."""

    text: str
    found: tuple[str, ...]
    open: tuple[str, ...]


def draft(lines: Sequence[str], *, found: Sequence[str], left: Sequence[str]) -> Draft:
    """The draft with its introduction and, at its end, the open points."""
    nothing = "There are no open points; still, review what is only likely."
    ending = list(writing.listed("Open points, each with what settles it:", left, nothing))
    said = [one for text in found for one in writing.comment(text)]
    every = [*writing.comment(INTRODUCTION), *lines, *said, *ending]
    return Draft("\n".join(every) + "\n", tuple(found), tuple(left))
