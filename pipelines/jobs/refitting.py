"""Refit of a new champion on all rows, the gate cohort included: the refitted version is served in its place.

The version that the gate judged, its twin, stays the ledger's champion. Later comparisons, refreshes and rollbacks use
the twin, because the refitted version was trained on the rows that judge.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import mlflow
import pyarrow as pa
from mlflow.entities.model_registry import ModelVersion

from experiments.search import candidate
from experiments.search.learning_problem import Candidate
from experiments.spec import ExperimentSpec
from features.contract import Contract
from pipelines.champion import entry_kinds, identity, ledger_writer, loading, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.model_versions import DIGEST, FIGURES_OF, TWIN_OF
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.learning import training_data
from pipelines.messages import log
from pipelines.models import integrity, levels, portable, provenance
from pipelines.servers import mlflow_runs
from pipelines.stages import register, train
from pipelines.workspace import Workspace

# Tags that the refitted version takes over from its twin.
SAME = (
    "git_commit",
    "data_hash",
    "spec_hash",
    "recipe",
    "validation",
    "study",
    "uplift",
    "family",
    "learner",
    provenance.RISK_CUTS,
)
SAME_TEXTS = ("reader", "reader_digest")
MODEL, TRAINING, UNTIL = "model", "training.parquet", "until.json"


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Refit, register and serve, where the champion is this checkout's version and is not refitted yet.

    After every step a valid version is served; an interrupted refit is finished by the next run, with the same version.
    """
    version = str(storage.read_json(workspace.registration)["version"])
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    if not _is_due(standing, version) or standing.frozen(reader.signed.at):
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-refit-") as scratch:
        fitted(spec, workspace, Path(scratch))
        with ledger_writer.writing(spec.name, workspace.root) as writer:
            standing, _ = writer.reconciled()
            if not _is_due(standing, version) or standing.frozen(writer.signed.at):
                return
            made = _registered(spec, workspace, writer, folder=Path(scratch), twin=version)
            files, digest = loading.files_of(made, standing), model_versions.digest_of(made)
            body = entry_kinds.refitted(standing, writer.signed, to=str(made.version), digest=digest, files=files)
            writer.write(standing, body)
            writer.project()
    log.done("refit", spec.name, version=int(made.version), twin=int(version))


def _is_due(standing: Standing, version: str) -> bool:
    """Whether this version is the champion and is served itself, not a refitted twin."""
    return standing.champion == version and standing.serving == version


def fitted(spec: ExperimentSpec, workspace: Workspace, folder: Path) -> None:
    """Write a model with the challenger's parameters and rounds, fitted on all rows, and a record of these rows."""
    best = storage.read_json(workspace.tuning / "best.json")
    choice = Candidate(best["family"], best["learner"], best["params"], best["learned"])
    opened = training_data.opened(spec, workspace).whole
    rows = opened.split.training
    model = candidate.fit(choice, opened.problem({choice.family}, {choice.learner}), seed=spec.tuning.seed)
    usual = portable.typical(opened.X, opened.contract, rows[~opened.left_in_gap])
    portable.write(folder / MODEL, model, contract=opened.contract, typical=usual)
    storage.write_parquet(folder / TRAINING, pa.table({"row": train.row_keys(opened, rows)}))
    storage.write_json(folder / levels.LEVELS, levels.seen(opened.X[rows], opened.contract))
    storage.write_json(folder / UNTIL, train.trained_until(opened))


def _registered(
    spec: ExperimentSpec, workspace: Workspace, writer: LedgerWriter, *, folder: Path, twin: str
) -> ModelVersion:
    """The version of the refitted model; one already registered by an interrupted run is reused."""
    client, digest = writer.client, identity.digest(folder / MODEL)
    there = client.search_model_versions(f"name = '{spec.name}' and tags.`{TWIN_OF}` = '{twin}'")
    known = [one for one in there if model_versions.digest_of(one) == digest and loading.is_whole(one)]
    number = str(known[0].version) if known else _register_twin(spec, workspace, writer, folder=folder, twin=twin)
    words = (
        f"version {twin} fitted again on all rows, the gate cohort included; its figures are those of version {twin}"
    )
    client.update_model_version(spec.name, number, words)
    made = model_versions.version(client, spec.name, number)
    experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
    if mlflow_runs.was_cut_short(client, experiment, made.run_id):
        client.set_terminated(str(made.run_id), "FINISHED")
    return made


def _register_twin(spec: ExperimentSpec, workspace: Workspace, writer: LedgerWriter, *, folder: Path, twin: str) -> str:
    judged = model_versions.version(writer.client, spec.name, twin)
    kept = {name: judged.tags[name] for name in (*SAME, *SAME_TEXTS) if name in judged.tags}
    until, digest = str(storage.read_json(folder / UNTIL)), identity.digest(folder / MODEL)
    tags = {**kept, "trained_until": until, DIGEST: digest, TWIN_OF: twin, FIGURES_OF: twin}
    return _register(spec, workspace, writer, folder=folder, tags=tags)


def _register(
    spec: ExperimentSpec, workspace: Workspace, writer: LedgerWriter, *, folder: Path, tags: Mapping[str, str]
) -> str:
    contract = Contract.from_dict(storage.read_json(folder / MODEL / "contract.json"))
    example = register.example_of(workspace, contract.names)
    expected = portable.scorer(folder / MODEL).score(example)
    everything = {**tags, "contract": contract.digest}
    experiment = mlflow_runs.experiment_id(writer.client, workspace.root, spec.name)
    with mlflow_runs.active_run(experiment, name="refitted champion", tags=everything):
        for name in (TRAINING, levels.LEVELS):
            mlflow.log_artifact(str(folder / name))
        logged = model_versions.log_model(folder / MODEL, contract=contract, example=example, output=expected)
        model_versions.verify(logged, rows=example, expected=expected)
        made_of = integrity.summary(model_versions.logged_files(logged))
        return model_versions.register(
            writer.client, spec.name, logged=logged, tags={**everything, integrity.MADE_OF: made_of}
        )
