"""Lines of a spec with their reasons: YAML that is read back as it was meant, whatever files call things."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pipelines.raw_data.guesses import Guess

WIDTH = 116


def line(key: str, value: Any, *, indent: int = 0, why: str = "") -> list[str]:
    """A key with its value on one line, and why beside it, or above it where the line grows too long."""
    text = f"{' ' * indent}{_yaml(key)}: {_yaml(value)}"
    if not why:
        return [text]
    beside = f"{text}  # {plain(why)}"
    return [beside] if len(beside) <= WIDTH else [*comment(why, indent=indent), text]


def item(value: Any, *, indent: int) -> list[str]:
    """One of several, on a line of its own."""
    return [f"{' ' * indent}- {_yaml(value)}"]


def comment(text: str, *, indent: int = 0) -> list[str]:
    """A remark on lines of its own."""
    return [f"{' ' * indent}# {one}" for one in wrap(plain(text), WIDTH - indent - 2, break_long_words=False)]


def reading(guess: "Guess", *, of_table: bool, indent: int = 0) -> Iterable[str]:
    """How a file is read, where a run would not read it so unasked, below what was guessed of it and by which line."""
    if keys := guess.keys(of_table=of_table):
        for remark in guess.remarks:
            yield from comment(remark, indent=indent)
        yield from line("format", keys, indent=indent)


def section(key: str, *, indent: int = 0) -> str:
    """A key whose values follow on lines of their own."""
    return f"{' ' * indent}{_yaml(key)}:"


def plain(text: str) -> str:
    """A text as part of a comment: on one line, without signs that YAML refuses."""
    return "".join(one if one.isprintable() else " " if one.isspace() else repr(one)[1:-1] for one in text)


def listed(title: str, items: Sequence[str], nothing: str) -> Iterable[str]:
    """A list as comments, or that there is nothing on it."""
    if not items:
        yield from comment(nothing)
        return
    yield from comment(title)
    for item in items:
        first, *more = wrap(plain(item), WIDTH - 4, break_long_words=False)
        yield f"# - {first}"
        yield from (f"#   {one}" for one in more)


def _yaml(value: Any) -> str:
    """A value on one line; texts that YAML would take for something else are in quotes."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...").strip()
