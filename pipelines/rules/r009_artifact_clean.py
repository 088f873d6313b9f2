"""The challenger's stored files must match the hashes of the model that was evaluated."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Status, rule
from pipelines.ruling.verdict import Verdict


@rule("R009", needs=("faults",), modes=tuple(Mode), otherwise=Verdict.CONTRACT_FAIL, can_be_off=False)
def artifact_clean(evidence: Evidence, gate: GateSpec) -> Finding:  # noqa: ARG001 - the same call as every rule
    """Both models load, take the rows of the gate cohort and predict what was evaluated."""
    faults = evidence.faults
    return Finding(
        Status.BROKEN if faults else Status.HOLDS,
        f"{len(faults)} faults, at most 0" + "".join(f"; {f}" for f in faults),
    )
