"""The receipt of an erasure, which names nobody, and the note of which models learned from people erased since."""

import json
from typing import Any

import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from pipelines.files import storage
from pipelines.jobs.forgetting.journal import Journal
from pipelines.outreach.operations import erasing
from pipelines.outreach.operations.database import NAMED
from pipelines.outreach.operations.tables import ERASURES
from pipelines.servers import databases, mlflow_runs
from pipelines.workspace import Workspace

FOLDER, MODELS = "erasures", "models.json"
NOT_REACHED = (
    "earlier versions in DVC's cache and remotes (run SPEC, then dvc gc --workspace, with --cloud for remotes)",
    "commits of git, backups, and files and messages that were sent",
    "what a model has learned: train it anew",
    f"other checkouts: {MODELS}, by which status counts such models, lies in this one alone; copy it there",
)


def write(
    spec: ExperimentSpec,
    workspace: Workspace,
    engine: sa.Engine,
    begun: Journal,
    told: dict[str, Any],
    *,
    tracked: bool,
) -> dict[str, Any]:
    """Keep the receipt in the operations database, and as a file; gives it as plain data.

    tracked says whether DVC tracks the raw data. What was kept before under the pseudonym stays.
    """
    signed = begun.signed
    files = {
        "files": begun.files,
        "not_told_by": begun.silent,
        "versions": versions(spec.name, workspace) if _was_learned_from(begun) else [],
        "tracked_by_dvc": tracked,
    }
    erasing.keep(engine, signed, erasing.FILES, files)
    kept = erasing.done(engine, signed, erasing.FILES) or files
    head = {"pseudonym": signed.pseudonym, "spec": signed.spec, "at": signed.at, "by": signed.by}
    receipt = {**head, "database": told, **kept, "not_reached": list(NOT_REACHED)}
    folder = workspace.artifacts / FOLDER
    storage.write_json(folder / f"{signed.pseudonym}.json", receipt)
    storage.write_json(folder / MODELS, models(engine, spec.name))
    return receipt


def models(engine: sa.Engine, spec: str) -> dict[str, int]:
    """By version of a spec's model, how many people were erased since it was trained whose data were in the spec's."""
    asked = sa.select(ERASURES.c.told).filter_by(spec=spec, part=erasing.FILES)
    found: dict[str, int] = {}
    with databases.answering(engine, NAMED), engine.connect() as connection:
        for text in connection.execute(asked).scalars():
            for version in json.loads(text)["versions"]:
                found[version] = found.get(version, 0) + 1
    return found


def of_version(workspace: Workspace, version: object) -> int:
    """The same of one version, by the file that `write` left."""
    told = storage.read_receipt(workspace.artifacts / FOLDER / MODELS) or {}
    return int(told.get(str(version), 0))


def _was_learned_from(begun: Journal) -> bool:
    """Whether rows to learn from, or the data that they are made of, had the person."""
    return any(str(one["file"]).startswith("data/") for one in begun.files)


def versions(name: str, workspace: Workspace) -> list[str]:
    """The versions of a model that there are already."""
    with mlflow_runs.answering(workspace.root):
        client = mlflow_runs.client(workspace.root)
        return sorted((str(one.version) for one in client.search_model_versions(f"name='{name}'")), key=int)
