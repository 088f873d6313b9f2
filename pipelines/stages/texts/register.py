"""Register a reader of texts, once what it says is reproduced in a clean process."""

import hashlib

import mlflow
import pandas as pd
from mlflow import MlflowClient

from experiments.texts.spec import KIND, TextsSpec
from pipelines.champion import describing, identity, leases, loading, model_versions, reader_versions
from pipelines.dvc import lock_file
from pipelines.files import storage
from pipelines.messages import log
from pipelines.models import integrity, provenance
from pipelines.models.text_readers import folders
from pipelines.processes import orphans
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

EXAMPLE_ROWS = 50


def run(spec: TextsSpec, workspace: Workspace) -> None:
    """Store the reader as a version; one that is registered already, and intact, stays.

    Raises UsageError where models of another kind bear its name.
    """
    client = mlflow_runs.client(workspace.root)
    mlflow_runs.use(workspace.root)
    # The time is part of what a version promises: the same reader with another one is another version.
    digest = hashlib.sha256(
        f"{identity.digest(workspace.model / folders.READER)} {spec.known_until}".encode()
    ).hexdigest()
    with mlflow_runs.answering(workspace.root), leases.held(spec.name, workspace.root) as lease:
        experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
        orphans.end(client, experiment)
        model_versions.refuse_other_kind(client, spec.name, KIND)
        known = loading.version_of(client, spec.name, digest, judged=True)
        version = str(known.version) if known else _register(spec, workspace, lease, client, digest=digest)
        if known and mlflow_runs.was_cut_short(client, experiment, known.run_id):  # killed once it was registered
            if not known.description:
                describing.registered_reader(client, spec, workspace, version=version)
            client.set_terminated(str(known.run_id), "FINISHED")
        made = client.get_model_version(spec.name, version)
    receipt = {"name": spec.name, "version": version, "model_digest": digest, "run": made.run_id}
    receipt |= {name: made.tags[name] for name in ("git_commit", "data_hash") if name in made.tags}
    storage.write_json(workspace.registration, receipt)
    log.done("register", spec.name, version=int(version), new="no" if known else "yes")


def _register(spec: TextsSpec, workspace: Workspace, lease: leases.Lease, client: MlflowClient, *, digest: str) -> str:
    folder = workspace.model / folders.READER
    example = _example(workspace)
    expected = folders.scorer(folder).read(example[reader_versions.TEXT].tolist())
    tags = {**_tags(spec, workspace), model_versions.DIGEST: digest}
    experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
    with mlflow_runs.active_run(experiment, name="challenger", tags=tags) as active:
        run_id = active.info.run_id
        metrics = storage.read_json(workspace.evaluation / "metrics.json")
        figures = [(name, float(value), 0) for name, value in metrics.items()]
        params = storage.read_json(workspace.model / "about.json")["params"]
        mlflow_runs.log_batch(client, run_id, params=params, metrics=figures)
        mlflow_runs.log_inputs(client, run_id, _used(spec, workspace))
        for path in (
            *(workspace.evaluation / f"report.{end}" for end in ("html", "json")),
            workspace.validation / "result.json",
        ):
            mlflow.log_artifact(str(path))
        logged = reader_versions.log_reader(folder, example=example, output=expected)
        reader_versions.verify(logged, rows=example, expected=expected)
        made_of = integrity.summary(model_versions.logged_files(logged))
        lease.confirm()  # nothing else keeps another from registering the same model
        made = {**tags, integrity.MADE_OF: made_of}
        version = model_versions.register(client, spec.name, logged=logged, tags=made)
        describing.registered_reader(client, spec, workspace, version=version)
        return version


def _tags(spec: TextsSpec, workspace: Workspace) -> dict[str, str]:
    """What it is, and where it comes from; every value is a text."""
    validation = storage.read_json(workspace.validation / "result.json")
    best, about = (storage.read_json(path) for path in (workspace.tuning / "best.json", workspace.model / "about.json"))
    outs = lock_file.stages(workspace.root).get(f"ingest_texts@{spec.name}", {}).get("outs", [])
    return {
        model_versions.KIND: KIND,
        "known_before": spec.known_until,
        "reader_digest": reader_versions.digest(workspace.model / folders.READER),
        "git_commit": provenance.git_commit(workspace.root),
        provenance.PROCESSOR: provenance.processor(),
        "data_hash": str(outs[0]["md5"]) if outs else storage.digest(workspace.texts),
        "spec_hash": provenance.spec_hash(spec),
        "trained_until": str(about["trained_until"]),
        "validation": f"passed, {validation['expectations']} expectations",
        "study": str(best["study"]),
    }


def _example(workspace: Workspace) -> pd.DataFrame:
    rows = storage.read_parquet(workspace.evaluation / "gate.parquet").slice(0, EXAMPLE_ROWS).to_pandas()
    return pd.DataFrame({reader_versions.TEXT: rows["text"].astype(object)})


def _used(spec: TextsSpec, workspace: Workspace) -> list[mlflow_runs.LoggedRows]:
    """The texts that it learned from and was judged on."""
    about, report = (
        storage.read_json(path) for path in (workspace.model / "about.json", workspace.evaluation / "report.json")
    )
    texts, gate = workspace.texts, workspace.evaluation / "gate.parquet"
    where = [str(place.relative_to(workspace.root)) for place in (texts, gate)]
    return [
        mlflow_runs.LoggedRows(spec.name, storage.digest(texts), where[0], int(about["texts"]), "training"),
        mlflow_runs.LoggedRows(
            f"{spec.name} held out", storage.digest(gate), where[1], int(report["figures"]["texts"]), "evaluation"
        ),
    ]
