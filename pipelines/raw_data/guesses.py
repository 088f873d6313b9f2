"""What a file seems to be: each guess with how sure it is and the line that decided it."""

from dataclasses import dataclass
from typing import Any, Literal

from features.file_format import FileFormat, said, spoken

Sure = Literal["certain", "likely", "open"]
# From the surest to the least sure.
ORDER: tuple[Sure, ...] = ("certain", "likely", "open")
_SHOWN = 60


@dataclass(frozen=True)
class Decision:
    """One guess: what of the format it is, its value, how sure it is, and the line (from 1) that decided it."""

    what: str
    value: str
    sure: Sure
    line: int
    text: str
    why: str

    def __str__(self) -> str:
        text = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        return f"{self.what} {self.value} ({self.sure}; line {self.line}, {text!r}: {self.why})"


@dataclass(frozen=True)
class Guess:
    """How a file seems to have to be read: its format, its columns, and how each part of the format was guessed."""

    file: str
    form: FileFormat
    columns: tuple[str, ...]
    decided: tuple[Decision, ...]

    @property
    def sure(self) -> Sure:
        """The least sure of its guesses."""
        return max((one.sure for one in self.decided), key=ORDER.index, default="certain")

    def keys(self, *, of_table: bool) -> dict[str, Any]:
        """The keys of `format` to write into a spec, so that a run need not guess; none where it is read as it is.

        A table's columns say themselves which are numbers: there `numbers` names only those with signs of their own.
        """
        own = tuple(one for one in self.form.numbers if one.decimal is not None or one.thousands is not None)
        return spoken(self.form.model_copy(update={"numbers": own}) if of_table else self.form)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was guessed and is not certain: the value, how sure it is, and the line that decided it.

        Not that a file is of the kind that its name says.
        """
        named = self.form.kind is None
        return tuple(str(one) for one in self.decided if one.sure != "certain" and not (named and one.what == "kind"))

    @property
    def line(self) -> str:
        """What a spec says beside the file."""
        return f"format: {said(self.form)}"
