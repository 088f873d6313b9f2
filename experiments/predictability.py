"""How well covariates tell who was given an action from who was not; had the lot decided, they could not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from experiments.metric import Numbers
from experiments.newton import logistic_fit

FOLDS = 5
RIDGE = 1.0


@dataclass(frozen=True)
class Predictability:
    """How well the covariates tell an arm from the control: out-of-fold AUC, its error, the one-sided p-value."""

    action: str
    auc: float
    standard_error: float
    p: float


def predictability(
    covariates: Numbers, *, arm: NDArray[np.generic], pair: tuple[str, str], seed: int
) -> Predictability:
    """Tell arm from control by a ridge logistic regression, each fold judged by a fit to the others.

    covariates, shape (n_rows, n_columns), have no missing values; arm, shape (n_rows,), names what each row
    was given; pair is an action and the control, each with 10 rows at least: other rows play no part. seed
    deals rows to folds. The AUC is the mean over folds, as scores of different fits do not compare; its
    error is that of a worthless score (Mann & Whitney 1947), folds being independent under chance.
    """
    among = np.isin(arm, pair)
    treated = (arm[among] == pair[0]).astype(np.float64)
    columns = _standardised(covariates[among])
    fold = _folds(treated, seed)
    ones = np.ones((1, treated.size))
    aucs, variances = [], []
    for judged in (fold == index for index in range(FOLDS)):
        fit = logistic_fit(columns[~judged], target=treated[~judged], weights=ones[:, ~judged], ridge=RIDGE)[0]
        auc, variance = _mann_whitney(treated[judged], columns[judged] @ fit)
        aucs.append(auc)
        variances.append(variance)
    auc, error = float(np.mean(aucs)), float(np.sqrt(np.sum(variances)) / FOLDS)
    return Predictability(pair[0], auc, error, float(norm.sf((auc - 0.5) / error)))


def _mann_whitney(truth: Numbers, score: Numbers) -> tuple[float, float]:
    """The AUC and the variance it has when the score is worthless."""
    m = float(truth.sum())
    n = truth.size - m
    auc = (float(rankdata(score)[truth == 1].sum()) - m * (m + 1) / 2) / (m * n)
    return auc, (m + n + 1) / (12 * m * n)


def _folds(treated: Numbers, seed: int) -> NDArray[np.intp]:
    """A fold for each row, drawn with seed, of equal shares of both groups."""
    generator = np.random.default_rng(seed)
    fold = np.empty(treated.size, dtype=np.intp)
    for group in (treated == 1, treated == 0):
        fold[group] = generator.permutation(int(group.sum())) % FOLDS
    return fold


def _standardised(covariates: Numbers) -> Numbers:
    """A column of ones, then each covariate that varies, at mean 0 and standard deviation 1."""
    spread = covariates.std(axis=0)
    varying = covariates[:, spread > 0]
    return np.column_stack([np.ones(len(varying)), (varying - varying.mean(axis=0)) / spread[spread > 0]])
