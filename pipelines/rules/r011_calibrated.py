"""A first champion's probabilities must mean what they say."""

from math import isfinite

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, Threshold, rule


@rule("R011", needs=("calibration_error",), modes=(Mode.FIRST,))
def calibrated(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's calibration error is below the limit."""
    pair = evidence.figures.get("calibration_error")
    if pair is None or not isfinite(pair.challenger):
        return Finding(Status.BROKEN, "calibration_error is missing or not a number")
    status = Status.HOLDS if pair.challenger < gate.calibration_limit else Status.BROKEN
    asked = Threshold("calibration_error", gate.calibration_limit, "lower", own=True)
    return Finding(status, f"calibration error {pair.challenger:.4f}, below {gate.calibration_limit:g}", (asked,))
