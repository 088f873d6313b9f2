"""Too few outcomes decide nothing."""

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, rule
from pipelines.verdict import Verdict


@rule("R007", needs=("positives", "events_per_arm"), modes=tuple(Mode), otherwise=Verdict.INSUFFICIENT_DATA)
def enough_data(evidence: Evidence, gate: GateSpec) -> Finding:
    """The gate cohort holds enough churned customers, and enough events in every arm."""
    few = {arm: n for arm, n in evidence.events_per_arm.items() if n < gate.minimum_events_per_arm}
    enough = evidence.positives >= gate.minimum_positives and not few
    arms = ", ".join(f"{arm} {n}" for arm, n in evidence.events_per_arm.items()) or "no arms"
    return Finding(
        Status.HOLDS if enough else Status.BROKEN,
        f"{evidence.positives} churned without action, at least {gate.minimum_positives};"
        f" events per arm: {arms}, at least {gate.minimum_events_per_arm}",
    )
