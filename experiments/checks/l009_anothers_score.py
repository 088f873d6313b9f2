"""A column that is the score of another model, one that has seen the outcomes."""

from collections.abc import Collection

import numpy as np
from scipy.special import expit
from scipy.stats import norm, rankdata

from experiments.checks.l001_target_copy import ALMOST_PERFECT
from experiments.leaks.all_columns import saying_the_same, together
from experiments.leaks.boosted import MOST_ROWS, boosted, usable
from experiments.leaks.check import Evidence, Finding, check
from experiments.leaks.single_columns import FEW_VALUES
from experiments.metric import Numbers
from experiments.statistics.delong import delong
from experiments.statistics.newton import logistic_fit

# A column is asked of when it alone comes to this AUC, the strongest few of them.
STRONG, ASKED = 0.70, 3
# Columns whose ranks go so far together with its own say the same, and are no others ...
SAME = 0.90
# ... so far the ranks that the others give it go together with its own ...
FUNCTION = 0.85
# ... by so much it ranks the outcome better than they do ...
LEAD = 0.005
# ... and what they do not tell of it is so many times as steep in the log-odds, by so many standard errors.
STEEPER, ERRORS = 1.5, 3.0


@check("L009")
def anothers_score(evidence: Evidence) -> tuple[Finding, ...]:
    """No column is nearly a function of the others and yet ranks the outcome better than all of them together.

    What is made of the others knows no more than they do, unless it was made with the outcomes in view: the score of a
    model that was fitted on these rows. Refused is a number from whose value trees on the others, judged on rows that
    they have not seen, come to ranks with a correlation of 0.85, and whose AUC is higher than that of a logistic
    regression and of trees on them, the whole 95 % interval of both leads (DeLong, by customer) above 0.005. What the
    others do not tell of it must tell the outcome more than 1.5 times as steeply as what they do, by three standard
    errors: in an honest index, be it the true risk itself, both parts count alike, while what a model has learnt by
    heart stands in the part that nothing explains. Other columns that say the same are left out of them.
    """
    alone, columns = evidence.alone, evidence.contract.columns
    strong = [
        column.name
        for place, column in enumerate(columns)
        if column.type != "category"
        and alone[column.name].beyond_chance
        and STRONG <= alone[column.name].auc < ALMOST_PERFECT
        and len(np.unique(evidence.training.X[:MOST_ROWS, place])) > FEW_VALUES
    ]
    asked = sorted(strong, key=lambda name: -alone[name].auc)[:ASKED]
    names = usable(evidence) if asked else []
    found = (_of(name, names, evidence) for name in asked)
    return tuple(one for one in found if one)


def _of(name: str, names: Collection[str], evidence: Evidence) -> Finding | None:
    same = saying_the_same(name, evidence, least=SAME)
    others, score = [one for one in names if one not in same], evidence.alone[name].score
    if not others or evidence.alone[name].auc <= max(evidence.alone[other].auc for other in others):
        return None
    lead, auc, rivals = _lead(evidence, score, together(others, evidence, most=MOST_ROWS))
    if lead <= LEAD:
        return None
    told, ranks = _told(evidence, others, score)
    if (function := _agreement(told, ranks)) < FUNCTION or not _by_heart(evidence, told, ranks):
        return None
    of_trees, auc, of_boosted = _lead(evidence, score, boosted(others, evidence).score)
    lead, rivals = min(lead, of_trees), max(rivals, of_boosted)
    if lead <= LEAD:
        return None
    return Finding(
        name,
        lead,
        LEAD,
        f"column '{name}' is nearly made of the others, which tell its ranks with a correlation of {function:.2f}, and"
        f" yet it alone ranks the outcome with AUC {auc:.4f}, all of them together with {rivals:.4f}: a lead of at"
        f" least {lead:.4f}, up to {LEAD:g} is allowed. So does the score of a model that has seen these outcomes: take"
        " it out of the spec, or accept it where it was made without them.",
    )


def _lead(evidence: Evidence, score: Numbers, others: Numbers) -> tuple[float, float, float]:
    """The low end of the lead of a score over the others' and both AUCs; no lead where too few rows have both."""
    scores = np.column_stack([score, others])
    known = ~np.isnan(scores).any(axis=1)
    y = evidence.training.y[known]
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return 0.0, 0.5, 0.5
    customers = np.unique(evidence.training.customers[known], return_inverse=True)[1]
    compared = delong(y, scores[known], clusters=customers)
    return compared.difference(0, 1).interval.low, float(compared.aucs[0]), float(compared.aucs[1])


def _told(evidence: Evidence, others: Collection[str], score: Numbers) -> tuple[Numbers, Numbers]:
    """What trees on the others, judged on the folds, say of a score's ranks, and these, as normal scores.

    Both have shape (n_rows,), NaN of rows that were not judged or hold no score.
    """
    held = ~np.isnan(score)
    ranks = np.full(len(score), np.nan)
    ranks[held] = norm.ppf((rankdata(score[held]) - 0.5) / held.sum())
    told = boosted(others, evidence, target=ranks).score
    both = held & ~np.isnan(told)
    return np.where(both, told, np.nan), np.where(both, ranks, np.nan)


def _agreement(told: Numbers, ranks: Numbers) -> float:
    """How far two scores' ranks go together."""
    both = ~np.isnan(told)
    if both.sum() < 2 or np.ptp(told[both]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(told[both]), rankdata(ranks[both]))[0, 1])


def _by_heart(evidence: Evidence, told: Numbers, ranks: Numbers) -> bool:
    """Whether what the others do not tell of a score raises the log-odds clearly more than what they do.

    The errors are those of the sandwich by customer (Liang & Zeger 1986).
    """
    both = ~np.isnan(told)
    y, customers = evidence.training.y[both], evidence.training.customers[both]
    columns = np.column_stack([np.ones(both.sum()), told[both], ranks[both] - told[both]])
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
