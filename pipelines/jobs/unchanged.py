"""Whether any input of a spec's graph changed since DVC last found the graph up to date.

DVC takes a second to say that nothing has changed. Beside its lock we keep what the file system said of every file that
the lock names, when DVC had ended well: sizes and times of the last change. Only where all of it is the same is DVC not
asked; whatever else it is, DVC decides. `dvc repro` by hand knows nothing of this and needs nothing of it.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.dvc import lock_file
from pipelines.files import storage
from pipelines.workspace import Workspace

GRAPH = ("dvc.yaml", "params.yaml", ".dvc/config", ".dvc/config.local", ".dvcignore")
# A clock of files may be this much coarser than ours.
TICK_NS = 20_000_000

Seen = dict[str, list[int]]


def is_as_left(workspace: Workspace) -> bool:
    """Whether every file of the spec's graph is as it was when `leave` was called."""
    note = read(workspace.state / "unchanged.json")
    return bool(note) and note.get("seen") == seen(workspace.root, note.get("places", []))


def read(path: Path) -> dict[str, Any]:
    """A note; empty where it is absent or unreadable."""
    found = storage.read_receipt(path)
    return found if isinstance(found, dict) else {}


def leave(workspace: Workspace, *, began_ns: int, stored_ns: Mapping[str, int]) -> None:
    """Record the files' state; DVC, started at that time, found or brought all stages up to date.

    stored_ns says when DVC had stored what a stage wrote that it called. Nothing is noted where a file was touched
    later, or one that no stage writes since DVC began: DVC may have seen it as it was before.
    """
    note = workspace.state / "unchanged.json"
    note.unlink(missing_ok=True)
    stages = lock_file.of_spec(lock_file.stages(workspace.root), workspace.spec)
    until = {out["path"]: stored_ns.get(name, 0) for name, one in stages.items() for out in one["outs"]}
    read = {dep["path"] for one in stages.values() for dep in one["deps"]}
    read |= {name for one in stages.values() for name in one.get("params", {})}
    read |= {*GRAPH, *(f"{one.relative_to(workspace.root)}.dvc" for one in (workspace.raw, workspace.reader))}
    inputs = {name for name in read if not any(Path(name).is_relative_to(out) for out in until)}
    places = sorted({lock_file.NAME, *inputs, *until})
    files = {place: seen(workspace.root, [place]) for place in places}
    latest = {place: max((max(one[1:3]) for one in stats.values()), default=0) for place, stats in files.items()}
    if all(latest[place] < max(began_ns - TICK_NS, until.get(place, 0)) for place in places if place != lock_file.NAME):
        together = {name: one for stats in files.values() for name, one in stats.items()}
        storage.write_json(note, {"places": places, "seen": together})


def begin() -> int:
    """The file system's time in nanoseconds, at which DVC may begin: what was written before this call is older."""
    time.sleep(2 * TICK_NS / 1e9)
    return time.time_ns()


def seen(root: Path, places: Iterable[str]) -> Seen:
    """Size, modification time, status change time and inode of every file under these places."""
    found: Seen = {}
    for place in places:
        for name, stat in _files(os.path.join(root, place)):  # noqa: PTH118 - thousands of paths, and Path is slow
            found[os.path.relpath(name, root)] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    return found


def _files(place: str) -> Iterator[tuple[str, Any]]:
    """Every file at or under a place, without compiled code, which DVC ignores too."""
    if not os.path.isdir(place):  # noqa: PTH112
        if os.path.exists(place):  # noqa: PTH110
            yield place, os.stat(place)  # noqa: PTH116
        return
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                yield entry.path, entry.stat()
