"""Rows of SMOTE are told; rows that lie on lines by their nature are not."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from experiments.checks.l011_synthetic_rows import synthetic_rows
from experiments.leaks.check import EncodedRows, LeakEvidence
from experiments.metric import Numbers
from experiments.rows.split import Fold
from features.contract import Contract
from features.feature import FeatureColumn
from tests.experiments.checks.worlds import clean


def table(seed: int, *, rows: int = 3000, columns: int = 6, churned: float = 0.15) -> tuple[Numbers, np.ndarray]:
    """Numbers of many values that have something in common, and who left."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 1)) + rng.normal(size=(rows, columns))
    X[:, 0], X[:, 1] = np.exp(X[:, 0]), np.round(30 + 20 * X[:, 1])
    return X, (rng.random(rows) < churned * 2 / (1 + np.exp(-X[:, 2]))).astype(float)


def smote(X: Numbers, y: np.ndarray, *, times: float, seed: int) -> tuple[Numbers, np.ndarray]:
    """So many rows more of those who left, each between one and one of its five nearest (Chawla et al. 2002)."""
    rng, left = np.random.default_rng(seed), X[y == 1]
    near = NearestNeighbors(n_neighbors=6).fit(left).kneighbors(left)[1][:, 1:]
    one = rng.integers(len(left), size=int(times * len(left)))
    other = near[one, rng.integers(5, size=len(one))]
    made = left[one] + rng.random((len(one), 1)) * (left[other] - left[one])
    order = rng.permutation(len(X) + len(made))
    return np.vstack([X, made])[order], np.append(y, np.ones(len(made)))[order]


def world(X: Numbers, y: np.ndarray) -> LeakEvidence:
    """Four rows of five to learn from, in three folds, and the rest as the gate cohort."""
    contract = Contract(tuple(FeatureColumn(f"x{place}", f"x{place}") for place in range(X.shape[1])))
    gate = np.arange(len(y)) % 5 == 0
    sides = [
        EncodedRows(
            X[one], y[one], np.array([f"c{place}" for place in np.flatnonzero(one)], dtype=object), _never(one.sum())
        )
        for one in (~gate, gate)
    ]
    fold = np.arange((~gate).sum()) % 3
    folds = tuple(Fold(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3))
    return LeakEvidence(contract, *sides, folds)


def _never(rows: int) -> np.ndarray:
    return np.full(rows, np.datetime64("NaT"), dtype="datetime64[us]")


def planted(seed: int) -> LeakEvidence:
    return world(*smote(*table(seed), times=2, seed=seed))


@pytest.mark.parametrize(("columns", "times"), [(3, 2.0), (6, 1.0), (20, 1.0), (20, 4.0)])
def test_made_up_rows_are_told_in_few_columns_and_in_many(columns: int, times: float) -> None:
    (finding,) = synthetic_rows.examine(world(*smote(*table(1, columns=columns), times=times, seed=1)))
    assert finding.subject == "rows"
    assert "with outcome 1" in finding.sentence
    assert finding.measured > 0.1 > 3 * finding.threshold


def test_made_up_rows_of_six_digits_are_told() -> None:
    X, y = smote(*table(2), times=2, seed=2)
    assert synthetic_rows.examine(world(np.round(X, 6), y))


@pytest.mark.parametrize("seed", range(5))
def test_rows_as_they_were_are_not(seed: int) -> None:
    assert not synthetic_rows.examine(world(*table(seed)))


def test_a_fine_grid_on_which_rows_lie_between_others_by_chance_is_no_finding() -> None:
    """Whole numbers from 0 to 39 in three columns: many rows lie exactly between two others, of either outcome."""
    rng = np.random.default_rng(0)
    X = np.round(np.clip(20 + 5 * rng.normal(size=(20_000, 3)), 0, 39))
    X[:40] = np.arange(40)[:, None]
    assert not synthetic_rows.examine(world(X, (rng.random(len(X)) < 0.3).astype(float)))


def test_customers_of_whom_nothing_but_days_passes_are_no_finding() -> None:
    """Days since joining, since the last payment and the last login rise together, date by date; most leave."""
    rng = np.random.default_rng(1)
    days = np.repeat(rng.integers(0, 900, 1000), 4) + np.tile([0.0, 90.0, 180.0, 270.0], 1000)
    X, y = np.column_stack([days, days + 3, days / 30.4]), (rng.random(4000) < 0.8).astype(float)
    found = world(X, y)
    customers = np.repeat(np.arange(1000), 4)[np.arange(4000) % 5 != 0].astype(str).astype(object)
    assert not synthetic_rows.examine(replace(found, training=replace(found.training, customers=customers)))


@pytest.mark.slow
def test_clean_worlds_are_never_told() -> None:
    assert not [seed for seed in range(200) if synthetic_rows.examine(clean(seed, dated=bool(seed % 2)))]
