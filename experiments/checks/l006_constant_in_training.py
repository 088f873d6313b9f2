"""A column that is constant in training, but not in the gate cohort."""

import numpy as np
import numpy.typing as npt

from experiments.leaks.check import LeakEvidence, LeakFinding, Severity, check
from experiments.metric import Numbers

NOTICED = 0.01


@check("L006", severity=Severity.WARN)
def constant_in_training(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column that is constant in the training rows differs in more than 1 % of the gate cohort."""
    learnt, judged = evidence.training.X, evidence.gate.X
    found = []
    for place, name in enumerate(evidence.contract.names):
        only = learnt[0, place]
        if not _same(learnt[:, place], only).all():
            continue
        share = float((~_same(judged[:, place], only)).mean())
        if share > NOTICED:
            state = "is missing in all" if np.isnan(only) else f"is {only:g} in all"
            sentence = (
                f"column '{name}' {state} training rows and something else in {share:.1%} of the gate cohort, up to"
                f" {NOTICED:.0%} is expected: no model can use it. Give it older data or take it out of the spec."
            )
            found.append(LeakFinding(name, share, NOTICED, sentence))
    return tuple(found)


def _same(values: Numbers, value: float) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isnan(values) if np.isnan(value) else values == value)
