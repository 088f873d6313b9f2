"""`python -m tests.benchmarks.refitting ROOT SPEC ...`: does refitting on the gate rows too pay?

The rows of a spec are divided in three: to learn from, the gate cohort, and a third part that nobody has seen. One
candidate is searched on the first, fitted on the first, and fitted again with the same parameters and rounds on the
first two. Both are judged on the third part. ROOT holds the specs' built matrices; `grid` and `drift` are simulated
worlds that need none. For docs/decisions/0030-refitting-on-all-rows.md.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from scipy.special import expit

from experiments.metric import evaluate
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.qini import METRIC as QINI
from experiments.rows.gate_dates import closed_before
from experiments.rows.split import customer_hash
from experiments.search import candidate, past_trials, tuning
from experiments.search.learning_problem import Problem
from experiments.sections.tuning import TuningSpec
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.uplift_curves import plain_scores
from features.tables import CONTROL
from pipelines.learning import training_data
from pipelines.learning.training_data import Learning
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.benchmarks import effect_grid
from tests.benchmarks.effect_grid import Setting
from tests.experiments.effect_worlds import World

SEEDS, TRIALS = 5, 4
TEST_SHARE = 0.2
GRID = Setting("linear", 3000, 1, 0.3, logged=True)
Figures = dict[str, float]


def both(learn: Problem, whole: Problem, spec: TuningSpec, learner: str) -> tuple[FittedLearner, FittedLearner]:
    """The candidate that is searched on the learn rows, fitted on them and on all with the same parameters."""
    study = optuna.create_study(directions=tuning.directions(learn))
    best = tuning.search(study, learn, spec=spec, on_trial=lambda _: None)
    choice = past_trials.candidate(best, learner)
    first = candidate.fit(choice, learn, seed=spec.seed)
    return first, candidate.fit(choice, whole, seed=spec.seed)


def of_spec(root: Path, name: str, seed: int) -> tuple[Figures, Figures]:
    """The figures of both models of a spec with a built matrix."""
    workspace = Workspace(root, name)
    base = spec_files.load(workspace)
    spec = base.model_copy(
        update={
            "split": base.split.model_copy(update={"seed": seed}),
            "tuning": base.tuning.model_copy(update={"trials": TRIALS, "seed": seed}),
        }
    )
    opened = training_data.opened(spec, workspace)
    test, rest = _apart(opened, seed)
    judged, opened = _at(opened, test), _at(opened, rest)
    asked = opened.tuning
    learn, every = (one.problem(asked.families, asked.learners) for one in (opened, opened.whole))
    models = both(learn, every, asked, asked.learners[0])
    return tuple(_figures(model, judged) for model in models)  # type: ignore[return-value]


def _apart(opened: Learning, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows that nobody sees, and the others: customers at random, or the last date and four fifths of customers."""
    hashed = customer_hash(opened.rows["customer_id"], 100 + seed) % 1000 / 1000.0
    if opened.spec.split.kind == "random":
        return np.flatnonzero(hashed < TEST_SHARE), np.flatnonzero(hashed >= TEST_SHARE)
    as_of, label = opened.rows["as_of"].to_numpy(), opened.spec.label
    window = pd.Timedelta(days=label.lead_time_days + label.horizon_days)
    dates = np.unique(as_of)
    known = np.isin(as_of, closed_before(dates, dates[-1], window.to_pytimedelta())) & (hashed >= 0.5)
    return np.flatnonzero(as_of == dates[-1]), np.flatnonzero(known)


def _at(opened: Learning, index: np.ndarray) -> Learning:
    rows = opened.rows.iloc[index].reset_index(drop=True)
    return Learning(opened.spec, rows, opened.X[index], opened.contract, opened.listed)


