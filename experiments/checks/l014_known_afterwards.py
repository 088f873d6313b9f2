"""A column filled in after the outcome: it is empty in today's rows, or predicts nothing some weeks earlier."""

from collections.abc import Iterator

import numpy as np

from experiments.leaks.check import LeakEvidence, LeakFinding, Severity, check
from experiments.leaks.known import Earlier
from experiments.leaks.single_columns import BEYOND_CHANCE, FEW_VALUES, single_column_auc
from experiments.metric import Numbers
from experiments.statistics.delong import delong
from features.feature import FeatureColumn

# Of the share of informative training rows of a column, at least this part is expected today.
LEFT = 0.10
# Examined are columns of at least this AUC on the observation date; earlier, it may be lower by this much.
STRONG, FALL = 0.75, 0.15


@check("L014", severity=Severity.WARN)
def known_afterwards(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column that predicts the outcome is empty in today's rows, or predicts nothing some weeks earlier.

    A column filled in after the outcome is there in the training rows and missing in today's rows, whose outcome is not
    known yet. Reported is a column where being informative (not missing or, where it never is, not the most common
    value) predicts the outcome beyond chance, and the share of informative rows today is below a tenth of that in
    training. Also reported is a column with an AUC of 0.75 in the gate cohort that was lower some weeks earlier, the
    whole 95 % interval of the fall (DeLong, by customer) above 0.15.
    """
    empty = tuple(_empty_today(evidence, evidence.today)) if evidence.today is not None else ()
    earlier = tuple(_unknown_earlier(evidence, evidence.earlier)) if evidence.earlier is not None else ()
    named = {one.subject for one in empty}
    return (*empty, *(one for one in earlier if one.subject not in named))


def _empty_today(evidence: LeakEvidence, today: Numbers) -> Iterator[LeakFinding]:
    y = evidence.training.y
    for place, column in enumerate(evidence.contract.columns):
        then, now = _informative(evidence.training.X[:, place], today[:, place])
        share, left = float(then.mean()), float(now.mean())
        expected = share * (1 - share) / max(len(now), 1)
        if left > LEFT * share or share - left < BEYOND_CHANCE * np.sqrt(expected):
            continue
        if not single_column_auc(then.astype(np.float64), y, category=True).beyond_chance:
            continue
        yield LeakFinding(
            column.name,
            share / max(left, 1 / len(now)),
            1 / LEFT,
            f"column '{column.name}' is informative in {share:.1%} of the training rows, which predicts the outcome,"
            f" and in {left:.2%} of today's rows; at least {LEFT:.0%} of the training share is expected: it is filled"
            " in after the outcome, or no longer recorded. Take it out of the spec, or correct when it was known.",
        )


def _informative(then: Numbers, now: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of a column are informative: not missing or, where it never is, not the most common value."""
    if np.isnan(then).any():
        return ~np.isnan(then), ~np.isnan(now)
    values, counts = np.unique(then, return_counts=True)
    commonest = values[counts.argmax()]
    return then != commonest, (now != commonest) & ~np.isnan(now)


def _unknown_earlier(evidence: LeakEvidence, earlier: Earlier) -> Iterator[LeakFinding]:
    """Findings in the gate cohort, whose outcomes a check that warns may use."""
    customers = np.unique(earlier.customers, return_inverse=True)[1]
    for place, column in enumerate(evidence.contract.columns):
        if evidence.single_columns[column.name].auc < STRONG:
            continue
        scores = _scores(column, earlier.now[:, place], earlier.before[:, place], earlier.y)
        if scores is None:
            continue
        compared = delong(earlier.y, scores, clusters=customers)
        fall = compared.difference(0, 1).interval
        if compared.aucs[0] < STRONG or fall.low <= FALL:
            continue
        yield LeakFinding(
            column.name,
            fall.low,
            FALL,
            f"column '{column.name}' ranks the outcome of the gate cohort with AUC {compared.aucs[0]:.3f} and, as it"
            f" was known {earlier.days} days before, with {compared.aucs[1]:.3f}: it falls by at least {fall.low:.3f},"
            f" up to {FALL:g} is expected. See whether it counts events that are part of leaving, and whether its dates"
            " of when it was known are right.",
        )


def _scores(column: FeatureColumn, now: Numbers, before: Numbers, y: Numbers) -> Numbers | None:
    """A column's scores now and before, missing values lowest; None where too few rows have either outcome."""
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        return None
    few = column.type == "category" or len(np.unique(now[~np.isnan(now)])) <= FEW_VALUES
    both = [_filled(one) if few else one for one in (now, before)]
    scores = [single_column_auc(one, y, category=few).score for one in both]
    return np.column_stack([np.where(np.isnan(one), _lowest(one), one) for one in scores])


def _filled(values: Numbers) -> Numbers:
    """Missing values as a category of their own."""
    return np.where(np.isnan(values), -1.0, values)


def _lowest(score: Numbers) -> float:
    return float(np.nanmin(score)) - 1.0 if not np.isnan(score).all() else 0.0
