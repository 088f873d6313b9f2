"""DVC: the graph of cached stages, and the raw data that it tracks."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from features.errors import HoldfastError, UsageError
from pipelines import failures, forks, storage, unchanged
from pipelines.workspace import Workspace

PARAMS = "params.yaml"
LAST_STAGE = "evaluate"


class GraphError(HoldfastError, RuntimeError):
    """DVC failed for a reason of its own."""

    exit_code = 1


def reproduce(workspace: Workspace) -> None:
    """Run every stage of a spec whose inputs changed.

    Raises what the failing stage reported, or GraphError when DVC itself failed.
    """
    on_graph = yaml.safe_load((workspace.root / PARAMS).read_text())["specs"]
    if workspace.spec not in on_graph:
        raise UsageError(
            f"spec '{workspace.spec}' has no data yet; add some: python -m pipelines data {workspace.spec} PATH..."
        )
    if unchanged.is_as_left(workspace):
        return
    failures.take(workspace.failure)
    began = unchanged.now_ns()
    target = f"{LAST_STAGE}@{workspace.spec}"
    with forks.serving(workspace.root, workspace.state) as served:
        done = _dvc(workspace.root, "repro", "--quiet", target, variables=served.variables).returncode == 0
    if done:
        unchanged.leave(workspace, began_ns=began, stored_ns=served.stored)
        return
    if failure := failures.take(workspace.failure):
        raise StageError(failure)
    # Nobody left a note: DVC refused, or a stage was killed. Asked again, and aloud, it says why or gets through.
    again = _dvc(workspace.root, "repro", target, capture_output=True, text=True)
    if again.returncode == 0:
        return
    raise GraphError(f"DVC refused: {(again.stderr.strip().splitlines() or ['it gave no reason'])[-1]}")


class StageError(HoldfastError):
    """A stage failed and has said why; only its exit code is left to pass on."""

    def __init__(self, failure: failures.Failure) -> None:
        super().__init__(f"{failure.command} failed; nothing after it was touched.")
        self.exit_code = failure.code  # type: ignore[misc]


def track(workspace: Workspace) -> None:
    """Have DVC track the raw data of a spec. Raises UsageError outside a DVC repository."""
    if not (workspace.root / ".dvc").is_dir():
        raise UsageError(f"{workspace.root} is no DVC repository; run this in the root of a checkout.")
    added = _dvc(workspace.root, "add", "--quiet", str(workspace.raw.relative_to(workspace.root)))
    if added.returncode != 0:
        raise GraphError(f"dvc add ended with {added.returncode}.")


def put(spec: str, root: Path) -> None:
    """Put a spec on the graph: one more entry of the matrix of every stage; one that is there already stays."""
    (root / "data" / "raw" / spec).mkdir(parents=True, exist_ok=True)
    path = root / PARAMS
    params = yaml.safe_load(path.read_text())
    if spec not in params["specs"]:
        params["specs"] = [*params["specs"], spec]
        storage.write_bytes(path, yaml.safe_dump(params, sort_keys=False).encode())


def _dvc(
    root: Path, *words: str, variables: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """DVC in a process of its own, which finds our Python first; variables are set beside those of the environment."""
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}", "DVC_NO_ANALYTICS": "true"}
    environment |= variables or {}
    return subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, env=environment, check=False, **options)
