"""How well covariates predict the arm: under randomisation they cannot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.linear_model import LogisticRegression

from experiments.metric import Numbers
from experiments.metrics.auc import METRIC as AUC
from experiments.randomisation.imbalance import imbalance, weighted_imbalance

FOLDS = 5
RIDGE = 1.0
OPEN = float(np.log(9))  # the log odds of 9 in 10


@dataclass(frozen=True)
class ArmPair:
    """The rows of an action and of the control, with their logged probabilities.

    treated is 1 for the action, 0 for the control; weight balances what the logged probabilities tilt; chance is that
    of the action among the two, None where the log does not tell it of every row; shape (n_rows,) each.
    """

    action: str
    treated: Numbers
    weight: Numbers
    chance: Numbers | None = None


@dataclass(frozen=True)
class Predictability:
    """How well the covariates predict the arm: out-of-fold AUC, and the p-value that they do not.

    The AUC is for people: no verdict rests on it. p is that of all covariates together, each that of every covariate by
    itself, corrected for their number. overlap is the share of rows of which the covariates leave it open, to 1 in 10
    at least, in which group they are, were both equally large (Crump et al. 2009): of the others nothing can be
    compared.
    """

    action: str
    auc: float
    p: float
    overlap: float
    each: tuple[float, ...] = ()


def paired(
    arm: NDArray[np.generic], *, pair: tuple[str, str], probability: Numbers, chances: Numbers | None, arms: list[str]
) -> ArmPair:
    """The rows of an action and the control, pair, among all rows.

    arm and probability, of the row's own arm, have shape (n_rows,); chances, shape (n_rows, n_arms), is every arm's, in
    the order of arms. Where it is known rows weigh by the chance of the other arm (Li, Morgan & Zaslavsky 2018), else
    by one over that of their own. Weights are 1 where the chance is the same for all.
    """
    among = np.isin(arm, pair)
    treated = (arm[among] == pair[0]).astype(np.float64)
    if chances is None:
        return ArmPair(pair[0], treated, 1 / probability[among])
    of_action, of_control = (chances[among, arms.index(name)] for name in pair)
    chance = of_action / (of_action + of_control)
    constant = np.ptp(chance) < 1e-9
    weight = np.ones(treated.size) if constant else np.where(treated == 1, 1 - chance, chance)
    return ArmPair(pair[0], treated, weight, chance)


def predictability(covariates: Numbers, *, pair: ArmPair, seed: int) -> Predictability:
    """Predict the arm by a ridge logistic regression, each fold judged by a fit to the others.

    covariates, shape (n_rows, n_columns), have no missing values and are those of the rows of pair, 10 of each arm at
    least. seed deals rows to folds and repeats draws. The AUC is the mean over folds, as scores of different fits do
    not compare; rows count by their weight. The p-values are not taken from it: fits that share rows make the folds'
    AUCs depend on each other, and a test that overlooks it raises too many false alarms. They are those of `imbalance`.
    """
    found = (
        weighted_imbalance(covariates, treated=pair.treated, weight=pair.weight)
        if pair.chance is None
        else imbalance(covariates, treated=pair.treated, chance=pair.chance, seed=seed)
    )
    columns, fold = _standardised(covariates), _folds(pair.treated, seed)
    if not columns.shape[1]:
        return Predictability(pair.action, 0.5, found.together, 1.0, found.each)
    aucs, told = [], np.empty(pair.treated.size)
    even = np.log(pair.weight @ pair.treated / (pair.weight @ (1 - pair.treated)))
    for judged in (fold == index for index in range(FOLDS)):
        fit = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky")
        with config_context(skip_parameter_validation=True, assume_finite=True):  # checking takes as long as fitting
            fit.fit(columns[~judged], pair.treated[~judged], pair.weight[~judged])
        told[judged] = fit.decision_function(columns[judged])
        inputs = {"truth": pair.treated[judged], "score": told[judged], "weights": pair.weight[None, judged]}
        aucs.append(float(AUC.function(**inputs)[0]))
    overlap = float(np.mean(np.abs(told - even) <= OPEN))
    return Predictability(pair.action, float(np.mean(aucs)), found.together, overlap, found.each)


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
