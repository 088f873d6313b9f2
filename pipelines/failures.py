"""A note that a failing stage leaves for the command that ran the graph: DVC passes on no exit code."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Failure:
    """What failed, why, and the exit code."""

    command: str
    message: str
    code: int


def leave(path: Path, *, command: str, message: str, code: int) -> None:
    """Leave the note; a disk that is full has none, and the exit code is then 1."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(Failure(command, message, code))))


def take(path: Path) -> Failure | None:
    """The note, which is then gone; None when there is none."""
    if not path.exists():
        return None
    found = Failure(**json.loads(path.read_text()))
    path.unlink()
    return found
