"""The Brier score must not rise."""

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, no_worse, rule


@rule("R002", needs=("brier",), modes=(Mode.REFRESH, Mode.REPLACE))
def brier_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger's probabilities are no further from the outcomes (Brier), beyond the margin."""
    return no_worse(evidence, "brier", margin=gate.brier_margin, higher_is_better=False)
