"""Worlds of known risk, to search in: additive, of deep interactions, of many categories, and one of many columns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.contract import Contract
from features.feature import FeatureColumn
from tests.experiments.effect_worlds import World


@dataclass(frozen=True)
class RiskWorld:
    """Encoded rows, shape (n_rows, n_columns), what happened, its probability, and what the columns are."""

    X: np.ndarray
    y: np.ndarray
    risk: np.ndarray
    contract: Contract

    @property
    def as_world(self) -> World:
        """The same rows as a world in which nobody was treated."""
        n_rows = len(self.y)
        return World(self.X, self.y, np.full(n_rows, None, object), np.full(n_rows, np.nan), np.zeros((n_rows, 0)))


def additive(n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Twenty numbers, of which eight count, each by itself: lines, bends and steps. About a fifth leave."""
    X = rng.normal(size=(n_rows, 20))
    sums = 0.7 * X[:, 0] - 0.5 * X[:, 1] + 0.4 * np.abs(X[:, 2]) + 0.6 * (X[:, 3] > 0.5) + 0.5 * np.tanh(2 * X[:, 4])
    return X, sums + 0.2 * X[:, 5] - 0.2 * X[:, 6] + 0.3 * np.minimum(X[:, 7], 0) - 1.9, []


def deep(n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Fifteen numbers; three decide together which way three others point, with little noise. About half leave."""
    X = rng.uniform(-1, 1, size=(n_rows, 15))
    turned = np.sign(X[:, 0] + 0.2) * np.sign(X[:, 1] - 0.1)
    return X, 14 * (turned * X[:, 2] + np.sign(X[:, 3]) * X[:, 4] * X[:, 5] + 0.3 * X[:, 6]), []


def categories(n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Two categories of 40 and 3,000 values, the latter unevenly common, and five numbers. A quarter leaves."""
    small, large = rng.integers(0, 40, n_rows), np.minimum((rng.pareto(0.7, n_rows) * 8).astype(int), 2999)
    of_small, of_large = np.random.default_rng(1).normal(0, [[0.8]], (1, 40))[0], _of_values(3000)
    X = np.column_stack([small, large, rng.normal(size=(n_rows, 5))]).astype(float)
    return X, of_small[small] + of_large[large] + 0.6 * X[:, 2] - 0.4 * X[:, 3] - 1.5, [40, 3000]


def _of_values(n_values: int) -> np.ndarray:
    return np.random.default_rng(2).normal(0, 0.9, n_values)


def many(n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """57 columns, seven of them categories of up to 40 values; lines, bends, pairs and threes. A sixth leaves."""
    sizes = [3, 4, 6, 8, 12, 20, 40]
    values = [rng.integers(0, size, n_rows) for size in sizes]
    effects = [np.random.default_rng(size).normal(0, 0.3, size) for size in sizes]
    x = rng.normal(size=(n_rows, 50))
    x[:, 10:20] = np.exp(x[:, 10:20])
    sums = x[:, :8] @ np.array([0.5, -0.4, 0.3, -0.3, 0.2, 0.2, -0.1, 0.1]) + 0.4 * np.minimum(x[:, 10], 3)
    sums = sums + 1.2 * np.sign(x[:, 27]) * x[:, 20] * x[:, 21] + np.sign(x[:, 28] * x[:, 29]) * x[:, 30]
    sums = sums + 0.8 * (x[:, 22] > 0) * (x[:, 23] > 0.3) - 0.5 * np.abs(x[:, 24])
    x[rng.random(x.shape) < 0.05] = np.nan
    total = sums + sum(effect[value] for effect, value in zip(effects, values, strict=True))
    return np.column_stack([*values, x]).astype(float), total - 3.0, sizes


KINDS: dict[str, Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray, list[int]]]] = {
    "additive": additive,
    "deep": deep,
    "categories": categories,
    "many": many,
}


def risk_world(kind: str, n_rows: int, *, seed: int = 0) -> RiskWorld:
    """A world of that kind; its first columns are its categories."""
    rng = np.random.default_rng(seed)
    X, log_odds, sizes = KINDS[kind](n_rows, rng)
    risk = 1 / (1 + np.exp(-log_odds))
    columns = [
        FeatureColumn(f"c{k}", "A value", type="category", categories=tuple(f"v{value:04}" for value in range(size)))
        for k, size in enumerate(sizes)
    ] + [FeatureColumn(f"x{k}", "A number") for k in range(X.shape[1] - len(sizes))]
    return RiskWorld(X, (rng.random(n_rows) < risk).astype(float), risk, Contract(tuple(columns)))
