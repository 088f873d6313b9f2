"""What nothing refers to: versions that no ledger entry knows, runs of no study, studies of no model, old data."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from pipelines.files import storage
from pipelines.servers import addresses, databases, mlflow_runs
from pipelines.specs import text_specs
from pipelines.workspace import Workspace

STUDY = "study "
# Of the runs of a spec, those that hold a version; others that people made themselves are theirs.
OF_VERSIONS = ("challenger", "refitted champion")
SAID = ("challenger_version", "compared_with", "champion_version", "serving_version")


@dataclass(frozen=True)
class InMlflow:
    """What MLflow holds of a spec: its versions, and the runs of its experiment."""

    versions: tuple[ModelVersion, ...]
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, client: MlflowClient, spec: str) -> "InMlflow":
        """All of it; runs that were deleted are none."""
        experiment = client.get_experiment_by_name(spec)
        runs: list[Run] = []
        token: str | None = ""
        while experiment and token is not None:
            page = client.search_runs([experiment.experiment_id], max_results=1000, page_token=token or None)
            runs, token = [*runs, *page], page.token or None
        return cls(tuple(_versions(client, spec)), tuple(runs))

    @property
    def studies(self) -> set[str]:
        """The studies that versions name."""
        return {one.tags["study"] for one in self.versions if one.tags.get("study")}


def _versions(client: MlflowClient, spec: str) -> Iterator[ModelVersion]:
    token: str | None = ""
    while token is not None:
        page = client.search_model_versions(f"name = '{spec}'", page_token=token or None)
        yield from page
        token = page.token or None


def versions(there: InMlflow, entries: Iterable[Mapping[str, Any]], workspace: Workspace) -> list[str]:
    """The versions that no entry of the ledger (its body) knows, no spec pins, and this checkout has not just made."""
    known = {str(body[key]) for body in entries for key in SAID if body.get(key)}
    receipt = storage.read_receipt(workspace.registration)
    known |= {str(receipt.get("version"))} if isinstance(receipt, dict) else set()
    unknown = (str(one.version) for one in there.versions if str(one.version) not in known)
    return sorted((one for one in unknown if not text_specs.pinning(workspace, workspace.spec, one)), key=int)


def studies(there: InMlflow, workspace: Workspace) -> list[str]:
    """The studies in this checkout that no version and no result names; the newest may be of a search that goes on."""
    found = names(workspace)
    return [name for name in found[:-1] if name not in {*there.studies, _current(workspace)}]


def names(workspace: Workspace) -> list[str]:
    """The names of the studies in this checkout, oldest first."""
    path = workspace.state / "study.db"
    if not path.is_file():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'studies'").fetchone():
            return []
        return [str(name) for (name,) in connection.execute("SELECT study_name FROM studies ORDER BY study_id")]


def is_own(root: Path) -> bool:
    """Whether MLflow's database lies in this checkout, so that no other goes on with a study in it."""
    path = databases.sqlite_path(addresses.tracking(root))
    return path is not None and path.is_relative_to(root)


def runs(there: InMlflow, workspace: Workspace) -> list[Run]:
    """The ended runs of no study and of no version, with the trials of such studies; none where MLflow is shared."""
    if not is_own(workspace.root):
        return []
    kept = {*there.studies, *names(workspace), _current(workspace)} - set(studies(there, workspace))
    of_versions = {str(one.run_id) for one in there.versions}
    gone = {
        str(one.info.run_id)
        for one in there.runs
        if mlflow_runs.PARENT not in one.data.tags
        and one.info.status != "RUNNING"
        and one.info.run_id not in of_versions
        and _is_ours(str(one.info.run_name), kept)
    }
    return [one for one in there.runs if one.info.run_id in gone or one.data.tags.get(mlflow_runs.PARENT) in gone]


def _is_ours(name: str, kept: set[str]) -> bool:
    """Whether a run is one that the project makes, and of none of the studies that are kept."""
    return name in OF_VERSIONS or (name.startswith(STUDY) and name.removeprefix(STUDY) not in kept)


def _current(workspace: Workspace) -> str:
    """The study of this checkout's newest search."""
    best = storage.read_receipt(workspace.tuning / "best.json")
    return str(best.get("study", "")) if isinstance(best, dict) else ""


def all_specs(root: Path) -> list[str]:
    """The names of the specs that there are."""
    return sorted(path.stem for path in Workspace(root, "").specs.glob("*.yaml"))


def folders(root: Path) -> list[Path]:
    """Tables, matrices and texts of specs that are gone, and what a kill left half-written beside the others."""
    params = root / "params.yaml"
    listed = yaml.safe_load(params.read_text()) if params.exists() else None
    specs = set(all_specs(root)) | {str(name) for names in (listed or {}).values() for name in names or ()}
    found = [place for kind in ("tables", "matrix", "texts") for place in (root / "data" / kind).glob("*")]
    return sorted(place for place in found if place.is_dir() and (_is_left(place) or place.name not in specs))


def _is_left(place: Path) -> bool:
    return place.name.startswith(".") and place.suffix in (".tmp", ".old")
