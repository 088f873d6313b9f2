"""Optuna studies in SQLite, logged to MLflow."""

import hashlib
import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import optuna
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial

from experiments.search import tuning
from experiments.search.learning_problem import Problem
from experiments.search.past_trials import ENDED, Record, recorded
from experiments.sections.section import HasName
from features.errors import HoldfastError
from pipelines.learning import search_code, trial_runs
from pipelines.learning.training_data import Learnable
from pipelines.processes import orphans
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

RUN = "mlflow_run"
RISK, OBSERVATIONAL = "score", "observational_"
FLUSH_SECONDS = 1.0


def name(spec: Learnable, *, problem: Problem, matrix: str) -> str:
    """The study's name: a hash of everything that its trials depend on, so that studies are never mixed.

    Of the code that is what the search of the problem runs: a plug-in that it does not use changes no study. matrix is
    the digest of the rows to learn from.
    """
    everything = json.dumps([asked_of(spec), matrix, search_code.digests(problem)], sort_keys=True)
    return f"{spec.name}-{hashlib.sha256(everything.encode()).hexdigest()[:12]}"


def asked_of(spec: Learnable) -> dict[str, Any]:
    """The spec's search settings as plain data, without the number of trials."""
    sections = {"label": spec.label, "policy": spec.policy, "split": spec.split, "treatment": spec.treatment}
    plain = {key: section.model_dump(mode="json") if section else None for key, section in sections.items()}
    return {**plain, "tuning": spec.tuning.model_dump(mode="json", exclude={"trials", "timeout_seconds"})}


def opened(
    workspace: Workspace, *, name: str, directions: list[Literal["minimize", "maximize"]], metric: str
) -> optuna.Study:
    """The study of that name, created if absent; metric names its first objective, a metric of the risk."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    workspace.state.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name,
        storage=optuna.storages.RDBStorage(f"sqlite:///{workspace.state / 'study.db'}"),
        directions=directions,
        pruner=tuning.pruner(),
        load_if_exists=True,
    )
    names = [metric, "uplift"][: len(directions)]
    if study.metric_names != names:
        with warnings.catch_warnings():
            # Optuna 5 calls it experimental, as it has since 3.2; its dashboard shows the figures by these names.
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names(names)
    return study


class TrialLog:
    """Writes a study to MLflow as one run, updated about once a second; seconds is the CPU time of the search.

    A trial is a parameter `trial 012`, the JSON of its parameters, and a step of the metric `score`, or of
    `score_when_pruned`, and of `uplift` and `policy_value` where there are actions. At the end each is a nested run,
    too, as far as its cost allows (`trial_runs`). Where the actions were not randomised their figures are called
    `observational_uplift` and `observational_policy_value`: they show no effect.
    """

    def __init__(self, client: MlflowClient, *, experiment: str, study: optuna.Study, observational: bool) -> None:
        self._client, self._experiment, self._study = client, experiment, study
        self._of_actions = OBSERVATIONAL if observational else ""
        self.seconds, self._waiting, self._flushed = 0.0, list[FrozenTrial](), 0.0
        self.run_id = str(study.user_attrs.get(RUN) or "")
        if not self.run_id or not self._goes_on():
            self.run_id = self._start()

    def _start(self) -> str:
        run_id = mlflow_runs.start_run(self._client, self._experiment, name=f"study {self._study.study_name}")
        self._study.set_user_attr(RUN, run_id)
        return run_id

    def _goes_on(self) -> bool:
        """Resume the MLflow run of an interrupted study; False where this MLflow has no such run.

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
        """A block after which the run is marked as ended where it was stopped or failed."""
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
            self.flush()
            self._client.set_terminated(self.run_id, status)

    def catch_up(self) -> None:
        """Write the trials that ended before a kill and were not written."""
        written = self._client.get_run(self.run_id).data.params
        for trial in self._study.get_trials(deepcopy=False, states=ENDED):
            if _key(trial) not in written:
                self.write(trial)

    def use(self, rows: mlflow_runs.LoggedRows) -> None:
        """Record which rows the trials are trained on."""
        began = time.thread_time()
        mlflow_runs.log_inputs(self._client, self.run_id, [rows])
        self.seconds += time.thread_time() - began

    def write(self, trial: FrozenTrial) -> None:
        """Write one finished trial: its parameters and the figures of its folds.

        Short trials wait for one another; those that a kill leaves unwritten are caught up with.
        """
        self._waiting.append(trial)
        if time.monotonic() - self._flushed >= FLUSH_SECONDS or len(self._waiting) >= mlflow_runs.MOST_PARAMS:
            self.flush()

    def flush(self) -> None:
        """Write the buffered trials."""
        if not self._waiting:
            return
        began = time.thread_time()
        mlflow_runs.log_batch(
            self._client,
            self.run_id,
            params={_key(trial): json.dumps(trial.params) for trial in self._waiting},
            metrics=[one for trial in self._waiting for one in self._metrics(trial)],
        )
        self._waiting, self._flushed = [], time.monotonic()
        self.seconds += time.thread_time() - began

    def _metrics(self, trial: FrozenTrial) -> Iterator[tuple[str, float, int]]:
        when = "" if trial.state == optuna.trial.TrialState.COMPLETE else "_when_pruned"
        for name, value in self.named(recorded(trial)).items():
            yield f"{name}{when}", value, trial.number

    def named(self, record: Record) -> dict[str, float]:
        """The figures of a trial by display name."""
        return {name if name == RISK else f"{self._of_actions}{name}": one for name, one in record.figures.items()}

    def show(self, first: FrozenTrial, *, seconds: float) -> None:
        """Write trials as nested runs, the best one first; seconds is the CPU time of the search so far."""
        self.flush()
        began = time.thread_time()
        left = trial_runs.MOST_SHARE * seconds - self.seconds
        there = self._study.get_trials(deepcopy=False, states=ENDED)
        order = [first, *(one for one in reversed(there) if one.number != first.number)]
        named = {one.number: dict(value[:2] for value in self._metrics(one)) for one in order}
        trial_runs.write(self._client, self._experiment, self.run_id, trials=order, figures=named, seconds=left)
        self.seconds += time.thread_time() - began

    def end(self, best: dict[str, Any], *, figures: dict[str, float], table: Path) -> None:
        """Write the study's best trial and the table of trials, and end its run.

        It lasted as long as its trials: one that was stopped on Friday and goes on on Monday did not take a weekend.
        """
        self._client.log_artifact(self.run_id, str(table))
        lasted = trial_runs.lasted(self._study.get_trials(deepcopy=False, states=ENDED))
        began = int(self._client.get_run(self.run_id).info.start_time)
        mlflow_runs.log_batch(
            self._client,
            self.run_id,
            tags={"best": json.dumps(best), mlflow_runs.NOTE: trial_runs.NOTE},
            metrics=[*((f"best_{name}", value, 0) for name, value in figures.items()), ("search_seconds", lasted, 0)],
            status="FINISHED",
            ended_ms=min(int(time.time() * 1000), began + int(1000 * lasted)),
        )


def _key(trial: FrozenTrial) -> str:
    return f"trial {trial.number:03}"


def logged(spec: HasName, workspace: Workspace, study: optuna.Study, *, observational: bool) -> TrialLog:
    """A log of the study's trials, including those that an earlier run left unwritten."""
    client = mlflow_runs.client(workspace.root)
    experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
    orphans.end(client, experiment)
    log = TrialLog(client, experiment=experiment, study=study, observational=observational)
    log.catch_up()
    return log
