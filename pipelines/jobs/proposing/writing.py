"""Lines of a spec in YAML, with reasons as comments; names from files are quoted so that they are read back exactly."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pipelines.raw_data.guesses import Guess

WIDTH = 116


def line(key: str, value: Any, *, indent: int = 0, why: str = "") -> list[str]:
    """A key with its value on one line, the reason as comment beside it, or above it where the line is too long."""
    text = f"{' ' * indent}{_yaml(key)}: {_yaml(value)}"
    if not why:
        return [text]
    beside = f"{text}  # {plain(why)}"
    return [beside] if len(beside) <= WIDTH else [*comment(why, indent=indent), text]


def item(value: Any, *, indent: int) -> list[str]:
    """An item of a YAML list, on one line."""
    return [f"{' ' * indent}- {_yaml(value)}"]


def comment(text: str, *, indent: int = 0) -> list[str]:
    """A comment, wrapped to several lines."""
    return [f"{' ' * indent}# {one}" for one in wrap(plain(text), WIDTH - indent - 2, break_long_words=False)]


def reading(guess: "Guess", *, of_table: bool, indent: int = 0) -> Iterable[str]:
    """The `format` of a file that is no plain CSV, below comments with the guesses and the lines that decided them."""
    if keys := guess.keys(of_table=of_table):
        for remark in guess.remarks:
            yield from comment(remark, indent=indent)
        yield from line("format", keys, indent=indent)


def section(key: str, *, indent: int = 0) -> str:
    """A key whose values follow on the next lines."""
    return f"{' ' * indent}{_yaml(key)}:"


def plain(text: str) -> str:
    """A text as part of a comment: on one line, without characters that YAML refuses."""
    return "".join(one if one.isprintable() else " " if one.isspace() else repr(one)[1:-1] for one in text)


def listed(title: str, items: Sequence[str], nothing: str) -> Iterable[str]:
    """A list as comments under a title; without items, the sentence `nothing`."""
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
