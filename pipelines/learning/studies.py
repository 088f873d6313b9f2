"""Optuna studies in SQLite, and every trial of them in MLflow."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import optuna
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from optuna.trial import FrozenTrial

from experiments.search.learning_problem import Problem
from experiments.search.past_trials import ENDED, Record, recorded
from experiments.sections.section import HasName
from features.errors import HoldfastError
from pipelines.files import storage
from pipelines.learning import search_code
from pipelines.learning.training_data import Learnable
from pipelines.processes import orphans
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

RUN = "mlflow_run"
RISK, OBSERVATIONAL = "score", "observational_"


def name(spec: Learnable, workspace: Workspace, *, problem: Problem) -> str:
    """The study's name: a hash of all that its trials depend on, so that no trial is ever taken for another's.

    Of the code that is what the search of the problem runs: a plug-in that it does not use changes no study.
    """
    code = search_code.digests(problem)
    everything = json.dumps([asked_of(spec), storage.digest(workspace.matrix), code], sort_keys=True)
    return f"{spec.name}-{hashlib.sha256(everything.encode()).hexdigest()[:12]}"


def asked_of(spec: Learnable) -> dict[str, Any]:
    """What the spec says of the trials, as plain data; how many there are changes none of them."""
    sections = {"label": spec.label, "policy": spec.policy, "split": spec.split, "treatment": spec.treatment}
    plain = {key: section.model_dump(mode="json") if section else None for key, section in sections.items()}
    return {**plain, "tuning": spec.tuning.model_dump(mode="json", exclude={"trials", "timeout_seconds"})}


def opened(workspace: Workspace, *, name: str, directions: list[Literal["minimize", "maximize"]]) -> optuna.Study:
    """The study of that name, made if it is not there."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    workspace.state.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        study_name=name,
        storage=optuna.storages.RDBStorage(f"sqlite:///{workspace.state / 'study.db'}"),
        directions=directions,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        load_if_exists=True,
    )


class TrialLog:
    """Writes a study to MLflow as one run: each trial one batch, as it ends; seconds is the CPU time that it took.

    A trial is a parameter `trial 012`, the JSON of its parameters, and a step of the metric `score`, or of
    `score_when_pruned`, and of `uplift` and `policy_value` where there are actions. A nested run for each trial would
    cost three calls, a tenth of the time of a short trial. Where the actions were not randomised their figures are
    called `observational_uplift` and `observational_policy_value`: they show no effect.
    """

    def __init__(self, client: MlflowClient, *, experiment: str, study: optuna.Study, observational: bool) -> None:
        self._client, self._experiment, self._study = client, experiment, study
        self._of_actions = OBSERVATIONAL if observational else ""
        self.seconds = 0.0
        self.run_id = str(study.user_attrs.get(RUN) or "")
        if not self.run_id or not self._goes_on():
            self.run_id = self._start()

    def _start(self) -> str:
        run_id = mlflow_runs.start_run(self._client, self._experiment, name=f"study {self._study.study_name}")
        self._study.set_user_attr(RUN, run_id)
        return run_id

    def _goes_on(self) -> bool:
        """The run of a study that was stopped runs again, as this process's; False where this MLflow has no such run.

        It was deleted, or lies with another server; then a new one takes in all trials.
        """
        try:
            self._client.update_run(self.run_id, status="RUNNING")
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE"):
                raise
            return False
        mlflow_runs.log_batch(self._client, self.run_id, tags=orphans.owner())
        return True

    @contextmanager
    def running(self) -> Iterator[None]:
        """A block after which the run is not said to be running where it was stopped or failed."""
        try:
            yield
        except KeyboardInterrupt:
            self._ended("KILLED")
            raise
        except HoldfastError:
            self._ended("FAILED")
            raise

    def _ended(self, status: str) -> None:
        with suppress(MlflowException):  # what went wrong before is what matters
            self._client.set_terminated(self.run_id, status)

    def catch_up(self) -> None:
        """Write the trials that ended before a kill and were not written."""
        written = self._client.get_run(self.run_id).data.params
        for trial in self._study.get_trials(deepcopy=False, states=ENDED):
            if _key(trial) not in written:
                self.write(trial)

    def write(self, trial: FrozenTrial) -> None:
        """Write one trial that has ended: its parameters and its figures, those of the folds it saw."""
        began = time.thread_time()
        when = "" if trial.state == optuna.trial.TrialState.COMPLETE else "_when_pruned"
        mlflow_runs.log_batch(
            self._client,
            self.run_id,
            params={_key(trial): json.dumps(trial.params)},
            metrics=[(f"{name}{when}", value, trial.number) for name, value in self.named(recorded(trial)).items()],
        )
        self.seconds += time.thread_time() - began

    def named(self, record: Record) -> dict[str, float]:
        """The figures of a trial by the names under which they are shown."""
        return {name if name == RISK else f"{self._of_actions}{name}": one for name, one in record.figures.items()}

    def end(self, best: dict[str, Any], *, figures: dict[str, float], table: Path) -> None:
        """Write the study's best and the table of its trials, and end its run."""
        self._client.log_artifact(self.run_id, str(table))
        mlflow_runs.log_batch(
            self._client,
            self.run_id,
            tags={"best": json.dumps(best)},
            metrics=[(f"best_{name}", value, 0) for name, value in figures.items()],
            status="FINISHED",
        )


def _key(trial: FrozenTrial) -> str:
    return f"trial {trial.number:03}"


def logged(spec: HasName, workspace: Workspace, study: optuna.Study, *, observational: bool) -> TrialLog:
    """A log of the study's trials, caught up with what an earlier run left unwritten."""
    client = mlflow_runs.client(workspace.root)
    experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
    orphans.end(client, experiment)
    log = TrialLog(client, experiment=experiment, study=study, observational=observational)
    log.catch_up()
    return log
