"""The calibration error must not rise."""

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, no_worse, rule


@rule("R003", needs=("calibration_error",), modes=(Mode.REFRESH, Mode.REPLACE))
def calibration_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's calibration error is no larger than the champion's, beyond the margin."""
    return no_worse(evidence, "calibration_error", margin=gate.calibration_margin, higher_is_better=False)
