"""Register the challenger, once its predictions are reproduced in a clean process.

writes: artifacts/SPEC/registration.json, the receipt
writes: a version in MLflow's registry: mlflow.db and mlartifacts/SPEC, or where MLFLOW_TRACKING_URI says
codes: 5
example: python -m pipelines register demo
"""

from typing import Any

import mlflow
import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from experiments.spec import ExperimentSpec
from pipelines.champion import describing, identity, leases, loading, model_versions
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.messages import log
from pipelines.models import integrity, levels, provenance
from pipelines.processes import orphans
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

EXAMPLE_ROWS = 50


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Store the challenger as a version; one that is registered already, and intact, stays."""
    client = mlflow_runs.client(workspace.root)
    mlflow_runs.use(workspace.root)
    folder = workspace.model / "challenger"
    digest = identity.digest(folder)
    with mlflow_runs.answering(workspace.root), leases.held(spec.name, workspace.root) as lease:
        experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
        orphans.end(client, experiment)
        known = loading.version_of(client, spec.name, digest, judged=True)
        version = str(known.version) if known else _register(spec, workspace, lease, digest=digest)
        if known and known.tags.get("recipe") != (recipe := provenance.recipe(spec)):
            # The same model by a changed recipe: were the old tag to stay, its own refresh would have to be better.
            client.set_model_version_tag(spec.name, version, "recipe", recipe)
        if known and mlflow_runs.was_cut_short(client, experiment, known.run_id):
            _complete(client, spec, workspace, known)
        if known:
            _tell_cuts(client, known, workspace)
        made = client.get_model_version(spec.name, version)
    receipt = {"name": spec.name, "version": version, "model_digest": digest, "run": made.run_id}
    receipt |= {name: made.tags[name] for name in ("git_commit", "data_hash") if name in made.tags}
    storage.write_json(workspace.registration, receipt)
    log.done("register", spec.name, version=int(version), new="no" if known else "yes")


def _complete(client: mlflow.MlflowClient, spec: ExperimentSpec, workspace: Workspace, known: ModelVersion) -> None:
    """What was left to do when a version was registered, and its process was killed."""
    if not known.description:
        describing.registered(client, spec, workspace, version=str(known.version))
    client.set_terminated(str(known.run_id), "FINISHED")


def _tell_cuts(client: mlflow.MlflowClient, known: ModelVersion, workspace: Workspace) -> None:
    """The same model in another campaign has other cuts of risk levels."""
    report = storage.read_json(workspace.evaluation / "report.json")
    cuts = provenance.risk_cuts(report).get(provenance.RISK_CUTS, "")
    if known.tags.get(provenance.RISK_CUTS, "") != cuts:
        client.set_model_version_tag(known.name, str(known.version), provenance.RISK_CUTS, cuts)


def _register(spec: ExperimentSpec, workspace: Workspace, lease: leases.Lease, *, digest: str) -> str:
    folder, client = workspace.model / "challenger", mlflow_runs.client(workspace.root)
    model_versions.refuse_other_kind(client, spec.name, "")
    # Not at the top: a version that is registered already needs neither SciPy nor Ibis.
    from features.contract import Contract
    from pipelines.learning import reference
    from pipelines.models import portable

    contract = Contract.from_dict(storage.read_json(folder / "contract.json"))
    example = example_of(workspace, contract.names)

    expected = portable.scorer(folder).score(example)
    tags = {**provenance.tags(spec, workspace), model_versions.DIGEST: digest, "contract": contract.digest}
    experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
    with mlflow_runs.active_run(experiment, name="challenger", tags=tags) as active:
        run_id = active.info.run_id
        mlflow_runs.log_batch(client, run_id, params=_params(workspace), metrics=_metrics(workspace))
        mlflow_runs.log_inputs(client, run_id, _used(spec, workspace))
        for path in (
            workspace.evaluation / "report.html",
            workspace.evaluation / "report.json",
            workspace.validation / "result.json",
        ):
            mlflow.log_artifact(str(path))
        for name in ("training.parquet", levels.LEVELS):
            if (workspace.model / name).exists():  # models of before have no levels
                mlflow.log_artifact(str(workspace.model / name))
        mlflow.log_dict(reference.made(spec, workspace).to_dict(), reference.REFERENCE)
        logged = model_versions.log_model(folder, contract=contract, example=example, output=expected)
        model_versions.verify(logged, rows=example, expected=expected)
        made_of = integrity.summary(model_versions.logged_files(logged))
        lease.confirm()  # nothing else keeps another from registering the same model
        made = {**tags, integrity.MADE_OF: made_of}
        version = model_versions.register(client, spec.name, logged=logged, tags=made)
        describing.registered(client, spec, workspace, version=version)
        return version


def _used(spec: ExperimentSpec, workspace: Workspace) -> list[mlflow_runs.LoggedRows]:
    """The data sets that the model was trained and judged on."""
    matrix, gate = workspace.matrix, workspace.evaluation / "gate.parquet"
    cohort = storage.read_json(workspace.evaluation / "report.json")["cohort"]
    learnt = int(storage.read_json(workspace.model / "about.json")["training_rows"])
    where = [str(place.relative_to(workspace.root)) for place in (matrix, gate)]
    return [
        mlflow_runs.LoggedRows(spec.name, storage.digest(matrix), where[0], learnt, "training"),
        mlflow_runs.LoggedRows(
            f"{spec.name} gate cohort", str(cohort["hash"]), where[1], int(cohort["rows"]), "evaluation"
        ),
    ]


def example_of(workspace: Workspace, names: list[str]) -> pd.DataFrame:
    """Some of today's customers, with the columns that a model takes."""
    rows = matrices.read(workspace.matrix, matrices.SCORE).slice(0, EXAMPLE_ROWS).to_pandas()
    example: pd.DataFrame = rows.loc[:, names]
    return example


def _params(workspace: Workspace) -> dict[str, Any]:
    about = storage.read_json(workspace.model / "about.json")
    return {"family": about["family"], "learner": about["learner"], **about["params"]}


def _metrics(workspace: Workspace) -> list[tuple[str, float, int]]:
    metrics = storage.read_json(workspace.evaluation / "metrics.json")
    return [(name, float(value), 0) for name, value in metrics.items()]
