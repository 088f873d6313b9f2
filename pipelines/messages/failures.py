"""Files in which a failed stage leaves its error and exit code, because DVC does not pass them on."""

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
    """Write the note; gives whether it could be written (a full disk takes none)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(Failure(command, message, code))))
    except OSError:
        return False
    return True


def take(path: Path) -> Failure | None:
    """The note, which is then deleted; None where there is none or it is corrupt."""
    if not path.exists():
        return None
    try:
        found = Failure(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        found = None
    path.unlink()
    return found
