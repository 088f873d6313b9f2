"""One expectation on a batch of rows, and its wording in messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Demand:
    """One expectation, and its wording in messages.

    kind and arguments are the name and the keywords of a Great Expectations class. words go on from
    "customers.age"; shows names the batch column whose values are given as examples (None: the keys are).
    judged_if limits it to rows in which a column is null, or is not. unit is what a bad row of the batch is. remedy is
    what may be done about bad rows.
    """

    table: str
    column: str
    words: str
    kind: str
    arguments: Mapping[str, Any] = field(hash=False)
    shows: str | None = None
    judged_if: tuple[str, Literal["null", "present"]] | None = None
    unit: Literal["row", "part", "volume"] = "row"
    remedy: str = ""

    @property
    def judges(self) -> tuple[str, ...]:
        """The columns of a batch that the check uses."""
        named = [value for name, value in self.arguments.items() if name.startswith("column")]
        return (*named, *(self.judged_if[:1] if self.judged_if else ()))

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of a batch for the check and for showing failing rows."""
        return (*self.judges, *([self.shows] if self.shows else []))
