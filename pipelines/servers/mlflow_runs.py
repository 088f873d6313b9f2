"""Access to MLflow's tracking: client, experiments, runs and batched writes."""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from mlflow import ActiveRun, MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from features.errors import StorageError
from pipelines.messages import masking
from pipelines.processes import orphans, stopping
from pipelines.servers import addresses, databases, faults

NAME, PARENT, NOTE = "mlflow.runName", "mlflow.parentRunId", "mlflow.note.content"
CONTEXT = "mlflow.data.context"
# What MLflow takes in one batch.
MOST_PARAMS, MOST_METRICS = 100, 1000


def uri(root: Path) -> str:
    """The tracking URI: MLFLOW_TRACKING_URI, or SQLite in the repository."""
    return addresses.tracking(root)


def client(root: Path) -> MlflowClient:
    """A client whose database exists; processes that start together migrate it one at a time."""
    with databases.alone(uri(root)):
        _make_database(databases.sqlite_path(uri(root)))
        found = MlflowClient(tracking_uri=uri(root), registry_uri=uri(root))
        found.search_experiments(max_results=1)
        return found


def _make_database(path: Path | None) -> None:
    """Make MLflow's database where its SQLite file is missing or empty: beside it, and renamed once it is complete.

    SQLite keeps what a killed migration had done, and MLflow cannot go on from there.
    """
    if path is None or not path.parent.is_dir() or (path.exists() and path.stat().st_size):
        return
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH as ARTIFACTS  # not at the top: seldom needed
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    beside = path.with_name(f"{path.name}.new")
    for left in path.parent.glob(f"{beside.name}*"):
        left.unlink()
    made = SqlAlchemyStore(f"sqlite:///{beside}", ARTIFACTS)  # type: ignore[no-untyped-call]  # MLflow does not say
    made.engine.dispose()
    beside.replace(path)


@contextmanager
def answering(root: Path) -> Iterator[None]:
    """A block in which a full, locked or unavailable MLflow database becomes a StorageError."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != "TEMPORARILY_UNAVAILABLE":
            raise
        why = faults.of_sqlite(str(error)) or masking.mask(str(error).splitlines()[0])
        named = f"MLflow at {addresses.shown(root)}"
        raise StorageError(f"{named} could not be read or written: {why}; {faults.AGAIN}.") from error


def experiment_id(found: MlflowClient, root: Path, spec: str) -> str:
    """The MLflow experiment of a spec, created if absent."""
    existing = found.get_experiment_by_name(spec)
    if existing is not None:
        return str(existing.experiment_id)
    artifacts = None if os.environ.get("MLFLOW_TRACKING_URI") else (root / "mlartifacts" / spec).as_uri()
    return str(found.create_experiment(spec, artifact_location=artifacts))


def start_run(
    found: MlflowClient, experiment: str, *, name: str, parent: str | None = None, began_ms: int | None = None
) -> str:
    """Start a run and give its id; parent is the run that it is nested in, began_ms when it began, if not now."""
    nested = {} if parent is None else {PARENT: parent}
    tags = {NAME: name, **nested, **orphans.owner()}
    return str(found.create_run(experiment, start_time=began_ms, tags=tags).info.run_id)


def was_cut_short(found: MlflowClient, experiment: str, run_id: str | None) -> bool:
    """Whether a run of an experiment began and did not end as FINISHED."""
    wanted = f"attributes.run_id = '{run_id}' AND attributes.status != 'FINISHED'"
    return bool(run_id and found.search_runs([experiment], wanted, max_results=1))


@contextmanager
def active_run(experiment: str, *, name: str, tags: Mapping[str, str]) -> Iterator[ActiveRun]:
    """A block whose run ends with it, as FAILED where it was stopped, even in the moment in which the run begins."""
    with ExitStack() as ends:
        with stopping.held_back():
            begun = mlflow.start_run(experiment_id=experiment, run_name=name, tags={**tags, **orphans.owner()})
            active = ends.enter_context(begun)
        yield active


def log_batch(
    found: MlflowClient,
    run_id: str,
    *,
    params: Mapping[str, Any] | None = None,
    metrics: Iterable[tuple[str, float, int]] = (),
    tags: Mapping[str, str] | None = None,
    status: str | None = None,
    ended_ms: int | None = None,
) -> None:
    """Write everything of a run in one batch; with a status (FINISHED, FAILED, KILLED) also end it, at ended_ms or now.

    A metric is a name, a value and a step.
    """
    now = int(time.time() * 1000)
    found.log_batch(
        run_id,
        params=[Param(key, str(value)) for key, value in (params or {}).items()],
        metrics=[Metric(key, value, now, step) for key, value, step in metrics],
        tags=[RunTag(key, value) for key, value in (tags or {}).items()],
    )
    if status:
        found.set_terminated(run_id, status, end_time=ended_ms)


@dataclass(frozen=True)
class LoggedRows:
    """A data set of a run: its name, digest, location and number of rows.

    use is what for, such as training or evaluation. MLflow is told this of them and gets no copy.
    """

    name: str
    digest: str
    where: str
    rows: int
    use: str


def log_inputs(found: MlflowClient, run_id: str, rows: Iterable[LoggedRows]) -> None:
    """Record the data sets of a run."""
    inputs = [
        DatasetInput(
            Dataset(
                name=one.name,
                digest=one.digest,
                source_type="local",
                source=json.dumps({"uri": one.where}),
                profile=json.dumps({"num_rows": one.rows}),
            ),
            [InputTag(CONTEXT, one.use)],
        )
        for one in rows
    ]
    found.log_inputs(run_id, inputs)


def use(root: Path) -> None:
    """Set MLflow's global tracking and registry URIs, for commands that load and store models."""
    import mlflow

    mlflow.set_tracking_uri(uri(root))
    mlflow.set_registry_uri(uri(root))
