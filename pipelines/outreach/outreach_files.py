"""Reading the files of rules and playbooks that a spec names."""

from pathlib import Path
from typing import TypeVar

from experiments.alerts.alert_file import TOGETHER, AlertFile
from experiments.playbooks import judging_playbooks
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.spec import ExperimentSpec
from features.errors import MissingError, SpecError, UsageError
from features.section import Section
from pipelines.outreach import columns as known_columns
from pipelines.outreach import open_warnings
from pipelines.specs import spec_text
from pipelines.specs.options import parsed
from pipelines.workspace import Workspace

File = TypeVar("File", bound=Section)


def alerts(spec: ExperimentSpec, workspace: Workspace) -> AlertFile:
    """The rules of a spec's warnings.

    Raises UsageError when the spec names none, MissingError when there is no such file, SpecError for what is no rule.
    """
    if spec.alerts is None:
        raise UsageError(
            f"spec '{spec.name}' names no rules of warnings: write `alerts: {spec.name}` in it, and the rules in"
            f" experiments/specs/alerts/{spec.name}.yaml."
        )
    return _read(AlertFile, workspace.alerts, spec.alerts, key="alerts", spec=spec.name)


def playbook(spec: ExperimentSpec, workspace: Workspace) -> PlaybookFile | None:
    """The playbook of a spec; None where it names none. Raises as `alerts`."""
    if spec.playbook is None:
        return None
    return _read(PlaybookFile, workspace.playbooks, spec.playbook, key="playbook", spec=spec.name)


def checked_playbook(spec: ExperimentSpec, workspace: Workspace) -> PlaybookFile | None:
    """The playbook of a spec, judged like code; None where it names none. Raises SpecError with all its mistakes."""
    found = playbook(spec, workspace)
    if found is not None:
        judge_playbook(found, spec, workspace, path=f"experiments/specs/playbooks/{spec.playbook}.yaml")
    return found


def judge_playbook(found: PlaybookFile, spec: ExperimentSpec, workspace: Workspace, *, path: str) -> None:
    """Judge a playbook for a spec, like code; path is for messages. Raises SpecError with all its mistakes."""
    asked = list(found.segments.values())
    needs_rules = spec.alerts is not None and bool(open_warnings.warning_conditions(asked))
    rules = [TOGETHER, *alerts(spec, workspace).rules] if needs_rules else []
    columns = known_columns.known(workspace.matrix, asked, rules=rules)
    remarks = judging_playbooks.remarks(found, actions=spec.actions, columns=columns)
    mistakes = [f"{one.rule}: {one.text}" for one in remarks if one.is_mistake]
    mistakes += known_columns.ambiguous(workspace.matrix, list(found.segments.values()))
    refuse(mistakes, path=path)


def _read(kind: type[File], folder: Path, name: str, *, key: str, spec: str) -> File:
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.yaml"))
        raise MissingError(f"spec '{spec}': {key}: there is no file {path}; there are {known}.")
    told = f"{folder.name}/{path.name}"
    keys = " and ".join(name for name, field in kind.model_fields.items() if field.is_required())
    return parsed(kind, spec_text.read(path, called=told, keys=keys), told)


def refuse(mistakes: list[str], *, path: str) -> None:
    """Raise SpecError with all mistakes of a file, if there are any."""
    if mistakes:
        raise SpecError(f"{path}: {'; '.join(mistakes)}.")
