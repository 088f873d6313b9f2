"""Whose surveys a reader learns from: a raw file that DVC sees, so that the reader follows the other spec's data."""

import json
from dataclasses import dataclass
from typing import Any

from experiments.texts.spec import SurveyTexts
from features.errors import MissingError, UsageError
from pipelines.files import storage
from pipelines.specs import spec_text
from pipelines.workspace import Workspace

NAME = "surveys_of.json"


@dataclass(frozen=True)
class Other:
    """A spec as far as its source."""

    name: str
    source: dict[str, Any]


def write(source: SurveyTexts, workspace: Workspace) -> None:
    """Write what the other spec reads, and a hash of its raw files, where that has changed.

    Raises MissingError where there is no such spec or it has no source, SpecError where it is no YAML.
    """
    told = _told(source, workspace)
    if storage.read_receipt(workspace.raw / NAME) != told:
        storage.write_json(workspace.raw / NAME, told)


def read(name: str, source: SurveyTexts, workspace: Workspace) -> Other:
    """The source of the other spec. Raises UsageError where it has changed since `write`, or nothing was written.

    It is not written here: a stage would change its own dependency, and DVC would run it again.
    """
    told = storage.read_receipt(workspace.raw / NAME)
    if told != _told(source, workspace):
        have = "have changed since they were last looked at" if told else "were not looked at yet"
        raise UsageError(
            f"spec '{name}': the spec or the data of '{source.spec}' {have}; `python -m pipelines run {name}` looks"
            f" {'again' if told else 'at them'}."
        )
    return Other(told["spec"], told["source"])


def _told(source: SurveyTexts, workspace: Workspace) -> dict[str, Any]:
    there = Workspace(workspace.root, source.spec)
    if not there.spec_file.is_file() or "source" not in (plain := spec_text.read(there.spec_file)):
        raise MissingError(
            f"source.spec: there is no churn spec '{source.spec}' in {there.specs}, or it has no source."
        )
    # As JSON gives it back: a day that YAML reads as one is a text here.
    read_back = json.loads(json.dumps(plain["source"], default=str))
    return {"spec": source.spec, "source": read_back, "raw": _hash(there)}


def _hash(there: Workspace) -> str:
    """A hash of the raw files: DVC's own words of them where it tracks them."""
    tracked = there.raw.with_name(f"{there.raw.name}.dvc")
    place = tracked if tracked.exists() else there.raw
    return storage.digest(place) if place.exists() else ""
