"""A work tree of a version's commit with the raw data and the reader of texts of then, in which its stages run."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from experiments.sections.texts import ReaderSpec
from experiments.spec import ExperimentSpec
from experiments.texts.spec import SurveyTexts, TextsSpec
from features.errors import HoldfastError, MissingError
from pipelines.champion import ledger
from pipelines.dvc import lock_file
from pipelines.jobs import reader_download, stage_graph, tries, worktrees
from pipelines.jobs.reproducing import raw_stores
from pipelines.jobs.reproducing.locks import INGEST, Lock
from pipelines.jobs.reproducing.origin import Origin
from pipelines.jobs.reproducing.raw_stores import Stores
from pipelines.messages import log
from pipelines.outreach.operations import database
from pipelines.processes import processes
from pipelines.servers import addresses
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace

# The work tree has an MLflow of its own, and knows no other server.
SERVERS = (addresses.TRACKING, ledger.ADDRESS, database.ADDRESS)


@dataclass(frozen=True)
class Made:
    """A work tree in which the stages of a version have run, and with which Python."""

    workspace: Workspace
    python: str


@contextmanager
def again(
    spec: ExperimentSpec | TextsSpec, workspace: Workspace, origin: Origin, locks: Sequence[Lock], *, fresh: bool
) -> Iterator[Made]:
    """A block in which all stages of a version have run anew; fresh: in an environment of its commit's own lock.

    Nothing of the checkout is written but the tree, which goes with the block. Raises MissingError where data or reader
    of then are nowhere, HoldfastError where a stage, or the environment, fails.
    """
    stores = raw_stores.Stores.of(workspace)
    name = f"reproduce-{spec.name}-{origin.version}-{os.getpid()}"
    log.note(f"reproduce {spec.name}: commit {origin.commit[:12]} in a work tree of its own")
    with worktrees.beside(workspace.root, name, commit=origin.commit) as tree:
        there = Workspace(tree, spec.name)
        python = _environment(tree) if fresh else sys.executable
        _raw(spec, there, origin, locks, stores)
        put_reader(workspace, there, origin)
        stores.part(tree)
        (tree / lock_file.NAME).unlink(missing_ok=True)  # every stage is made anew
        _put(spec, tree)
        _run(there, origin, python)
        yield Made(there, python)


def _environment(tree: Path) -> str:
    """The Python of an environment that the commit's own `make` sets up."""
    log.note("reproduce: setting up the environment of the commit, which takes some minutes")
    ended = subprocess.run(
        ["make", "-s", ".venv/ready"],  # noqa: S607 - the user's own make
        cwd=tree,
        env={key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "MAKEFLAGS", "PYTHONPATH")},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        said = (ended.stderr.strip().splitlines() or [f"code {ended.returncode}"])[-1]
        raise HoldfastError(f"`make .venv/ready` of that commit failed: {said}")
    return str(tree / ".venv" / "bin" / "python")


def _raw(
    spec: ExperimentSpec | TextsSpec, there: Workspace, origin: Origin, locks: Sequence[Lock], stores: Stores
) -> None:
    """Bring the raw files: those that the version's lock recorded, else those of the commit."""
    names = [spec.name]
    if isinstance(spec, TextsSpec) and isinstance(spec.source, SurveyTexts):
        names.append(spec.source.spec)
    for name in names:
        known = there.root / "data" / "raw" / f"{name}.dvc"
        md5 = _recorded(locks, f"data/raw/{name}")
        if md5 and (known.is_file() or _needs_files(spec)) and not (known.is_file() and md5 in known.read_text()):
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(f"outs:\n- md5: {md5}\n  hash: md5\n  path: {name}\n")
        if known.is_file():
            stores.bring(there, known, of=origin.words)
        elif _needs_files(spec) and not (there.root / "data" / "raw" / name).is_dir():
            raise MissingError(
                f"neither commit {origin.commit[:12]} nor a dvc.lock says which raw data {origin.words} had."
            )


def _recorded(locks: Sequence[Lock], place: str) -> str:
    """The MD5 of raw files in the first lock; empty where there is none."""
    deps = locks[0].stages.get(INGEST, {}).get("deps", []) if locks else []
    return next((str(one["md5"]) for one in deps if one["path"] == place), "")


def _needs_files(spec: ExperimentSpec | TextsSpec) -> bool:
    return not isinstance(spec.source, SurveyTexts) if isinstance(spec, TextsSpec) else source_of(spec)[0].needs_files


def put_reader(workspace: Workspace, there: Workspace, origin: Origin) -> None:
    """Put the reader of texts that a version's tables were made with into a tree, so that its run asks no registry.

    Raises MissingError where the registry of the checkout has it no more, or another one in its place.
    """
    if not origin.reader:
        return
    model, _, number = origin.reader.rpartition(" ")
    found = reader_download.registered(ReaderSpec(model=model, version=int(number)), workspace, None)
    if found.digest != origin.reader_digest:
        raise MissingError(f"{origin.words} was made with another reader than {origin.reader} of this registry.")
    reader_download.fetch(found, there, note=lambda folder: _note(folder, there.spec))


def _put(spec: ExperimentSpec | TextsSpec, tree: Path) -> None:
    """Add the spec to the graph where the commit does not have it there, as before its first run."""
    kind = stage_graph.TEXTS if isinstance(spec, TextsSpec) else stage_graph.CHURN
    file = tree / stage_graph.PARAMS
    listed = yaml.safe_load(file.read_text()) if file.is_file() else None
    if spec.name not in ((listed or {}).get(kind) or []):
        stage_graph.put(spec.name, tree, kind=kind)


def _note(folder: Path, spec: str) -> None:
    (folder / stage_graph.NOTE).write_text(stage_graph.note_of_reader(spec))


def _run(there: Workspace, origin: Origin, python: str) -> None:
    """Run the stages; what they say is shown."""
    variables = {key: value for key, value in os.environ.items() if key not in SERVERS}
    running = tries.Running({**variables, processes.RUN: processes.mark()}, python=python)
    try:
        code, said = tries.ran(running, there, f"version {origin.version}")
    finally:
        running.end()
    if code:
        last = said[-1] if said else f"code {code}"
        raise HoldfastError(f"the stages of commit {origin.commit[:12]} do not run here: {last}")
