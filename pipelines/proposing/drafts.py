"""A proposed spec: its lines, and what a person should know of it before it is used."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.proposing import writing

INTRODUCTION = (
    "Proposed from the files, for a person to read: each remark says why, and how sure (sure, likely, guess). Nothing"
    " is allowed that nobody allowed. docs/specs.md says what else a spec may say."
)


@dataclass(frozen=True)
class Draft:
    """The text of a spec; found are lines on what comes of it, open what could not be decided."""

    text: str
    found: tuple[str, ...]
    open: tuple[str, ...]


def draft(lines: Sequence[str], *, found: Sequence[str], left: Sequence[str]) -> Draft:
    """The draft with its introduction and, at its end, what could not be decided."""
    nothing = "Everything was decided; look at what is only likely all the same."
    ending = list(writing.listed("Not decided, or decided without knowing; each with what settles it:", left, nothing))
    said = [one for text in found for one in writing.comment(text)]
    every = [*writing.comment(INTRODUCTION), *lines, *said, *ending]
    return Draft("\n".join(every) + "\n", tuple(found), tuple(left))
