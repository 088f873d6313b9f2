"""A churn rate that differs strongly between the training rows and the gate cohort."""

from math import exp, sqrt

import numpy as np

from experiments.family import Labels
from experiments.leaks.check import LeakEvidence, LeakFinding, Severity, check
from experiments.leaks.single_columns import BEYOND_CHANCE

PLAUSIBLE = 1.5


@check("L007", severity=Severity.WARN)
def outcome_drift(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """The odds of churn in the gate cohort and in the training rows differ by a factor of at most 1.5."""
    learnt, judged = _counts(evidence.training.y), _counts(evidence.gate.y)
    if not (learnt.all() and judged.all()):
        return ()
    moved = float(np.log(judged[1] / judged[0]) - np.log(learnt[1] / learnt[0]))
    times, errors = exp(abs(moved)), abs(moved) / sqrt((1 / learnt).sum() + (1 / judged).sum())
    if times <= PLAUSIBLE or errors < BEYOND_CHANCE:
        return ()
    shares = judged[1] / judged.sum(), learnt[1] / learnt.sum()
    sentence = (
        f"outcome: {shares[0]:.1%} churned in the gate cohort, {shares[1]:.1%} in training; the odds are {times:.2f}"
        f" times apart, up to {PLAUSIBLE} is expected. Predicted percentages will be off: see whether the season, the"
        " label or the selection of rows changed."
    )
    return (LeakFinding("outcome", times, PLAUSIBLE, sentence),)


def _counts(y: Labels) -> np.ndarray:
    """How many stayed, how many churned."""
    return np.array([(y == 0).sum(), (y == 1).sum()], dtype=float)
