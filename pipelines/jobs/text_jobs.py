"""What the commands do with a reader of texts: `run`, `data`, and its stages, named as those of a model of churn."""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

from experiments.texts.spec import SurveyTexts, TextsSpec
from features.errors import UsageError
from pipelines.messages import log
from pipelines.processes.stopping import Command
from pipelines.workspace import Workspace

STAGES = ("ingest", "validate", "tune", "train", "evaluate", "register", "promote")
# Commands that ask of a spec no more than its name and title, its gate's alpha and approval.
OF_EVERY_KIND = ("approve", "freeze", "history", "promote", "registry", "rollback", "status", "summary", "unfreeze")
# What they have beside, whose modules take a spec of texts.
OWN = ("read", "reproduce")


def check(command: str, spec: TextsSpec) -> None:
    """Raise UsageError where a reader of texts has no such command."""
    if command not in (known := {*STAGES, *OF_EVERY_KIND, *OWN, "run", "data"}):
        there = ", ".join(sorted(known))
        raise UsageError(f"'{spec.name}' is a reader of texts, which has no `{command}`; there are {there}.")


def written(arguments: argparse.Namespace, spec: TextsSpec, workspace: Workspace, main: Command) -> int:
    """What writes the files of the checkout: `run`, `data` or a stage; gives the exit code."""
    if arguments.command == "data":
        return _data(spec, workspace, arguments.paths)
    if arguments.command == "run":
        return evaluated(spec, workspace, main) if arguments.unregistered else run(spec, workspace, main)
    stage: Callable[[Any, Workspace], int | None]
    stage = import_module(f"pipelines.stages.texts.{arguments.command}").run
    return stage(spec, workspace) or 0


def run(spec: TextsSpec, workspace: Workspace, command: Command) -> int:
    """Run the graph, register and promote; print a short table and give the exit code of the decision."""
    from pipelines.champion import announcing, ledger
    from pipelines.files import storage
    from pipelines.jobs import main_job
    from pipelines.stages.texts import promote, register

    ledger.address(workspace.root)  # where promotions are written must be known before the first minute of work
    evaluated(spec, workspace, command)
    with log.timed(f"register {spec.name}"):
        register.run(spec, workspace)
    with log.timed(f"promote {spec.name}"):
        code = promote.run(spec, workspace)
    decision = storage.read_json(workspace.decision)
    print(main_job.summary(decision, workspace), flush=True)  # noqa: T201 - the command's answer
    announcing.told(workspace)
    return code


def evaluated(spec: TextsSpec, workspace: Workspace, command: Command) -> int:
    """Run the graph only; the exit code is 0, since faults raise."""
    from pipelines.jobs import stage_graph

    _look(spec, workspace)
    if isinstance(spec.source, SurveyTexts):
        stage_graph.put(spec.name, workspace.root, kind=stage_graph.TEXTS)
    stage_graph.reproduce(workspace, command, kind=stage_graph.TEXTS)
    return 0


def _look(spec: TextsSpec, workspace: Workspace) -> None:
    """Note which data of another spec there are, where texts come from its surveys."""
    from pipelines.learning import surveys_of
    from pipelines.specs import spec_files
    from pipelines.specs.options import source_of

    if not isinstance(spec.source, SurveyTexts):
        return
    there = Workspace(workspace.root, spec.source.spec)
    source, _ = source_of(spec_files.load(there))
    if source.needs_files and not there.raw.is_dir():
        raise UsageError(
            f"spec '{spec.name}' reads the surveys of '{there.spec}', which has no data yet; add some: python -m"
            f" pipelines data {there.spec} PATH..."
        )
    surveys_of.write(spec.source, workspace)


def _data(spec: TextsSpec, workspace: Workspace, places: list[str]) -> int:
    from pipelines.jobs import add_data, stage_graph

    source = spec.source
    if isinstance(source, SurveyTexts):
        raise UsageError(f"spec '{spec.name}' reads the surveys of '{source.spec}'; it takes no files of its own.")
    add_data.add_files(
        spec.name, workspace, places, wanted=[source.file], formats=source.formats, kind=stage_graph.TEXTS
    )
    stage_graph.put(spec.name, workspace.root, kind=stage_graph.TEXTS)
    add_data.told(spec.name, workspace)
    return 0
