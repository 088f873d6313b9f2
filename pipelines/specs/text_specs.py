"""Reading of specs of either kind: churn, or `kind: texts`."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from experiments.spec import ExperimentSpec
from experiments.texts.spec import KIND, SOURCES, SurveyTexts, TableTexts, TextsSpec
from features.errors import SpecError
from pipelines.specs import spec_files, spec_text
from pipelines.specs.options import parsed
from pipelines.workspace import Workspace


def load(workspace: Workspace) -> ExperimentSpec | TextsSpec:
    """The spec of a workspace, of the kind that it says it is. Raises as `spec_files.load`."""
    plain = spec_files.read(workspace)
    return spec_files.checked(plain, workspace) if "kind" not in plain else _of_texts(plain, workspace.spec)


def of_texts(workspace: Workspace) -> TextsSpec:
    """The spec of a reader of texts. Raises SpecError where it is of another kind, and as `load`."""
    found = load(workspace)
    if not isinstance(found, TextsSpec):
        raise SpecError(f"spec '{workspace.spec}' is no reader of texts: it lacks `kind: {KIND}`.")
    return found


def names(workspace: Workspace) -> list[str]:
    """The specs of readers of texts that lie beside a workspace's; one that is no YAML is none."""
    return [name for name, plain in _beside(workspace) if plain.get("kind") == KIND]


def pinning(workspace: Workspace, model: str, version: str) -> list[str]:
    """The specs beside a workspace's that pin this version of a reader of texts."""
    pins = [(name, plain.get("texts")) for name, plain in _beside(workspace)]
    return [
        name
        for name, pin in pins
        if isinstance(pin, dict) and (str(pin.get("model")), str(pin.get("version"))) == (model, version)
    ]


def _beside(workspace: Workspace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every spec by its name, as it is written; one that is no YAML is left out."""
    for file in sorted(workspace.specs.glob("*.yaml")):
        with suppress(SpecError):
            yield file.stem, spec_text.read(file)


def _of_texts(plain: dict[str, Any], name: str) -> TextsSpec:
    if plain["kind"] != KIND:
        raise SpecError(
            f"spec '{name}': kind: it is {plain['kind']!r}; write `kind: {KIND}` for a reader of texts, and no"
            " kind for a model of churn."
        )
    if "source" in plain:
        plain = {**plain, "source": _source(plain["source"], name)}
    spec = parsed(TextsSpec, {"name": name, **plain}, name)
    if isinstance(spec.source, SurveyTexts) and spec.source.spec == name:
        raise SpecError(f"spec '{name}': source.spec: it is the spec itself; name a churn spec whose surveys are read.")
    return spec


def _source(plain: Any, name: str) -> TableTexts | SurveyTexts:
    if not isinstance(plain, dict) or plain.get("kind") not in SOURCES:
        said = repr(plain.get("kind")) if isinstance(plain, dict) else "not there"
        raise SpecError(f"spec '{name}': source.kind: it is {said}; texts come from {' or '.join(SOURCES)}.")
    found: TableTexts | SurveyTexts = parsed(SOURCES[plain["kind"]], plain, name, "source")
    return found
