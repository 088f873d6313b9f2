"""Changes of a spec given as `key=value`: parsed, checked against its schema, and written into its text."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from experiments.spec import ExperimentSpec
from features.errors import SpecError, UsageError
from pipelines.specs import spec_files
from pipelines.specs.keys import Keys
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace

# Longer than any line of a spec, so that none is broken anew.
WIDTH = 10_000


@dataclass(frozen=True)
class Changed:
    """A changed spec: the changes in words, and its whole text."""

    words: tuple[str, ...]
    text: str = field(repr=False)

    @property
    def name(self) -> str:
        """A short name of the change: the last part of each key."""
        return ", ".join(word.rsplit(".", word.partition("=")[0].count("."))[-1] for word in self.words) or "as it is"


def read(words: Sequence[str], spec: ExperimentSpec, workspace: Workspace) -> tuple[Changed, ...]:
    """The changed specs: a repeated key makes one of each value, several repeated keys one of each combination.

    Raises UsageError for what is no `key=value`, SpecError for a key that there is not, with the nearest, or a value
    that the key does not take, with what it takes. Nothing is written.
    """
    keys = Keys(source_of(spec)[0])
    values: dict[str, list[str]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"'{word}' is no change; write KEY=VALUE, such as tuning.trials=40.")
        if not keys.at(key.split(".")):
            near = " or ".join(f"'{one}'" for one in keys.nearest(key))
            raise SpecError(f"there is no key '{key}' in a spec{f'; did you mean {near}?' if near else '.'}")
        values.setdefault(key, []).append(value)
    told = [[f"{key}={value}" for value in some] for key, some in values.items()]
    if twice := sorted({one for some in told for one in some if some.count(one) > 1}):
        raise UsageError(f"{twice[0]} occurs twice; each value makes a try, so give each once.")
    return tuple(_changed(chosen, keys, workspace) for chosen in product(*told))


def _changed(words: Sequence[str], keys: Keys, workspace: Workspace) -> Changed:
    parser = YAML()
    parser.preserve_quotes, parser.width = True, WIDTH
    text = workspace.spec_file.read_text(encoding="utf-8")
    plain = parser.load(text)
    for word in words:
        key = word.partition("=")[0]
        _put(plain, key.split("."), _value(word, keys), word)
    if words:
        written = StringIO()
        parser.dump(plain, written)
        text = written.getvalue()
    _check(text, words, keys, workspace)
    return Changed(tuple(words), text)


def _value(word: str, keys: Keys) -> Any:
    """The value as YAML; where a text is expected, a date or `no` stays a text."""
    key, _, value = word.partition("=")
    try:
        found = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise SpecError(f"{word}: '{value}' is no YAML; write a number, a text, or [one, two].") from error
    path = key.split(".")
    is_a_text = keys.is_text(path) and found is not None and not isinstance(found, dict | list)
    return value if isinstance(found, date) or is_a_text else found


def _put(plain: Any, path: Sequence[str], value: Any, word: str) -> None:
    for key in path[:-1]:
        if plain.get(key) is None:
            plain[key] = {}
        plain = plain[key]
        if not isinstance(plain, Mapping):
            raise SpecError(f"{word}: '{key}' of the spec holds no keys; write all of it: {key}=VALUE.")
    plain[path[-1]] = value


def _check(text: str, words: Sequence[str], keys: Keys, workspace: Workspace) -> None:
    """Read the changed text as a spec, in a temporary place."""
    with tempfile.TemporaryDirectory(prefix="holdfast-try-") as folder:
        there = Workspace(Path(folder), workspace.spec)
        there.specs.mkdir(parents=True)
        there.spec_file.write_text(text, encoding="utf-8")
        try:
            spec_files.load(there)
        except SpecError as error:
            taken = [f"{key} takes {keys.takes(key.split('.'))}" for key in (word.partition("=")[0] for word in words)]
            raise SpecError(f"{' '.join(words)}: {str(error).rstrip('.')}. {'; '.join(taken)}.") from error
