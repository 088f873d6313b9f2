"""Search families, learners and parameters with Optuna; a search that was killed goes on where it was.

writes: artifacts/SPEC/tuning, the best candidate (best.json), every trial, the leak checks, the test of randomisation
writes: state/SPEC/study.db, Optuna's study; a run of MLflow in mlflow.db and mlartifacts/SPEC
codes: 5
example: python -m pipelines tune demo
example: python -m pipelines tune demo --verbose
"""

import time
from dataclasses import asdict, replace
from typing import Any, Protocol

import optuna
import pandas as pd
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial

from experiments.search import past_trials as remembered
from experiments.search import tuning
from experiments.search.learning_problem import Problem
from experiments.sections import checks
from experiments.sections.checks import HasChecks
from experiments.sections.source import HasSource
from experiments.sections.tuning import TuningSpec
from experiments.statistics import rounding
from features.errors import StorageError
from pipelines.files import spreadsheet, storage
from pipelines.learning import leak_checks, randomisation, studies, training_data
from pipelines.messages import log
from pipelines.processes import memory
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace


class Tuned(training_data.Learnable, HasSource, HasChecks, Protocol):
    """A spec, as far as the stage reads it."""


def run(spec: Tuned, workspace: Workspace) -> None:
    """Try `tuning.trials` candidates and write the best one, a table of them all, and what was asked of the data first.

    That is the findings of the leak checks, and the test of whether the actions were randomised.

    Raises DataError, before the first trial, when a leak check refuses the data.
    """
    opened = training_data.opened(spec, workspace)
    asked, has_columns = opened.tuning, bool(opened.contract.columns)
    checked = _checked(spec, opened, workspace)
    trial = randomisation.examined(opened, spec.source)
    problem = opened.problem(asked.families, asked.learners)
    problem = replace(problem, X=problem.X.copy())  # a part of all rows, of which the gate cohort's are let go
    del opened
    study, rows = _study(spec, workspace, problem)
    began = time.process_time()
    with mlflow_runs.answering(workspace.root):
        trials = studies.logged(spec, workspace, study, observational=randomisation.is_observational(spec, trial))
        with trials.running():
            trials.use(rows)
            best = searched(study, problem, asked=asked, trials=trials)
            trials.show(best, seconds=time.process_time() - began)
    choice = remembered.candidate(best, asked.learners[0])
    record = remembered.recorded(best)
    chosen, figures = {**asdict(choice), **record.figures}, trials.named(record)
    share = trials.seconds / (time.process_time() - began)
    with storage.replacing_folder(workspace.tuning) as folder:
        storage.write_json(folder / "best.json", {**chosen, "study": study.study_name, "metric": asked.metric})
        spreadsheet.write(folder / "trials.csv", table(remembered.ended(study)[: asked.trials]))
        storage.write_json(folder / "checks.json", rounding.plain(checked))
        storage.write_json(folder / "randomisation.json", rounding.plain(trial))
        trials.end(chosen, figures=figures, table=folder / "trials.csv")
    log.done(
        "tune",
        spec.name,
        trials=asked.trials,
        family=choice.family,
        learner=choice.learner if problem.actions else "none",
        **{name: round(value, 4) for name, value in figures.items()},
        **({} if has_columns else {"columns": "none: one probability for all"}),
        tracking=f"{share:.1%} of the time",
    )


def _checked(spec: HasChecks, opened: training_data.Learning, workspace: Workspace) -> list[dict[str, Any]]:
    return leak_checks.passed(
        opened,
        opened.folds,
        off=checks.off(spec.checks),
        accepted=checks.accepted(spec.checks),
        matrix=workspace.matrix,
        state=workspace.state,
    )


def _study(spec: Tuned, workspace: Workspace, problem: Problem) -> tuple[optuna.Study, mlflow_runs.LoggedRows]:
    """The study, and the rows that its trials learn from as MLflow is told of them."""
    digest, where = storage.digest(workspace.matrix), str(workspace.matrix.relative_to(workspace.root))
    name = studies.name(spec, problem=problem, matrix=digest)
    study = studies.opened(workspace, name=name, directions=tuning.directions(problem), metric=spec.tuning.metric)
    return study, mlflow_runs.LoggedRows(spec.name, digest, where, len(problem.X), "training")


def searched(study: optuna.Study, problem: Problem, *, asked: TuningSpec, trials: studies.TrialLog) -> FrozenTrial:
    """The best of the search, with a bar that grows. Raises StorageError when the disk is full."""
    done = len(remembered.ended(study))
    with log.bar("tune", unit="trial", total=asked.trials, done=done) as bar:

        def on_trial(trial: FrozenTrial) -> None:
            trials.write(trial)
            memory.given_back()
            bar.update()

        try:
            return tuning.search(study, problem, spec=asked, on_trial=on_trial)
        except StorageInternalError as error:
            raise StorageError(f"the study could not be written: {error}. What has ended is kept.") from error


def table(trials: list[FrozenTrial]) -> pd.DataFrame:
    """The trials that ended, one row each, in order."""
    rows: list[dict[str, Any]] = [
        {
            "trial": place,
            "state": trial.state.name.lower(),
            **remembered.recorded(trial).figures,
            **{name: rounding.parameter(value) for name, value in trial.params.items()},
        }
        for place, trial in enumerate(trials)
    ]
    return pd.DataFrame(rows)
