"""The challenger's miscalibration may not be higher than the champion's by more than the margin."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, no_worse, rule, unused


@rule("R003", needs=("miscalibration",), modes=(Mode.REFRESH, Mode.REPLACE))
def calibration_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's predicted shares are no further from the observed than the champion's, beyond the margin."""
    return unused(evidence, gate.miscalibration_margin) or no_worse(
        evidence, "miscalibration", margin=gate.miscalibration_margin, higher_is_better=False
    )
