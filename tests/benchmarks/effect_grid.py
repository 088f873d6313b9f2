"""Worlds of known effect to measure uplift learners on: 25 columns, most of them noise.

The risk without action depends on four numbers and a category. What an action spares is the same for everybody, follows
one column in a straight line, is large beyond a threshold of one column and slightly negative below it, or is nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from experiments.family import PARTS
from experiments.metrics.log_loss import METRIC as LOG_LOSS
from experiments.rows.split import Fold
from experiments.search.learning_problem import PolicySettings, Problem
from experiments.sections.policy import PolicySpec
from features.contract import Contract
from features.feature import FeatureColumn
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, World

Shape = Literal["none", "constant", "linear", "step"]
SHAPES: tuple[Shape, ...] = ("none", "constant", "linear", "step")
N_NUMBERS, LEVELS = 21, (2, 2, 3, 4)
SIZES = (1.0, 0.7, 0.4)
LEAST_RISK = 0.005
CONTRACT = Contract(
    (
        *(FeatureColumn(f"number_{k}", "A number") for k in range(N_NUMBERS)),
        *(
            FeatureColumn(f"category_{k}", "A category", type="category", categories=tuple("abcd"[:n]))
            for k, n in enumerate(LEVELS)
        ),
    )
)


@dataclass(frozen=True)
class Setting:
    """A kind of world: rate is the share that leaves without action.

    logged: arms were drawn with equal and known probabilities; otherwise they depend on two columns that matter for the
    risk, and nobody wrote the probabilities down.
    """

    shape: Shape
    n_rows: int
    n_actions: int
    rate: float
    logged: bool

    def __str__(self) -> str:
        many = "1 action" if self.n_actions == 1 else f"{self.n_actions} actions"
        return f"{self.shape}, {self.n_rows:,} rows, {many}, {self.rate:.0%}, {'known' if self.logged else 'estimated'}"

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions."""
        return tuple(f"action_{k}" for k in range(self.n_actions))


def draw(setting: Setting, *, seed: int, n_rows: int | None = None) -> World:
    """A world of that kind; n_rows where it is to have others than the setting says, such as rows to judge on."""
    rng = np.random.default_rng([seed, 17])
    n = n_rows or setting.n_rows
    X = rng.normal(size=(n, N_NUMBERS + len(LEVELS)))
    X[:, 9:13] = np.exp(X[:, 9:13])
    X[:, 13:16] = np.round(np.abs(3 * X[:, 13:16]))
    for k, levels in enumerate(LEVELS):
        X[:, N_NUMBERS + k] = rng.integers(0, levels, n)
    pull = 0.5 * X[:, 0] + 0.4 * np.tanh(X[:, 1]) - 0.3 * X[:, 2] + 0.3 * (X[:, 3] > 0) + 0.4 * X[:, N_NUMBERS]
    risk = expit(pull + _centred(setting.rate))
    spared = np.column_stack([_spared(setting, X, k) for k in range(setting.n_actions)])
    effects = np.minimum(np.maximum(spared, risk[:, None] - 0.98), np.maximum(risk[:, None] - LEAST_RISK, 0))
    tilt = np.zeros((n, setting.n_actions + 1))
    if not setting.logged:
        tilt[:, 1:] = 0.5 * (X[:, [0]] + X[:, [1]])
    chances = np.exp(tilt) / np.exp(tilt).sum(axis=1, keepdims=True)
    drawn = (rng.random(n)[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    own = np.column_stack([np.zeros(n), effects])[np.arange(n), drawn]
    y = (rng.random(n) < risk - own).astype(float)
    X[rng.random(n) < 0.05, 4] = np.nan
    X[rng.random(n) < 0.05, 5] = np.nan
    probability = chances[np.arange(n), drawn] if setting.logged else np.full(n, np.nan)
    return World(X, y, np.array(["control", *setting.actions], dtype=object)[drawn], probability, effects)


def _spared(setting: Setting, X: np.ndarray, action: int) -> np.ndarray:
    size, column = setting.rate * SIZES[action], X[:, (2, 6, 7)[action]]
    return {
        "none": np.zeros(len(X)),
        "constant": np.full(len(X), 0.25 * size),
        "linear": size * (0.25 + 0.25 * column),
        "step": size * np.where(column > 0.3, 0.6, -0.1),
    }[setting.shape]


def _centred(rate: float) -> float:
    """The intercept that makes the mean risk the rate, by a large sample."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4, 50_000))
    pull = 0.5 * z[0] + 0.4 * np.tanh(z[1]) - 0.3 * z[2] + 0.3 * (z[3] > 0) + 0.4 * rng.integers(0, 2, 50_000)
    return float(brentq(lambda a: expit(pull + a).mean() - rate, -10, 10))


def problem(
    of: World, actions: tuple[str, ...], *, family_names: Collection[str] = tuple(FAMILIES), folds: int = 3
) -> Problem:
    """The problem of a world: every row a customer, of three folds and of the parts of the cross-fitting by turns."""
    turn = np.arange(len(of.y))
    found = {name: FAMILIES[name] for name in {*family_names, "logistic"}}
    return Problem(
        X=of.X,
        y=of.y,
        contract=CONTRACT,
        prepared={name: family.prepare(of.X, of.y, CONTRACT) for name, family in found.items()},
        arms=of.arms,
        actions=actions,
        probability=of.probability,
        parts=turn // folds % PARTS,
        folds=tuple(Fold(np.flatnonzero(turn % folds != k), np.flatnonzero(turn % folds == k)) for k in range(folds)),
        families=found,
        learners=LEARNERS,
        metric=LOG_LOSS,
        policy_settings=PolicySettings(
            value=np.full(len(turn), 100.0),
            ids=turn,
            cost=np.full(len(actions), 2.0),
            policy=PolicySpec(budget_share=0.3),
            may_contact=np.ones(len(turn), dtype=np.bool_),
        ),
    )
