"""Optuna studies in SQLite, and every trial of them in MLflow."""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import optuna
from mlflow import MlflowClient
from optuna.trial import FrozenTrial

from experiments.spec import ExperimentSpec
from experiments.tuning import ENDED
from pipelines import storage, tracking
from pipelines.workspace import Workspace

RUN = "mlflow_run"
CODE = ("features", "experiments")


def name(spec: ExperimentSpec, workspace: Workspace) -> str:
    """The study's name: a hash of all that its trials depend on, so that no trial is ever taken for another's."""
    asked = spec.model_dump(mode="json", include={"label", "treatment", "split", "tuning"})
    asked["tuning"] = {key: value for key, value in asked["tuning"].items() if key not in ("trials", "timeout_seconds")}
    code = [hashlib.sha256(file.read_bytes()).hexdigest() for part in CODE for file in _sources(workspace.root / part)]
    everything = json.dumps([asked, storage.digest(workspace.matrix), code], sort_keys=True)
    return f"{spec.name}-{hashlib.sha256(everything.encode()).hexdigest()[:12]}"


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def opened(workspace: Workspace, *, name: str, direction: Literal["minimize", "maximize"]) -> optuna.Study:
    """The study of that name, made if it is not there."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    workspace.state.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        study_name=name,
        storage=optuna.storages.RDBStorage(f"sqlite:///{workspace.state / 'study.db'}"),
        direction=direction,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        load_if_exists=True,
    )


class TrialLog:
    """Writes trials to MLflow as they end, one batch each, beneath one run of the study.

    A thread of its own writes while the next trial trains; seconds is the CPU time that it took.
    """

    def __init__(self, client: MlflowClient, *, experiment: str, study: optuna.Study) -> None:
        self._client, self._experiment, self._study = client, experiment, study
        self.seconds = 0.0
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._pending: list[Future[None]] = []
        self.run_id = str(study.user_attrs.get(RUN) or self._start())

    def _start(self) -> str:
        run_id = tracking.start_run(self._client, self._experiment, name=f"study {self._study.study_name}")
        self._study.set_user_attr(RUN, run_id)
        return run_id

    def catch_up(self) -> None:
        """Write the trials that ended before a kill and were not written."""
        children = self._client.search_runs(
            [self._experiment], f"tags.`{tracking.PARENT}` = '{self.run_id}'", max_results=5000
        )
        written = {run.data.tags.get("trial") for run in children if run.info.status == "FINISHED"}
        for trial in self._study.get_trials(deepcopy=False, states=ENDED):
            if str(trial.number) not in written:
                self.write(trial)

    def write(self, trial: FrozenTrial) -> None:
        """Have one trial written: parameters, and the mean score after each fold; the last is the trial's."""
        self._pending.append(self._writer.submit(self._write, trial))

    def _write(self, trial: FrozenTrial) -> None:
        began = time.thread_time()
        tags = {"trial": str(trial.number), "state": trial.state.name.lower()}
        run_id = tracking.start_run(
            self._client, self._experiment, name=f"trial {trial.number}", parent=self.run_id, tags=tags
        )
        scores = [("score", value, fold) for fold, value in trial.intermediate_values.items()]
        tracking.log_batch(self._client, run_id, params=trial.params, metrics=scores, status="FINISHED")
        self.seconds += time.thread_time() - began

    def end(self, best: dict[str, Any], score: float) -> None:
        """Wait for the trials to be written, then write the study's best and end its run."""
        for pending in self._pending:
            pending.result()
        tracking.log_batch(
            self._client,
            self.run_id,
            tags={"best": json.dumps(best)},
            metrics=[("best_score", score, 0)],
            status="FINISHED",
        )

    def close(self) -> None:
        """Let the writer end."""
        self._writer.shutdown(cancel_futures=True)


@contextmanager
def logged(spec: ExperimentSpec, workspace: Workspace, study: optuna.Study) -> Iterator[TrialLog]:
    """A log of the study's trials, caught up with what an earlier run left unwritten."""
    client = tracking.client(workspace.root)
    log = TrialLog(client, experiment=tracking.experiment_id(client, workspace.root, spec.name), study=study)
    try:
        log.catch_up()
        yield log
    finally:
        log.close()
