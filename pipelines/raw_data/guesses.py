"""The guessed format of a file: each part with its certainty and the line that decided it."""

from dataclasses import dataclass
from typing import Any, Literal

from features.file_format import FileFormat, said, spoken

Sure = Literal["certain", "likely", "open"]
# From the surest to the least sure.
ORDER: tuple[Sure, ...] = ("certain", "likely", "open")
_SHOWN = 60


@dataclass(frozen=True)
class Decision:
    """One guess: which part of the format, its value, its certainty, and the line (from 1) that decided it."""

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
    """The guessed format of a file, its columns, and the decision behind each part of the format."""

    file: str
    form: FileFormat
    columns: tuple[str, ...]
    decided: tuple[Decision, ...]

    @property
    def sure(self) -> Sure:
        """The certainty of its least certain guess."""
        return max((one.sure for one in self.decided), key=ORDER.index, default="certain")

    def keys(self, *, of_table: bool) -> dict[str, Any]:
        """The keys of `format` to write into a spec, so that a run need not guess; empty for a plain CSV in UTF-8.

        A table's spec declares types itself, so there `numbers` lists only columns with unusual signs.
        """
        own = tuple(one for one in self.form.numbers if one.decimal is not None or one.thousands is not None)
        return spoken(self.form.model_copy(update={"numbers": own}) if of_table else self.form)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The guesses that are not certain: value, certainty, and the line that decided.

        A kind of file that follows from its name is not listed.
        """
        named = self.form.kind is None
        return tuple(str(one) for one in self.decided if one.sure != "certain" and not (named and one.what == "kind"))

    @property
    def line(self) -> str:
        """The line `format: ...` for the spec."""
        return f"format: {said(self.form)}"
