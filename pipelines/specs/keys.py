"""The keys of a spec by its schema: which exist, which resemble a wrong one, and their types."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from experiments.spec import ExperimentSpec
from features.source import Source

Node = Mapping[str, Any]
MOST = 3
BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
ANY: Node = {}


class Keys:
    """The keys of specs whose data come from one source."""

    def __init__(self, source: Source) -> None:
        self._defs: dict[str, Node] = {}
        self._root = self._known(ExperimentSpec.model_json_schema())
        self._source = self._known(source.options.model_json_schema())

    def _known(self, schema: Node) -> Node:
        self._defs |= schema.get("$defs", {})
        return schema

    def at(self, path: Sequence[str]) -> tuple[Node, ...]:
        """The schema nodes of a key, one for each alternative; none where there is no such key."""
        found: tuple[Node, ...] = (self._root,)
        for place, key in enumerate(path):
            if place == 0 and key == "source":
                found = (self._source,)
            else:
                found = tuple(below for one in found for below in self._below(one, key))
        return tuple(each for one in found for each in self._shapes(one))

    def _below(self, node: Node, key: str) -> Iterator[Node]:
        for one in self._shapes(node):
            if key in one.get("properties", {}):
                yield one["properties"][key]
            elif one.get("type") == "object" and (inner := one.get("additionalProperties")) not in (None, False):
                yield inner if isinstance(inner, dict) else ANY

    def _shapes(self, node: Node) -> Iterator[Node]:
        """A node with references and alternatives resolved."""
        if "$ref" in node:
            yield from self._shapes(self._defs[node["$ref"].rsplit("/", 1)[1]])
        elif "anyOf" in node:
            for one in node["anyOf"]:
                yield from self._shapes(one)
        else:
            yield node

    def every(self, path: tuple[str, ...] = ()) -> Iterator[str]:
        """Every named key of the schema, with its parents."""
        for name in dict.fromkeys(name for one in self.at(path) for name in one.get("properties", {})):
            yield ".".join((*path, name))
            if len(path) < 4:
                yield from self.every((*path, name))

    def nearest(self, wrong: str) -> list[str]:
        """The keys most similar to a wrong one, with or without parents."""
        *above, name = wrong.split(".")
        here = [below for one in self.at(above) for below in one.get("properties", {})]
        beside = [".".join((*above, one)) for one in get_close_matches(name, here, MOST)]
        every = list(self.every())
        last = {one.rsplit(".", 1)[-1]: one for one in reversed(every)}
        whole = get_close_matches(wrong, every, MOST)
        alike = [last[one] for one in get_close_matches(name, list(last), MOST)]
        return list(dict.fromkeys([*beside, *whole, *alike]))[:MOST]

    def takes(self, path: Sequence[str]) -> str:
        """The type of a key's value in words."""
        return " or ".join(dict.fromkeys(described(one) for one in self.at(path)))

    def is_text(self, path: Sequence[str]) -> bool:
        """Whether a key takes texts only, neither booleans nor numbers."""
        kinds = {one.get("type") for one in self.at(path)} - {"null"}
        return kinds == {"string"}


def described(node: Node) -> str:
    """The type of a schema node in words."""
    if values := node.get("enum", [node["const"]] if "const" in node else []):
        return "one of " + ", ".join(str(value) for value in values) if len(values) > 1 else str(values[0])
    kind = str(node.get("type", "anything"))
    if kind == "array":
        return "a list such as [one, two]"
    if kind == "object":
        return "keys with values, such as {key: value}"
    words = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}
    limits = [f"{word} {node[bound]:,}" for bound, word in BOUNDS.items() if bound in node]
    return ", ".join([words.get(kind, kind), *limits])
