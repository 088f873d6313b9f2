"""A note that a failing stage leaves for the command that ran the graph: DVC passes on no exit code."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Failure:
    """What failed, why, and the exit code."""

    command: str
    message: str
    code: int


def leave(path: Path, *, command: str, message: str, code: int) -> bool:
    """Leave the note, and say whether it could be left: a disk that is full takes none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(Failure(command, message, code))))
    except OSError:
        return False
    return True


def take(path: Path) -> Failure | None:
    """The note, which is then gone; None when there is none, or one that was torn by a kill or a full disk."""
    if not path.exists():
        return None
    try:
        found = Failure(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        found = None
    path.unlink()
    return found
