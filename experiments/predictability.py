"""How well covariates tell who was given an action from who was not; had the lot decided, they could not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression

from experiments.metric import Numbers, evaluate
from experiments.metrics.auc import METRIC as AUC

FOLDS = 5
RIDGE = 1.0
OPEN = float(np.log(9))  # the log odds of 9 in 10


@dataclass(frozen=True)
class Predictability:
    """How well the covariates tell an arm from the control: out-of-fold AUC, and the p-value that they do not.

    overlap is the share of rows of which the covariates leave it open, to 1 in 10 at least, in which group they are,
    were both equally large (Crump et al. 2009): of the others nothing can be compared.
    """

    action: str
    auc: float
    p: float
    overlap: float


def predictability(
    covariates: Numbers, *, arm: NDArray[np.generic], pair: tuple[str, str], seed: int
) -> Predictability:
    """Tell arm from control by a ridge logistic regression, each fold judged by a fit to the others.

    covariates, shape (n_rows, n_columns), have no missing values; arm, shape (n_rows,), names what each row
    was given; pair is an action and the control, each with 10 rows at least: other rows play no part. seed
    deals rows to folds. The AUC is the mean over folds, as scores of different fits do not compare. The
    p-value is not taken from it: fits that share rows make the folds' AUCs depend on each other, and a test
    that overlooks it raises too many false alarms. It is that of `_chance_of_imbalance`.
    """
    among = np.isin(arm, pair)
    treated = (arm[among] == pair[0]).astype(np.float64)
    columns, fold = _standardised(covariates[among]), _folds(treated, seed)
    if not columns.shape[1]:
        return Predictability(pair[0], 0.5, 1.0, 1.0)
    aucs, told = [], np.empty(treated.size)
    even = np.log(treated.sum() / (treated.size - treated.sum()))
    for judged in (fold == index for index in range(FOLDS)):
        fit = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky").fit(columns[~judged], treated[~judged])
        told[judged] = fit.decision_function(columns[judged])
        aucs.append(evaluate(AUC, treated[judged], told[judged]))
    overlap = float(np.mean(np.abs(told - even) <= OPEN))
    return Predictability(pair[0], float(np.mean(aucs)), _chance_of_imbalance(columns, treated), overlap)


def _chance_of_imbalance(centred: Numbers, treated: Numbers) -> float:
    """The chance that a lottery makes the arms differ as much in all covariates together.

    The omnibus balance test of Hansen & Bowers 2008 (section 4): the sums of covariates over the treated, by
    the covariance they have when the lot decides, are chi-square with as many degrees as there are
    covariates that do not follow from others. It is the score test of the logistic regression.
    """
    m, n_rows = float(treated.sum()), treated.size
    sums = treated @ centred
    covariance = centred.T @ centred * m * (n_rows - m) / (n_rows * (n_rows - 1))
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    distance = float(sums @ np.linalg.pinv(covariance, hermitian=True) @ sums)
    return float(chi2.sf(distance, rank)) if rank else 1.0


def _folds(treated: Numbers, seed: int) -> NDArray[np.intp]:
    """A fold for each row, drawn with seed, of equal shares of both groups."""
    generator = np.random.default_rng(seed)
    fold = np.empty(treated.size, dtype=np.intp)
    for group in (treated == 1, treated == 0):
        fold[group] = generator.permutation(int(group.sum())) % FOLDS
    return fold


def _standardised(covariates: Numbers) -> Numbers:
    """Each covariate that varies, at mean 0 and standard deviation 1."""
    spread = covariates.std(axis=0)
    varying = covariates[:, spread > 0]
    standard: Numbers = (varying - varying.mean(axis=0)) / spread[spread > 0]
    return standard
