"""What a search costs over bare trainings: `python -m tests.benchmarks.searching FOLDER SPEC TRIALS [PAIRS]`.

FOLDER is a checkout in which SPEC was built. Bare runs vary by a third, so both are done seven times unless said, in
turns, and the figures are medians. Done again, it needs FOLDER's state/SPEC/study.db deleted: studies go on.
The search is the one that `tune` runs, of LightGBM and the risk alone: Optuna, its storage and the tracking. Bare is
LightGBM without any of these: the same rows binned once, then the same trainings and predictions, each trial as many
folds and rounds as the search gave it.
"""

import sys
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
from optuna.trial import FrozenTrial

from experiments.families.lightgbm import ENOUGH_TO_HURRY, FIXED, PATIENCE, threads
from experiments.search import past_trials as remembered
from experiments.search import tuning
from experiments.search.learning_problem import Problem
from experiments.spec import ExperimentSpec
from experiments.statistics import draft_rate
from pipelines.learning import studies, training_data
from pipelines.servers import mlflow_runs
from pipelines.specs import spec_files
from pipelines.stages import tune
from pipelines.workspace import Workspace

PAIRS = 7


def of_risk(spec: ExperimentSpec, trials: int) -> ExperimentSpec:
    """The spec without its actions, LightGBM being the one family."""
    searched = spec.tuning.model_copy(update={"families": ("lightgbm",), "trials": trials})
    return spec.model_copy(update={"treatment": None, "tuning": searched})


def search(spec: ExperimentSpec, workspace: Workspace, problem: Problem, *, turn: int) -> list[FrozenTrial]:
    """What `tune` does, from the opened problem on, in a study of its own; the trials that ended."""
    study = studies.opened(
        workspace, name=f"bench-{spec.name}-{turn}", directions=tuning.directions(problem), metric="score"
    )
    with mlflow_runs.answering(workspace.root):
        log = studies.logged(spec, workspace, study, observational=False)
        tune.searched(study, problem, asked=spec.tuning, trials=log)
    return remembered.ended(study)


def bare(problem: Problem, ended: list[FrozenTrial], *, seed: int) -> None:
    """The trainings of these trials and nothing else."""
    categories = [place for place, column in enumerate(problem.contract.columns) if column.type == "category"]
    rows = lgb.Dataset(problem.X, problem.y, categorical_feature=categories, params=dict(FIXED)).construct()
    for trial in ended:
        params = {
            **FIXED,
            **remembered.candidate(trial, "").params,
            "metric": "binary_logloss",
            "seed": seed,
            "num_threads": threads(len(problem.X)),
        }
        record = remembered.recorded(trial)
        moved = record.learned["control"]["rounds"]  # in rounds at the trial's own rate, which many rows' drafts exceed
        for fold in problem.folds[: len(record.risk)]:
            hurries = len(fold.fit) >= ENOUGH_TO_HURRY
            rounds = len(draft_rate.rates(params["learning_rate"], moved)) if hurries else round(moved)
            booster = lgb.train(
                params,
                rows.subset(np.sort(fold.fit)),
                rounds + PATIENCE,
                valid_sets=[rows.subset(np.sort(fold.judge))],
            )
            booster.predict(problem.X[fold.judge], num_threads=threads(len(fold.judge)))


def main(folder: str, name: str, trials: str, pairs: str = str(PAIRS)) -> None:
    """Search, train the same again, in turns, and print the medians of what each took and of their ratios."""
    workspace = Workspace(Path(folder), name)
    spec = of_risk(spec_files.load(workspace), int(trials))
    opened = training_data.opened(spec, workspace)
    problem = opened.problem(spec.tuning.families, spec.tuning.learners[:1])
    ours: list[float] = []
    theirs: list[float] = []
    ended = search(spec, workspace, problem, turn=-1)  # what is loaded and compiled once counts for neither
    for turn in range(int(pairs)):
        for searches in (True, False) if turn % 2 else (False, True):
            began = time.process_time()
            if searches:
                search(spec, workspace, problem, turn=turn)
            else:
                bare(problem, ended, seed=spec.tuning.seed)
            (ours if searches else theirs).append(time.process_time() - began)
    more = np.array(ours) / np.array(theirs) - 1
    spread = f"{np.median(more):+.1%} ({more.min():+.1%} to {more.max():+.1%})"
    print(f"| {name}: {len(problem.X):,} rows | {np.median(ours):.1f} s | {np.median(theirs):.1f} s | {spread} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
