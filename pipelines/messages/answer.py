"""The answer of a command: lines for people, the same as plain data for machines, and its exit code."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """The lines that people read, what `--json` prints instead, and the exit code."""

    lines: tuple[str, ...]
    plain: Any
    code: int = 0

    def show(self, *, as_json: bool) -> int:
        """Print it on standard output; gives the exit code."""
        # A figure that is no number has no place in JSON; `null` stands for it in what is handed over.
        text = json.dumps(self.plain, indent=2, ensure_ascii=False, allow_nan=False)
        for line in (text,) if as_json else self.lines:
            print(line)  # noqa: T201 - the command's answer
        return self.code
