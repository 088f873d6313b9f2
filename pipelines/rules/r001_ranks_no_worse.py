"""The AUC of the risk must not fall."""

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, no_worse, rule


@rule("R001", needs=("auc",), modes=(Mode.REFRESH, Mode.REPLACE))
def ranks_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger ranks the risk no worse than the champion, beyond the margin."""
    return no_worse(evidence, "auc", margin=gate.auc_margin)
