"""What a search finds in worlds of known risk, beside LightGBM's defaults: `python -m tests.benchmarks.risk_search`.

AUC and Brier are those on 20,000 new rows; CPU that of the search alone, then of the fit of what it chose. The last
column is the paired difference of the log loss, ours less theirs, with its standard error over these rows: promised not
to be above 0 by two of them. Large worlds are drawn with two seeds.
"""

import sys
import time
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import optuna
from sklearn.metrics import brier_score_loss, roc_auc_score

from experiments.search import candidate, past_trials, tuning
from experiments.sections.tuning import TuningSpec
from tests.experiments.effect_worlds import problem
from tests.experiments.risk_worlds import risk_world

NEW = 20_000
TRIALS = 30
LARGE = 50_000
WORLDS = (
    ("additive", 300),
    ("additive", 5000),
    ("additive", 50_000),
    ("deep", 1500),
    ("deep", 5000),
    ("deep", 20_000),
    ("deep", 50_000),
    ("categories", 1000),
    ("categories", 5000),
    ("categories", 50_000),
    ("many", 3000),
    ("many", 51_000),
)


def line(kind: str, n_rows: int, *, seed: int = 0) -> str:
    """The row of a world in the table."""
    world = risk_world(kind, n_rows + NEW, seed=seed)
    known = replace(world, X=world.X[:n_rows], y=world.y[:n_rows], risk=world.risk[:n_rows])
    X, y = world.X[n_rows:], world.y[n_rows:]
    of = problem(known.as_world, contract=world.contract, actions=(), folds=3)
    began = time.process_time()
    study = optuna.create_study(directions=["minimize"], pruner=tuning.pruner())
    best = tuning.search(study, of, spec=TuningSpec(trials=TRIALS, seed=seed), on_trial=lambda _: None)
    searched = time.process_time()
    choice = past_trials.candidate(best, "t_learner")
    ours = candidate.fit(choice, of, seed=seed).risk(X)
    fitted = time.process_time()
    categories = [place for place, column in enumerate(world.contract.columns) if column.type == "category"]
    rows = lgb.Dataset(known.X, known.y, categorical_feature=categories)
    theirs = lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1, "seed": seed}, rows, 100).predict(X)
    taken = f"{searched - began:.1f} s | {fitted - searched:.1f} s"
    told = f"{_told(y, ours)} | {choice.family} | {taken} | {_told(y, theirs)} | {_gap(y, ours, theirs)}"
    return f"| {kind}, {n_rows:,} rows, seed {seed} | {told} |"


def _gap(y: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> str:
    one, other = (-np.log(np.clip(np.where(y == 1, p, 1 - p), 1e-12, 1)) for p in (ours, theirs))
    apart = one - other
    mean, error = float(apart.mean()), float(apart.std() / np.sqrt(len(apart)))
    return f"{mean:+.4f} ± {error:.4f}{' **worse**' if mean > 2 * error else ''}"


def _told(y: np.ndarray, p: np.ndarray) -> str:
    return f"{roc_auc_score(y, p):.4f} | {brier_score_loss(y, p):.4f}"


def report(*only: str) -> None:
    """Print the table; only: kinds of worlds."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    named = "AUC | Brier | family | CPU | CPU of the fit | defaults: AUC | Brier | log loss to them"
    print(f"\n| {TRIALS} trials | {named} |", flush=True)
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, n_rows in WORLDS:
        if not only or kind in only:
            for seed in range(2 if n_rows >= LARGE else 1):
                print(line(kind, n_rows, seed=seed), flush=True)


if __name__ == "__main__":
    report(*sys.argv[1:])
