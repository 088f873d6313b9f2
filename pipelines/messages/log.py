"""Progress output of a command: a bar on a terminal, and one line per finished stage.

`--quiet` and `--verbose` change it for the command and for all processes that it starts, by a variable; with
`--log-json` each line is an object.
"""

import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.messages import json_lines, masking

if TYPE_CHECKING:
    from tqdm import tqdm

Item = TypeVar("Item")
LOUDNESS, QUIET, VERBOSE = "HOLDFAST_LOUDNESS", "quiet", "verbose"


@contextmanager
def speaking(loudness: str | None) -> Iterator[None]:
    """A block with this verbosity; None leaves it unchanged."""
    before = os.environ.get(LOUDNESS)
    if loudness is not None:
        os.environ[LOUDNESS] = loudness
    try:
        yield
    finally:
        if loudness is not None:
            os.environ.pop(LOUDNESS)
            os.environ.update({} if before is None else {LOUDNESS: before})


def is_quiet() -> bool:
    """Whether only results and errors are wanted."""
    return os.environ.get(LOUDNESS) == QUIET


def is_verbose() -> bool:
    """Whether more output than usual is wanted."""
    return os.environ.get(LOUDNESS) == VERBOSE


def bar(what: str, *, unit: str, total: int | None, done: int = 0, items: Iterable[Any] | None = None) -> "tqdm[Any]":
    """A progress bar, on a terminal and without --quiet only."""
    from tqdm import tqdm  # not at the top: --help needs none

    hidden = True if is_quiet() or json_lines.is_asked() else None
    return tqdm(items, desc=what, unit=unit, total=total, initial=done, disable=hidden, leave=False)


def track(items: Iterable[Item], what: str, *, unit: str, total: int | None = None) -> Iterator[Item]:
    """The items, with a progress bar."""
    yield from bar(what, unit=unit, total=total, items=items)


def done(stage: str, spec: str, **counts: Any) -> None:
    """One line at the end of a stage, with counts."""
    figures = ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()
    )
    if not is_quiet():
        _say(f"{stage} {spec}: {figures}", stage=stage, fields=counts)


def note(text: str, *, level: str = "info") -> None:
    """A line on progress, or on what a command waits for."""
    if not is_quiet():
        _say(text, level=level)


def detail(text: str) -> None:
    """A line for --verbose."""
    if is_verbose():
        _say(text, level="debug")


def warn(stage: str, spec: str, told: Sequence[str]) -> None:
    """A line for each warning."""
    for one in told:
        if not is_quiet():
            _say(f"{stage} {spec}: warning: {one}", level="warning", stage=stage)


def error(text: str) -> None:
    """What a command fails with, without secrets."""
    _say(masking.mask(text), level="error")


def passed_on(line: str, name: str) -> str:
    """Repeat a line of another process of the run under that one's name; gives its message, empty of its last."""
    told = json_lines.read(line)
    message = line.rstrip() if told is None else str(told["message"])
    if told is None or not json_lines.is_asked():
        note(f"[{name}] {message}")
    elif not is_quiet():
        json_lines.put({**told, "message": f"[{name}] {message}", "fields": {**told.get("fields", {}), "of": name}})
    return "" if told and "exit_code" in told.get("fields", {}) else message


@contextmanager
def timed(what: str) -> Iterator[None]:
    """A block whose duration is printed with --verbose or as JSON, however it ends."""
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        took, used = time.perf_counter() - wall, time.process_time() - cpu
        if is_verbose() or (json_lines.is_asked() and not is_quiet()):
            fields = {"seconds": round(took, 3), "cpu_seconds": round(used, 3)}
            _say(f"{what}: took {took:.1f} s, {used:.1f} s of CPU in this process", fields=fields)


@contextmanager
def stage(name: str, spec: str) -> Iterator[None]:
    """A block that is a stage within the run's own process; its duration is printed as by `timed`."""
    with json_lines.about(spec, name), timed(f"{name} {spec}"):
        yield


def ended(what: str, code: int) -> None:
    """The last line of a command as JSON, with its exit code."""
    if json_lines.is_asked():
        json_lines.write(f"{what}: ended with exit code {code}", level="info", fields={"exit_code": code})


def origin(error: BaseException, root: Path) -> None:
    """Where in the project's code an error was raised, and its first cause, for --verbose."""
    for each in _chain(error):
        ours = [one for one in traceback.extract_tb(each.__traceback__) if Path(one.filename).is_relative_to(root)]
        places = [f"{Path(one.filename).relative_to(root)}:{one.lineno} in {one.name}" for one in reversed(ours)]
        because = "" if each is error else f", because of {type(each).__name__}: {str(each).strip()}"
        detail("\n  ".join([f"{type(error).__name__} arose{because}", *places]))


def _chain(error: BaseException) -> Iterator[BaseException]:
    while error:
        yield error
        if error.__cause__ is None:
            return
        error = error.__cause__


def _say(text: str, *, level: str = "info", stage: str | None = None, fields: Mapping[str, Any] | None = None) -> None:
    if json_lines.is_asked():
        json_lines.write(text, level=level, stage=stage, fields=fields)
    else:
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's own voice
