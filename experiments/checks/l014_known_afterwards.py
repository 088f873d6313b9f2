"""A column of dated data that was not known yet: today it is empty, or it tells nothing a few weeks earlier."""

from collections.abc import Iterator

import numpy as np

from experiments.leaks.check import Evidence, Finding, Severity, check
from experiments.leaks.known import Earlier
from experiments.leaks.single_columns import BEYOND_CHANCE, FEW_VALUES, alone
from experiments.metric import Numbers
from experiments.statistics.delong import delong
from features.feature import FeatureColumn

# Of the share of training rows in which a column says something, so much is left today.
LEFT = 0.10
# A column is asked of when it comes to this AUC on the observation date; so much may be missing earlier.
STRONG, FALL = 0.75, 0.15


@check("L014", severity=Severity.WARN)
def known_afterwards(evidence: Evidence) -> tuple[Finding, ...]:
    """No column that tells the outcome falls silent in the rows of today, or when it is asked some weeks earlier.

    What is filled in after the outcome stands in all rows to learn from and in none of today's, whose outcome is still
    to come: told is a column whose share of rows with something to say, be it a value or one that is not the
    commonest, tells the outcome beyond chance and is today below a tenth of what it was. And one whose AUC in the gate
    cohort is 0.75 and was lower earlier, the whole 95 % interval of the fall (DeLong, by customer) above 0.15.
    """
    silent = tuple(_silent_today(evidence, evidence.today)) if evidence.today is not None else ()
    earlier = tuple(_unknown_earlier(evidence, evidence.earlier)) if evidence.earlier is not None else ()
    named = {one.subject for one in silent}
    return (*silent, *(one for one in earlier if one.subject not in named))


def _silent_today(evidence: Evidence, today: Numbers) -> Iterator[Finding]:
    y = evidence.training.y
    for place, column in enumerate(evidence.contract.columns):
        then, now = _says(evidence.training.X[:, place], today[:, place])
        share, left = float(then.mean()), float(now.mean())
        expected = share * (1 - share) / max(len(now), 1)
        if left > LEFT * share or share - left < BEYOND_CHANCE * np.sqrt(expected):
            continue
        if not alone(then.astype(np.float64), y, category=True).beyond_chance:
            continue
        yield Finding(
            column.name,
            share / max(left, 1 / len(now)),
            1 / LEFT,
            f"column '{column.name}' says something in {share:.1%} of the training rows, by which it tells the outcome,"
            f" and in {left:.2%} of the rows of today; {LEFT:.0%} of that share is the least that is expected: it is"
            " filled in after the outcome, or comes no more. Take it out of the spec, or correct when it was known.",
        )


def _says(then: Numbers, now: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Where a column says something: where it is filled in, or, if it always is, where it is not the commonest."""
    if np.isnan(then).any():
        return ~np.isnan(then), ~np.isnan(now)
    values, counts = np.unique(then, return_counts=True)
    commonest = values[counts.argmax()]
    return then != commonest, (now != commonest) & ~np.isnan(now)


def _unknown_earlier(evidence: Evidence, earlier: Earlier) -> Iterator[Finding]:
    """Of the gate cohort, whose outcomes a check that warns may look at."""
    customers = np.unique(earlier.customers, return_inverse=True)[1]
    for place, column in enumerate(evidence.contract.columns):
        if evidence.alone[column.name].auc < STRONG:
            continue
        scores = _scores(column, earlier.now[:, place], earlier.before[:, place], earlier.y)
        if scores is None:
            continue
        compared = delong(earlier.y, scores, clusters=customers)
        fall = compared.difference(0, 1).interval
        if compared.aucs[0] < STRONG or fall.low <= FALL:
            continue
        yield Finding(
            column.name,
            fall.low,
            FALL,
            f"column '{column.name}' ranks the outcome of the gate cohort with AUC {compared.aucs[0]:.3f} and, as it"
            f" was known {earlier.days} days before, with {compared.aucs[1]:.3f}: it falls by at least {fall.low:.3f},"
            f" up to {FALL:g} is expected. See whether what it counts belongs to the leaving itself, and whether it was"
            " known when it says.",
        )


def _scores(column: FeatureColumn, now: Numbers, before: Numbers, y: Numbers) -> Numbers | None:
    """How a column ranks the rows now and before, missing values below all; None where it tells nothing."""
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    few = column.type == "category" or len(np.unique(now[~np.isnan(now)])) <= FEW_VALUES
    told = [_filled(one) if few else one for one in (now, before)]
    scores = [alone(one, y, category=few).score for one in told]
    return np.column_stack([np.where(np.isnan(one), _lowest(one), one) for one in scores])


def _filled(values: Numbers) -> Numbers:
    """A code of its own for what is missing."""
    return np.where(np.isnan(values), -1.0, values)


def _lowest(score: Numbers) -> float:
    return float(np.nanmin(score)) - 1.0 if not np.isnan(score).all() else 0.0
