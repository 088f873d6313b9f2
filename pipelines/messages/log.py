"""Progress output of a command: a bar on a terminal, and one line per finished stage.

`--quiet` and `--verbose` change it for the command and for all processes that it starts, by a variable.
"""

import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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

    hidden = True if is_quiet() else None
    return tqdm(items, desc=what, unit=unit, total=total, initial=done, disable=hidden, leave=False)


def track(items: Iterable[Item], what: str, *, unit: str, total: int | None = None) -> Iterator[Item]:
    """The items, with a progress bar."""
    yield from bar(what, unit=unit, total=total, items=items)


def done(stage: str, spec: str, **counts: Any) -> None:
    """One line at the end of a stage, with counts."""
    figures = ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()
    )
    note(f"{stage} {spec}: {figures}")


def note(text: str) -> None:
    """A line on progress, or on what a command waits for."""
    if not is_quiet():
        _say(text)


def detail(text: str) -> None:
    """A line for --verbose."""
    if is_verbose():
        _say(text)


def warn(stage: str, spec: str, told: Sequence[str]) -> None:
    """A line for each warning."""
    for one in told:
        note(f"{stage} {spec}: warning: {one}")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """A block whose duration is printed with --verbose, however it ends."""
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        took, used = time.perf_counter() - wall, time.process_time() - cpu
        detail(f"{what}: took {took:.1f} s, {used:.1f} s of CPU in this process")


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


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's own voice
