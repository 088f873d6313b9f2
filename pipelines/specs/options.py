"""Validation of a spec and its source's options against their schemas, with errors by key."""

import re
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from experiments.sections.section import HasName
from experiments.sections.source import HasSource
from features import sources
from features.errors import SpecError
from features.plugins import plugin
from features.source import Source

BEGINS_WITH_A_KEY = re.compile(r"[a-z_]+(\.\S+)?: ")
Options = TypeVar("Options", bound=BaseModel)


class Sourced(HasName, HasSource, Protocol):
    """A spec as far as its source."""


def source_of(spec: Sourced) -> tuple[Source, Any]:
    """The source that a spec names, and its options. Raises SpecError when either is wrong."""
    found = plugin(sources, spec.source["kind"], Source)
    return found, parsed(found.options, spec.source, spec.name, "source")


def parsed(kind: type[Options], plain: dict[str, Any], spec: str, *section: str) -> Options:
    """A section of a spec, or all of it, validated. Raises SpecError with the path of each wrong key."""
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        told = "; ".join(_sentence(fault, section, plain) for fault in error.errors())
        raise SpecError(f"spec '{spec}': {told}.") from error


def _sentence(fault: Any, section: tuple[str, ...], plain: Any) -> str:
    """What is wrong, after the path of the key; errors on several keys name them."""
    place = ".".join((*section, *_written(fault["loc"], plain)))
    if fault["type"] == "extra_forbidden":
        return f"unknown key '{place}', remove or correct it"
    if fault["type"] == "missing":
        return f"'{place}' is missing, write it, if only as {{}} or null"
    said = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return said
    return f"{place}{'.' if BEGINS_WITH_A_KEY.match(said) else ': '}{said}"


def _written(path: tuple[str | int, ...], plain: Any) -> Iterator[str]:
    """The path as written in the spec: a single entry in place of a list has no index."""
    for key in path:
        if not isinstance(key, int) or isinstance(plain, list):
            yield str(key)
            there = isinstance(plain, dict) or (isinstance(plain, list) and isinstance(key, int) and key < len(plain))
            plain = (plain.get(key) if isinstance(plain, dict) else plain[key]) if there else None
