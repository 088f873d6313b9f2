"""Neither model may be judged on customers that it was trained on."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Status, rule
from pipelines.ruling.verdict import Verdict


@rule("R008", needs=("seen_rows",), modes=tuple(Mode), otherwise=Verdict.INSUFFICIENT_DATA, can_be_off=False)
def unseen_cohort(evidence: Evidence, gate: GateSpec) -> Finding:  # noqa: ARG001 - the same call as every rule
    """No row of the gate cohort was seen by either model in training or tuning."""
    seen, why = evidence.seen_rows, f": {evidence.forgotten}" if evidence.forgotten else ""
    reason = f"{seen} rows of the gate cohort were seen, at most 0{why}"
    return Finding(Status.HOLDS if seen == 0 else Status.BROKEN, reason)