def _figures(model: FittedLearner, judged: Learning) -> Figures:
    at = judged.at_risk
    found = _risk(model, judged.X[at], judged.y[at])
    if not judged.actions:
        return found
    trial = np.array([arm is not None for arm in judged.arms])
    gamma = plain_scores(
        arm=judged.arms[trial],
        control=CONTROL,
        actions=judged.actions,
        probability=judged.probability[trial],
        outcome=1.0 - judged.y[trial],
    )
    effects = model.effects(judged.X[trial]).values()
    return found | {"qini": float(np.mean([evaluate(QINI, *one) for one in zip(gamma.T, effects, strict=True)]))}


def _risk(model: FittedLearner, X: np.ndarray, y: np.ndarray) -> Figures:
    said = model.risk(X)
    return {"auc": evaluate(AUC, y, said), "brier": evaluate(BRIER, y, said)}


def of_grid(seed: int) -> tuple[Figures, Figures]:
    """A trial of known effects: a quarter of the rows is the gate cohort, 20,000 others judge."""
    world, new = effect_grid.draw(GRID, seed=seed), effect_grid.draw(GRID, seed=seed + 500, n_rows=20_000)
    learn, every = (effect_grid.problem(_first(world, n), GRID.actions) for n in (2250, 3000))
    models = both(learn, every, TuningSpec(trials=TRIALS, seed=seed), "t_learner")
    untreated = new.arms == CONTROL
    found = []
    for model in models:
        effects = np.column_stack(list(model.effects(new.X).values()))
        qini = evaluate(QINI, new.effects[:, 0], effects[:, 0])
        found.append(_risk(model, new.X[untreated], new.y[untreated]) | {"qini": qini})
    return found[0], found[1]


def of_drift(seed: int) -> tuple[Figures, Figures]:
    """Six dates of 1,000 rows, no actions; what drives leaving turns by 15 degrees a date; the last one judges."""
    setting = Setting("none", 6000, 1, 0.3, logged=True)
    world = effect_grid.draw(setting, seed=seed)
    date = np.arange(6000) // 1000
    turn = np.deg2rad(15.0 * date)
    pull = np.cos(turn) * world.X[:, 0] + np.sin(turn) * world.X[:, 6] - 1.0
    y = (np.random.default_rng([seed, 3]).random(6000) < expit(pull)).astype(float)
    world = replace(world, y=y, arms=np.full(6000, CONTROL, dtype=object))
    learn, every = (replace(effect_grid.problem(_first(world, n), ()), policy_settings=None) for n in (4000, 5000))
    spec = TuningSpec(trials=TRIALS, seed=seed)
    return tuple(_risk(model, world.X[date == 5], y[date == 5]) for model in both(learn, every, spec, "t_learner"))  # type: ignore[return-value]


def _first(world: World, n: int) -> World:
    return World(world.X[:n], world.y[:n], world.arms[:n], world.probability[:n], world.effects[:n])


def report(name: str, measure: Callable[[int], tuple[Figures, Figures]]) -> Iterator[str]:
    """A line a figure: without and with refitting, and the paired difference with its standard error over the seeds."""
    pairs = [measure(seed) for seed in range(SEEDS)]
    for figure in pairs[0][0]:
        one, other = (np.array([pair[k][figure] for pair in pairs]) for k in (0, 1))
        apart = other - one
        error = apart.std(ddof=1) / np.sqrt(SEEDS)
        yield f"| {name} | {figure} | {one.mean():.5f} | {other.mean():.5f} | {apart.mean():+.5f} ± {error:.5f} |"


def main(root: Path, names: list[str]) -> None:
    """Print a table."""
    print("| world | figure | not refitted | refitted | difference |\n|---|---|---|---|---|", flush=True)
    simulated = {"grid": of_grid, "drift": of_drift}
    for name in names:
        measure = simulated.get(name) or (lambda seed, name=name: of_spec(root, name, seed))
        for line in report(name, measure):
            print(line, flush=True)


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main(Path(sys.argv[1]), sys.argv[2:])
