"""`python -m tests.benchmarks.effects [SEEDS]`: uplift learners on worlds of known effect, for docs/learners.md.

Ours, from their starting points and as the search chooses, against causalml's and, where it is installed (`pip install
econml==0.17.0` beside our requirements), EconML's, on the same rows. `python -m tests.benchmarks.effects time` prints
what fits and a search of 500 rows take.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import optuna
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from experiments.search import candidate, past_trials, tuning
from experiments.search.learning_problem import Problem
from experiments.sections.tuning import TuningSpec
from experiments.statistics.holm import rejected
from experiments.uplift.fitted_learner import FittedLearner
from tests.benchmarks.effect_grid import SHAPES, Setting, draw, problem
from tests.benchmarks.effect_rivals import columns, rivals
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, World, starting_point

SMALL = [Setting(shape, 500, 1, 0.4, logged=False) for shape in SHAPES]
LARGER = [Setting(shape, 1000, 1, 0.15, logged=True) for shape in SHAPES]
SEVERAL = [Setting(shape, 1000, 3, 0.4, logged=True) for shape in SHAPES]
RARE = [Setting(shape, 5000, 1, 0.05, logged=True) for shape in SHAPES]
MANY = [Setting(shape, 20_000, 1, 0.15, logged=False) for shape in SHAPES]
HUGE = [Setting(shape, 100_000, 1, 0.15, logged=False) for shape in SHAPES[2:]]
GRID = (*SMALL, *LARGER, *SEVERAL, *RARE, *MANY, *HUGE)
NEW_ROWS, TRIALS = 4000, 24


def searched(of: Problem, seed: int, count: int = TRIALS) -> FittedLearner:
    """What the platform does: a search, then the chosen candidate on all rows."""
    study = optuna.create_study(directions=tuning.directions(of))
    best = tuning.search(study, of, spec=TuningSpec(trials=count, seed=seed), on_trial=lambda _: None)
    return candidate.fit(past_trials.candidate(best, "t_learner"), of, seed=seed)


def error(effects: np.ndarray, new: World) -> float:
    """The root of the mean squared error of the effects (root PEHE), over rows and actions."""
    return float(np.sqrt(np.mean((effects - new.effects) ** 2)))


def ours(setting: Setting, of: World, new: World, seed: int) -> dict[str, float]:
    """The errors of the platform's choice and of every learner as it is, from its starting point."""
    made = problem(of, setting.actions)
    found = {"chosen": error(np.column_stack(list(searched(made, seed).effects(new.X).values())), new)}
    for learner in LEARNERS.values():
        for family in FAMILIES.values():
            choice = starting_point(family, learner)
            learned = dict.fromkeys(learner.calibrated_on(setting.actions), choice.learned["control"])
            plain = learner.fit(made.learner_input(replace(choice, learned=learned), np.arange(len(of.y)), seed=0))
            found[f"{learner.name} {family.name}"] = error(np.column_stack(list(plain.effects(new.X).values())), new)
    return found


def theirs(setting: Setting, of: World, new: World) -> dict[str, float]:
    """The errors of their learners."""
    made, asked = columns(of, new.X)
    with threadpool_limits(1):
        return {name: error(rival(of, setting.actions, made, asked), new) for name, rival in rivals().items()}


def compared(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """The mean paired difference, its standard error, and the p-value of one being no worse than other."""
    apart = one - other
    spread = float(apart.std(ddof=1) / np.sqrt(len(apart)))
    return float(apart.mean()), spread, float(student.sf(apart.mean() / spread, len(apart) - 1))


def report(seeds: int, grid: Sequence[Setting] = GRID) -> None:
    """Print a row a world: the best of theirs, the best learner of ours and the search's choice, and both gaps.

    Which learner is best in a world is known afterwards only, of theirs and of ours alike; the search does not know it.
    """
    print("| world | best of theirs | best of ours | less theirs | chosen by the search | less theirs |")
    print("|---|---|---|---|---|---|")
    doubts: dict[str, list[float]] = {"learners": [], "search": []}
    for setting in grid:
        new = draw(setting, seed=999, n_rows=NEW_ROWS)
        worlds = [draw(setting, seed=seed) for seed in range(seeds)]
        a = [ours(setting, of, new, seed) for seed, of in enumerate(worlds)]
        b = [theirs(setting, of, new) for of in worlds]
        own, other = ({name: np.array([one[name] for one in every]) for name in every[0]} for every in (a, b))
        chosen = own.pop("chosen")
        best, first = (min(each, key=lambda name, each=each: each[name].mean()) for each in (other, own))
        cells = []
        for who, found in (("learners", own[first]), ("search", chosen)):
            gap, spread, p = compared(found, other[best])
            doubts[who].append(p)
            cells.append(f"{found.mean():.4f}{f' {first}' if who == 'learners' else ''} | {gap:+.4f} ± {spread:.4f}")
        print(f"| {setting} | {other[best].mean():.4f} {best} | {' | '.join(cells)} |", flush=True)
    for who, found in doubts.items():
        worse = rejected(found, alpha=0.025)
        shown = [str(setting) for setting, one in zip(grid, worse, strict=True) if one]
        print(f"{who} shown to be worse (Holm over {len(grid)} worlds): {shown or 'in none'}")


def times() -> None:
    """Print CPU seconds for 500 rows: of every learner over every family, nuisances included, and of a search."""
    setting = Setting("step", 500, 3, 0.4, logged=False)
    of, slowest = draw(setting, seed=0), 0.0
    for learner in LEARNERS.values():
        for family in FAMILIES.values():
            choice = replace(starting_point(family, learner), learned={})
            began = time.process_time()
            learner.fit(problem(of, setting.actions).learner_input(choice, np.arange(500), seed=0))
            slowest = max(slowest, time.process_time() - began)
    began = time.process_time()
    searched(problem(of, setting.actions), 0)
    took = time.process_time() - began
    print(f"| 500 rows, 25 columns, 3 actions: the slowest learner to fit | {slowest:.1f} s | 2 s |")
    print(f"| ... a search of {TRIALS} trials, and the fit of what it chose | {took:.1f} s | 60 s |")


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if sys.argv[1:] == ["time"]:
        times()
    else:
        report(int(sys.argv[1]) if sys.argv[1:] else 10)
