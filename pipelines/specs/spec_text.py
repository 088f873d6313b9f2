"""Parsing of a spec's YAML into plain values, with limits."""

from collections.abc import Collection, Hashable, Iterator
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from features.errors import SpecError

MOST_BYTES = 1_000_000
# Values of a whole spec, with what an alias stands for counted wherever it stands.
MOST_VALUES = 100_000
DEEPEST = 50
# Whole numbers and amounts beyond are no counts, days or money; doubles hold the first exactly.
LARGEST_WHOLE, LARGEST = 10**15, 1e150


def read(path: Path, *, called: str | None = None, keys: str = "source and label") -> dict[str, Any]:
    """The content of a spec, or of a file like one, key by key; called and keys are for messages.

    Raises SpecError, with the place, when it is not YAML or too long, when a key occurs twice or refers to itself, and
    when a value is no text, no finite number of a size that means something, and none of what they make up.
    """
    named = called or f"spec '{path.stem}'"
    try:
        text = _decoded(path)
        if len(text) > MOST_BYTES:
            raise SpecError(f"{path.name} has {len(text):,} letters; a spec has at most {MOST_BYTES:,}.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        loader = yaml.SafeLoader("")
        _check_nodes(node, path.name, loader)
        plain = loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        raise SpecError(f"{path.name} is not YAML{_place(error)}") from error
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise SpecError(f"{path.name} is nested too deep; a spec has at most {DEEPEST} levels.") from error
    if not isinstance(plain, dict):
        raise SpecError(f"{named} is empty; it needs keys such as {keys}.")
    if faults := list(_faults(plain, ())):
        raise SpecError(f"{named}: {'; '.join(faults)}.")
    return plain


def _decoded(path: Path) -> str:
    """The text of a file. Raises SpecError, with the line, where it is in another encoding than UTF-8."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = raw.count(b"\n", 0, error.start) + 1, raw[error.start]
        raise SpecError(
            f"{path.name} is not UTF-8, at line {line} (byte 0x{byte:02X}); it was saved in another encoding, such as"
            " GB18030, Big5 or Windows-1252: save it as UTF-8."
        ) from error


def _place(error: yaml.MarkedYAMLError) -> str:
    """Where and why the YAML is invalid, and where the broken part began."""
    at, since = error.problem_mark, error.context_mark
    where = f" at line {at.line + 1}, column {at.column + 1}" if at else ""
    began = f" (it began at line {since.line + 1}; perhaps a quote or a bracket is open)" if since else ""
    return f"{where}: {error.problem}{began}."


def _check_nodes(root: yaml.Node | None, name: str, loader: yaml.SafeLoader) -> None:
    """Raise SpecError where the tree is cyclic, too large or too deep, or a mapping has a duplicate key."""
    found = 0
    waiting: list[tuple[yaml.Node, tuple[str, ...], frozenset[int]]] = [(root, (), frozenset())] if root else []
    while waiting:
        node, path, above = waiting.pop()
        found += 1
        where = f"{name} at line {node.start_mark.line + 1}: {'.'.join(path) or 'it'}"
        if id(node) in above:
            raise SpecError(f"{where} refers to itself; write out what is meant.")
        if found > MOST_VALUES or len(path) > DEEPEST:
            raise SpecError(
                f"{where} is too large: with all aliases written out, a spec has at most {MOST_VALUES:,} values on"
                f" {DEEPEST} levels."
            )
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, where, loader)
        here = above if isinstance(node, yaml.ScalarNode) else above | {id(node)}
        waiting.extend((below, (*path, key), here) for key, below in _below(node, where))


def _check_scalar(node: yaml.ScalarNode, where: str, loader: yaml.SafeLoader) -> None:
    try:
        loader.construct_object(node)
    except (ValueError, LookupError, AttributeError) as error:  # such as a 13th month, or five thousand digits
        raise SpecError(f"{where} cannot be read: {error}; put it in quotes if it is a text.") from error


def _below(node: yaml.Node, where: str) -> Iterator[tuple[str, yaml.Node]]:
    """The children of a node, each with its key."""
    if isinstance(node, yaml.SequenceNode):
        yield from ((str(number), one) for number, one in enumerate(node.value))
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise SpecError(f"{where}: a key is a text; that of line {key.start_mark.line + 1} is not.")
            if (key.tag, key.value) in seen:
                raise SpecError(
                    f"{where}: the key '{key.value}' occurs twice, again at line {key.start_mark.line + 1}."
                )
            seen.add((key.tag, key.value))
            yield key.value, value


def _faults(plain: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Values that no spec may contain, with their keys."""
    if isinstance(plain, dict):
        for key, value in plain.items():
            if not isinstance(key, str) or _unwritten(key):
                yield f"{'.'.join((*path, repr(key)))}: a key is a text; put it in quotes"
            else:
                yield from _faults(value, (*path, key))
    elif isinstance(plain, list):
        for number, value in enumerate(plain):
            yield from _faults(value, (*path, str(number)))
    elif said := _of_a_value(plain):
        yield f"{'.'.join(path)}: {said}"


def _of_a_value(value: Any) -> str:
    if isinstance(value, date):  # DVC cannot store one among a stage's parameters
        return f"write the date {value} in quotes, for DVC's sake"
    if isinstance(value, str):
        return "it holds a sign that cannot be written" if _unwritten(value) else ""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        said = f"a whole number of {len(str(abs(value)))} digits is too large; write at most {LARGEST_WHOLE:.0e}"
        return said if abs(value) > LARGEST_WHOLE else ""
    if isinstance(value, float):
        is_fine = isfinite(value) and abs(value) <= LARGEST
        return "" if is_fine else f"{value} is no number to calculate with; write a finite one of at most {LARGEST:.0e}"
    return f"it is a {type(value).__name__}; write a text or a number"


def _unwritten(text: Collection[str]) -> bool:
    return any(ord(sign) < ord(" ") and sign not in "\t\n\r" for sign in text)
