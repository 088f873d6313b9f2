"""A family on seeded random splits of a spec, each searched and fitted anew: for a test and for the benchmark."""

import time
from dataclasses import dataclass

import numpy as np
import optuna

from experiments.metric import evaluate
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.search import tuning
from experiments.search.past_trials import candidate
from experiments.spec import ExperimentSpec
from pipelines.learning import training_data
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

SPLITS = 5


@dataclass(frozen=True)
class Means:
    """Mean AUC and Brier of the gate rows, and the CPU seconds that one split's search took."""

    auc: float
    brier: float
    cpu_seconds: float


def over_splits(workspace: Workspace, *, family: str, trials: int) -> Means:
    """The means over SPLITS seeded splits of a spec whose matrix is built."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    base, figures = spec_files.load(workspace), []
    for seed in range(SPLITS):
        opened = training_data.opened(_with_split(base, family, seed, trials), workspace)
        problem = opened.problem([family], opened.spec.tuning.learners)
        began = time.process_time()
        study = optuna.create_study(direction="maximize", pruner=tuning.pruner())
        best = tuning.search(study, problem, spec=opened.spec.tuning, on_trial=lambda _: None)
        choice = candidate(best, opened.spec.tuning.learners[0])
        took = time.process_time() - began
        lesson = problem.learner_input(choice, np.arange(len(problem.X)), seed=0)
        truth, gate = opened.y[opened.split.gate], opened.X[opened.split.gate]
        said = problem.learners[choice.learner].fit(lesson).risk(gate)
        figures.append((evaluate(AUC, truth, said), evaluate(BRIER, truth, said), took))
    return Means(*np.mean(figures, axis=0))


def _with_split(spec: ExperimentSpec, family: str, seed: int, trials: int) -> ExperimentSpec:
    return spec.model_copy(
        update={
            "split": spec.split.model_copy(update={"seed": seed}),
            "tuning": spec.tuning.model_copy(update={"families": (family,), "trials": trials}),
        }
    )
