"""What a command says while it works: a progress bar on a terminal, one line when a stage is done."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def track(items: Iterable[Item], what: str, *, unit: str, total: int | None = None) -> Iterator[Item]:
    """The items, with a progress bar where somebody looks (on a terminal)."""
    yield from tqdm(items, desc=what, unit=unit, total=total, disable=None, leave=False)


def done(stage: str, spec: str, **counts: Any) -> None:
    """One line at the end of a stage, with counts."""
    figures = ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()
    )
    print(f"{stage} {spec}: {figures}", file=sys.stderr)  # noqa: T201 - the command's own voice


def note(text: str) -> None:
    """A line on what keeps a command waiting."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's own voice


def warn(stage: str, spec: str, told: Sequence[str]) -> None:
    """A line for each thing that stops nothing, and that somebody should look at."""
    for one in told:
        print(f"{stage} {spec}: warning: {one}", file=sys.stderr)  # noqa: T201 - the command's own voice
