"""The challenger's Brier score may not be higher than the champion's by more than the margin."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, no_worse, rule, unused


@rule("R002", needs=("brier",), modes=(Mode.REFRESH, Mode.REPLACE))
def brier_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's probabilities are no further from the outcomes (Brier), beyond the margin."""
    return unused(evidence, gate.brier_margin) or no_worse(
        evidence, "brier", margin=gate.brier_margin, higher_is_better=False
    )
