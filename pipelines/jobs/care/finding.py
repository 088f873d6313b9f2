"""One line of `doctor`: how it stands with one thing, and the remedy."""

from dataclasses import dataclass

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True)
class Finding:
    """How it stands with one thing: level is ok, warning (it works today) or error; remedy is "" where all is well."""

    level: str
    about: str
    words: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """The same for people."""
        return f"{self.level:<7}  {self.about}: {self.words}{f'; {self.remedy}' if self.remedy else ''}"


def fine(about: str, words: str) -> Finding:
    """All is well."""
    return Finding(OK, about, words)


def wrong(about: str, error: Exception) -> Finding:
    """An error whose message holds the remedy already."""
    return Finding(ERROR, about, str(error).rstrip("."))
