"""A first champion's probabilities must mean what they say."""

from math import isfinite, sqrt

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Status, Threshold, rule


@rule("R011", needs=("calibration",), modes=(Mode.FIRST,))
def calibrated(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's promised and observed shares are not shown to lie further apart than the limit.

    It blocks only what is shown, at the whole of alpha; where the rows cannot tell, that is said.
    """
    found, limit = evidence.calibration, gate.calibration_limit
    if found is None or not isfinite(found.low + found.high):
        return Finding(Status.BROKEN, "miscalibration is missing or not a number")
    status = Status.HOLDS if found.high < limit**2 else Status.BROKEN if found.low > limit**2 else Status.UNCLEAR
    value, low, high = (sqrt(max(one, 0.0)) for one in (found.value, found.low, found.high))
    words = f"promised and observed shares lie {value:.4f} apart beyond chance [{low:.4f}, {high:.4f}], limit {limit:g}"
    if status is Status.UNCLEAR:
        words += "; these rows cannot tell, which holds nothing up"
    asked = Threshold("miscalibration", limit**2, "lower", own=True)
    return Finding(status, words, (asked,), remark=True)
