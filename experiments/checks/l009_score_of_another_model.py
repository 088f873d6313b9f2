"""A column that is the score of another model, which was fitted on these outcomes."""

from collections.abc import Collection

import numpy as np
from scipy.special import expit
from scipy.stats import norm, rankdata

from experiments.checks.l001_target_copy import ALMOST_PERFECT
from experiments.leaks.all_columns import out_of_fold_probabilities, rank_correlated
from experiments.leaks.boosted import MOST_ROWS, boosted, usable
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.leaks.single_columns import FEW_VALUES
from experiments.metric import Numbers
from experiments.statistics.delong import delong
from experiments.statistics.newton import logistic_fit

# Examined are the few strongest columns of at least this AUC alone.
STRONG, ASKED = 0.70, 3
# Columns with at least this rank correlation with it carry the same information, and are left out of the others ...
SAME = 0.90
# ... the others predict its ranks with at least this rank correlation ...
FUNCTION = 0.85
# ... its AUC leads theirs by more than this ...
LEAD = 0.005
# ... and the slope (log-odds) of its residual is so many times that of its predicted part, by so many standard errors.
STEEPER, ERRORS = 1.5, 3.0


@check("L009")
def score_of_another_model(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column is nearly a function of the others and yet ranks the outcome better than all of them together.

    A function of the other columns has no more information than they have, unless it was fitted to the outcomes: the
    score of a model that was trained on these rows. A number is refused when all of this holds. Trees on the other
    columns predict its ranks with a rank correlation of 0.85, out of fold. Its AUC leads those of a logistic regression
    and of trees on the others, the whole 95 % interval of both leads (DeLong, by customer) above 0.005. And in a
    logistic regression of the outcome, the slope of its residual is more than 1.5 times that of its predicted part, by
    three standard errors: in an honest index, even the true risk, both slopes are equal, while the overfitted part of a
    score is in its residual. Columns that are strongly correlated with it are left out of the others.
    """
    single, columns = evidence.single_columns, evidence.contract.columns
    strong = [
        column.name
        for place, column in enumerate(columns)
        if column.type != "category"
        and single[column.name].beyond_chance
        and STRONG <= single[column.name].auc < ALMOST_PERFECT
        and len(np.unique(evidence.training.X[:MOST_ROWS, place])) > FEW_VALUES
    ]
    asked = sorted(strong, key=lambda name: -single[name].auc)[:ASKED]
    names = usable(evidence) if asked else []
    found = (_of(name, names, evidence) for name in asked)
    return tuple(one for one in found if one)


def _of(name: str, names: Collection[str], evidence: LeakEvidence) -> LeakFinding | None:
    same = rank_correlated(name, evidence, least=SAME)
    others, score = [one for one in names if one not in same], evidence.single_columns[name].score
    if not others or evidence.single_columns[name].auc <= max(evidence.single_columns[other].auc for other in others):
        return None
    lead, auc, auc_of_others = _lead(evidence, score, out_of_fold_probabilities(others, evidence, most=MOST_ROWS))
    if lead <= LEAD:
        return None
    predicted, ranks = _predicted_ranks(evidence, others, score)
    if (function := _agreement(predicted, ranks)) < FUNCTION or not _residual_is_steeper(evidence, predicted, ranks):
        return None
    of_trees, auc, of_boosted = _lead(evidence, score, boosted(others, evidence).score)
    lead, auc_of_others = min(lead, of_trees), max(auc_of_others, of_boosted)
    if lead <= LEAD:
        return None
    return LeakFinding(
        name,
        lead,
        LEAD,
        f"column '{name}' is nearly a function of the others, which predict its ranks with a correlation of"
        f" {function:.2f}, and yet it alone ranks the outcome with AUC {auc:.4f}, all of them together with"
        f" {auc_of_others:.4f}: a lead of at least {lead:.4f}, up to {LEAD:g} is allowed. The score of a model trained"
        " on these outcomes looks like this: take it out of the spec, or accept it if it was made without them.",
    )


def _lead(evidence: LeakEvidence, score: Numbers, others: Numbers) -> tuple[float, float, float]:
    """The lower bound of a score's lead in AUC over the others, and both AUCs; 0 where too few rows have both."""
    scores = np.column_stack([score, others])
    known = ~np.isnan(scores).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return 0.0, 0.5, 0.5
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    compared = delong(y, scores[known], clusters=customers)
    return compared.difference(0, 1).interval.low, float(compared.aucs[0]), float(compared.aucs[1])


def _predicted_ranks(evidence: LeakEvidence, others: Collection[str], score: Numbers) -> tuple[Numbers, Numbers]:
    """A score's ranks as normal scores, as trees on the other columns predict them out of fold, and as they are.

    Both have shape (n_rows,), NaN of rows in no fold or without a score.
    """
    held = ~np.isnan(score)
    ranks = np.full(len(score), np.nan)
    ranks[held] = norm.ppf((rankdata(score[held]) - 0.5) / held.sum())
    predicted = boosted(others, evidence, target=ranks).score
    both = held & ~np.isnan(predicted)
    return np.where(both, predicted, np.nan), np.where(both, ranks, np.nan)


def _agreement(predicted: Numbers, ranks: Numbers) -> float:
    """The rank correlation of two scores; 0 where one is constant."""
    both = ~np.isnan(predicted)
    if both.sum() < 2 or np.ptp(predicted[both]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(predicted[both]), rankdata(ranks[both]))[0, 1])


def _residual_is_steeper(evidence: LeakEvidence, predicted: Numbers, ranks: Numbers) -> bool:
    """Whether the residual of a score has a clearly larger slope in the log-odds than its predicted part.

    Standard errors are clustered by customer (sandwich; Liang & Zeger 1986).
    """
    both = ~np.isnan(predicted)
    y, customers = evidence.training.y[both], evidence.training.customers[both]
    columns = np.column_stack([np.ones(both.sum()), predicted[both], ranks[both] - predicted[both]])
    fit = logistic_fit(columns, target=y, weights=np.ones((1, len(y))))[0]
    if np.isnan(fit).any():
        return False
    probability = expit(columns @ fit)
    bread = np.linalg.inv((columns * (probability * (1 - probability))[:, None]).T @ columns)
    who = np.unique(customers, return_inverse=True)[1]
    pulls = np.column_stack([np.bincount(who, weights=one) for one in (columns * (y - probability)[:, None]).T])
    covariance = bread @ (pulls.T @ pulls) @ bread
    contrast = np.array([0.0, -STEEPER, 1.0])
    return float(contrast @ fit) > ERRORS * float(np.sqrt(contrast @ covariance @ contrast))
