"""A first champion's probabilities must be calibrated."""

from math import isfinite, sqrt

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Status, Threshold, rule


@rule("R011", needs=("calibration",), modes=(Mode.FIRST,))
def calibrated(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's predicted and observed shares are not shown to differ by more than the limit.

    Tested at the whole of alpha; an inconclusive result is reported, and does not prevent a promotion.
    """
    found, limit = evidence.calibration, gate.calibration_limit
    if found is None or not isfinite(found.low + found.high):
        return Finding(Status.BROKEN, "miscalibration is missing or not a number")
    status = Status.HOLDS if found.high < limit**2 else Status.BROKEN if found.low > limit**2 else Status.UNCLEAR
    value, low, high = (sqrt(max(one, 0.0)) for one in (found.value, found.low, found.high))
    interval = f"[{low:.4f}, {high:.4f}]"
    words = f"predicted and observed shares differ by {value:.4f} beyond chance {interval}, limit {limit:g}"
    if status is Status.UNCLEAR:
        words += "; inconclusive on these rows, which does not prevent a promotion"
    asked = Threshold("miscalibration", limit**2, "lower", own=True)
    return Finding(status, words, (asked,), remark=True)
