"""The challenger's AUC may not be lower than the champion's by more than the margin."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, no_worse, rule, unused


@rule("R001", needs=("auc",), modes=(Mode.REFRESH, Mode.REPLACE))
def ranks_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger ranks the risk no worse than the champion, beyond the margin."""
    return unused(evidence, gate.auc_margin) or no_worse(evidence, "auc", margin=gate.auc_margin)
