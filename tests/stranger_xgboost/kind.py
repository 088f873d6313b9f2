"""Trees of XGBoost, walked by NumPy: `pipelines/models/scorers/kinds/xgboost.py` of a project that has the family."""

import json
from typing import Any

import numpy as np

from pipelines.models.scorers.models import KINDS
from pipelines.models.scorers.reading import Numbers, Plain

LARGEST = float(np.finfo(np.float32).max)


class XgboostTree:
    """One tree; values, thresholds and comparisons are in single precision, as XGBoost's are."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.left, self.right = (np.array(tree[f"{side}_children"], dtype=int) for side in ("left", "right"))
        self.column, self.missing_left = np.array(tree["split_indices"]), np.array(tree["default_left"], dtype=bool)
        # A leaf keeps its value where a split keeps its threshold.
        self.threshold = np.array(tree["split_conditions"], dtype=np.float32)
        self.mean = self.threshold.astype(np.float64)
        weight = np.array(tree["sum_hessian"], dtype=np.float64)
        for node in reversed(range(len(self.left))):  # children stand behind their parents
            if self.left[node] != -1:
                both = [self.left[node], self.right[node]]
                total = weight[both].sum()
                self.mean[node] = (weight[both] @ self.mean[both]) / total if total else self.mean[both].mean()

    def walk(self, X: np.ndarray) -> tuple[np.ndarray, Numbers]:
        """The leaf of each row, shape (n_rows,), and by how much each column moved the mean on the way to it."""
        at, moved = np.zeros(len(X), dtype=int), np.zeros(X.shape)
        rows = np.arange(len(X))[self.left[at] != -1]
        while len(rows):
            node = at[rows]
            column = self.column[node]
            value = X[rows, column]
            goes_left = np.where(np.isnan(value), self.missing_left[node], value < self.threshold[node])
            at[rows] = np.where(goes_left, self.left[node], self.right[node])
            moved[rows, column] += self.mean[at[rows]] - self.mean[node]
            rows = rows[self.left[at[rows]] != -1]
        return at, moved


class Xgboost:
    """The trees' sum in single precision, one after another, on top of an offset in double precision."""

    def __init__(self, plain: Plain, texts: list[str]) -> None:
        self.offset, self.is_probability = plain["offset"], plain["is_probability"]
        self.trees = [XgboostTree(tree) for tree in json.loads(texts[0])["model"]["trees"]]

    def predict(self, X: Numbers) -> Numbers:
        """The probability, or the number."""
        single = np.clip(X, -LARGEST, LARGEST).astype(np.float32)
        total = np.zeros(len(X), dtype=np.float32)
        for tree in self.trees:
            total += tree.threshold[tree.walk(single)[0]]
        margin = self.offset + total.astype(np.float64)
        return np.asarray(1.0 / (1.0 + np.exp(-margin)) if self.is_probability else margin)

    def contributions(self, X: Numbers) -> Numbers:
        """By how much the splits on each column move the mean of the rows below them (Saabas 2014).

        The baseline is the trees' own means, and what single precision rounds off the sum.
        """
        single = np.clip(X, -LARGEST, LARGEST).astype(np.float32)
        moved, total = np.zeros(X.shape), np.zeros(len(X), dtype=np.float32)
        for tree in self.trees:
            leaf, by_column = tree.walk(single)
            moved, total = moved + by_column, total + tree.threshold[leaf]
        return np.column_stack([moved, self.offset + total.astype(np.float64) - moved.sum(axis=1)])


KINDS["xgboost"] = Xgboost
