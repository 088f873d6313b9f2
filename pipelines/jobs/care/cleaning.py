"""What `clean` finds, and deletes when it is told to: never what a registered version or the ledger needs."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from features.errors import HoldfastError
from pipelines.champion import ledger_writer
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.jobs.care import machine, unreferenced
from pipelines.jobs.care.unreferenced import InMlflow
from pipelines.processes import run_lock
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

STUDY, RUN, FOLDER = "study", "run", "folder"


@dataclass(frozen=True)
class Left:
    """Something that nothing refers to: a study or run of a spec (spec is "" of a folder), its key and its name."""

    kind: str
    key: str
    name: str
    spec: str = ""


@dataclass(frozen=True)
class Found:
    """What nothing refers to, and the specs that were left alone, each with the reason."""

    left: tuple[Left, ...]
    alone: dict[str, str]


def look(root: Path, specs: Iterable[str]) -> Found:
    """What would go; nothing is deleted."""
    left, alone = [], {}
    for spec in specs:
        try:
            with mlflow_runs.answering(root):
                left += [*_of_spec(ledger_writer.reading(spec, root), Workspace(root, spec))]
        except HoldfastError as error:
            alone[spec] = str(error)
    return Found((*left, *_folders(root)), alone)


def delete(root: Path, specs: Iterable[str]) -> Found:
    """Delete it, while no other process writes in this checkout or changes the registry of the spec."""
    left, alone = [], {}
    with run_lock.held(root, "clean"):
        for spec in specs:
            workspace = Workspace(root, spec)
            try:
                with ledger_writer.writing(spec, root) as writer:
                    found = [*_of_spec(writer, workspace)]
                    _delete_runs(writer, found)
                    _delete_studies(workspace, found)
                    left += found
            except HoldfastError as error:
                alone[spec] = str(error)
        folders = _folders(root)
        for folder in folders:
            shutil.rmtree(root / folder.key)
    return Found((*left, *folders), alone)


def _of_spec(writer: LedgerWriter, workspace: Workspace) -> Iterator[Left]:
    """The studies and runs of a spec. Raises HoldfastError where its champion or the version before is not in order.

    What became of a lost version may be in a run that nothing refers to any more: it is mended first.
    """
    standing, _ = writer.agreed()
    writer.check_champion(standing)
    if standing.before and (why := writer.lost(standing, standing.before)):
        raise HoldfastError(f"the version before the champion is lost: {why}; nothing of it is deleted.")
    there = InMlflow.of(writer.client, writer.spec)
    for name in unreferenced.studies(there, workspace):
        yield Left(STUDY, name, name, writer.spec)
    for run in unreferenced.runs(there, workspace):
        yield Left(RUN, str(run.info.run_id), str(run.info.run_name), writer.spec)


def _folders(root: Path) -> list[Left]:
    found = []
    for path in unreferenced.folders(root):
        name = str(path.relative_to(root))
        found.append(Left(FOLDER, name, f"{name}, {machine.size(path) / 1e6:,.1f} MB"))
    return found


def _delete_runs(writer: LedgerWriter, found: Iterable[Left]) -> None:
    for one in found:
        if one.kind == RUN:
            writer.client.delete_run(one.key)


def _delete_studies(workspace: Workspace, found: Iterable[Left]) -> None:
    names = [one.key for one in found if one.kind == STUDY]
    if not names:
        return
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = workspace.state / "study.db"
    for name in names:
        optuna.delete_study(study_name=name, storage=f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
