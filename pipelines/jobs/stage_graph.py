"""The DVC graph of cached stages, and the raw data tracked by DVC."""

from pathlib import Path
from typing import Any

import yaml

from features.errors import HoldfastError, UsageError
from pipelines.dvc import dvc_process, error_messages
from pipelines.files import storage
from pipelines.jobs import forks, unchanged
from pipelines.messages import failures, log
from pipelines.processes.stopping import Command
from pipelines.workspace import Workspace

PARAMS = "params.yaml"
LAST_STAGE = "evaluate"
NOTE = "README.md"
# The lists of specs by kind, and the endings of their stages' names in dvc.yaml.
CHURN, TEXTS = "specs", "texts"
ENDINGS = {CHURN: "", TEXTS: "_texts"}


def reproduce(workspace: Workspace, command: Command | None = None, *, kind: str = CHURN) -> None:
    """Run every stage of a spec whose inputs changed; with a command, which executes a stage, in forks of this process.

    kind is the list of params.yaml that names the spec.
    Raises what the failing stage reported, or what DVC's own refusal means.
    """
    error_messages.check_files(workspace.root)
    _complete(workspace.root)
    if workspace.spec not in _params(workspace.root)[kind]:
        raise UsageError(
            f"spec '{workspace.spec}' has no data yet; add some: python -m pipelines data {workspace.spec} PATH..."
        )
    if unchanged.is_as_left(workspace):
        log.detail("no file of the graph was touched since DVC found it up to date: DVC is not asked")
        return
    failures.take(workspace.failure)
    began = unchanged.begin()
    with forks.serving(workspace.root, workspace.state, command) as served:
        target = f"{LAST_STAGE}{ENDINGS[kind]}@{workspace.spec}"
        code, said = dvc_process.run(workspace.root, "repro", target, variables=served.variables)
    if code == 0:
        unchanged.leave(workspace, began_ns=began, stored_ns=served.stored)
        return
    if failure := failures.take(workspace.failure):
        raise StageError(failure)
    raise error_messages.refusal(said, spec=workspace.spec)


class StageError(HoldfastError):
    """A stage failed and has printed why; its message and exit code are passed on."""

    def __init__(self, failure: failures.Failure) -> None:
        super().__init__(f"{failure.command}: {failure.message}")
        self.exit_code = failure.code  # type: ignore[misc]


def track(workspace: Workspace, *, kind: str = CHURN) -> None:
    """Have DVC track the raw data of a spec, and of a churn spec its reader of texts.

    Raises UsageError outside a DVC repository.
    """
    if not (workspace.root / ".dvc").is_dir():
        raise UsageError(f"{workspace.root} is no DVC repository; run this in the root of a checkout.")
    error_messages.check_files(workspace.root)
    if kind == CHURN:
        _note_reader(workspace)
    _add(workspace, workspace.raw, *((workspace.reader,) if kind == CHURN else ()))


def track_reader(workspace: Workspace) -> None:
    """Have DVC track the reader of texts of a spec, where it tracks the raw data too."""
    if workspace.raw.with_name(f"{workspace.raw.name}.dvc").is_file():
        _add(workspace, workspace.reader)


def note_of_reader(spec: str) -> str:
    """What stands in the folder of a reader, alone where the spec pins none: git carries no empty folders."""
    return f"The reader of texts of the spec {spec}: `run` puts the version here that the spec pins, or none.\n"


def _note_reader(workspace: Workspace) -> None:
    if not workspace.reader.is_dir():
        workspace.reader.mkdir(parents=True)
        (workspace.reader / NOTE).write_text(note_of_reader(workspace.spec))


def _add(workspace: Workspace, *folders: Path) -> None:
    code, said = dvc_process.run(workspace.root, "add", *(str(one.relative_to(workspace.root)) for one in folders))
    if code != 0:
        raise error_messages.refusal(said, spec=workspace.spec)


def _params(root: Path) -> dict[str, Any]:
    """The specs on the graph. Raises UsageError where the file is malformed."""
    try:
        found = yaml.safe_load((root / PARAMS).read_text())
    except FileNotFoundError as error:
        raise UsageError(f"no file {PARAMS} in {root}; run this in the root of a checkout.") from error
    except yaml.YAMLError as error:
        raise UsageError(
            f"{PARAMS} cannot be read; `git checkout -- {PARAMS}` takes back what was committed."
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("specs"), list):
        raise UsageError(f"{PARAMS} has no list `specs`; `git checkout -- {PARAMS}` takes back what was committed.")
    return found


def _complete(root: Path) -> None:
    """Add the lists that a params.yaml of before lacks: DVC refuses a graph without them."""
    params = _params(root)
    if lacking := [kind for kind in ENDINGS if kind not in params]:
        _write(root, {**params, **{kind: [] for kind in lacking}})


def _write(root: Path, params: dict[str, Any]) -> None:
    storage.write_bytes(root / PARAMS, yaml.safe_dump(params, sort_keys=False).encode())


def put(spec: str, root: Path, *, kind: str = CHURN) -> None:
    """Add a spec to the graph: one more entry of every stage's matrix of its kind; an existing one stays.

    The folders of its raw files and its reader are never empty: git carries no empty folders, and DVC's own work trees
    come from git.
    """
    raw = root / "data" / "raw" / spec
    raw.mkdir(parents=True, exist_ok=True)
    if not any(raw.iterdir()):
        (raw / NOTE).write_text(f"The data of the spec {spec} are made from it: there are no raw files here.\n")
    if kind == CHURN:
        _note_reader(Workspace(root, spec))
    _complete(root)
    params = _params(root)
    # A spec that has become one of another kind leaves the other stages.
    changed = {one: [name for name in params[one] if name != spec or one == kind] for one in ENDINGS}
    if spec not in changed[kind]:
        changed[kind] = [*changed[kind], spec]
    if changed != {one: params[one] for one in ENDINGS}:
        _write(root, {**params, **changed})
