"""What a file seems to be: each guess with how sure it is and the line that decided it."""

from dataclasses import dataclass
from typing import Literal

from features.file_format import FileFormat, said

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

    @property
    def line(self) -> str:
        """What a spec says beside the file."""
        return f"format: {said(self.form)}"
