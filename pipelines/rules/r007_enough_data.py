"""With too few outcomes there is no verdict."""

from experiments.rows.minimum_sizes import FEWEST_OF_AN_OUTCOME
from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Status, rule
from pipelines.ruling.verdict import Verdict


@rule(
    "R007", needs=("rarer", "events_per_arm"), modes=tuple(Mode), otherwise=Verdict.INSUFFICIENT_DATA, can_be_off=False
)
def enough_data(evidence: Evidence, gate: GateSpec) -> Finding:
    """The gate cohort holds enough untreated customers of the rarer outcome, and enough events in every arm."""
    few = {arm: n for arm, n in evidence.events_per_arm.items() if n < gate.events_needed(arm)}
    needed = max(gate.minimum_positives, FEWEST_OF_AN_OUTCOME)
    enough = evidence.rarer >= needed and not few
    if not evidence.events_per_arm:
        words = f"{evidence.rarer} of the rarer outcome, at least {needed}"
        return Finding(Status.HOLDS if enough else Status.BROKEN, words)
    arms = ", ".join(f"{arm} {n}" for arm, n in evidence.events_per_arm.items())
    least = sorted({gate.events_needed(arm) for arm in evidence.events_per_arm})
    each = ", ".join(f"{arm} {gate.events_needed(arm)}" for arm in evidence.events_per_arm)
    return Finding(
        Status.HOLDS if enough else Status.BROKEN,
        f"{evidence.rarer} of the rarer outcome without action, at least {needed};"
        f" of the rarer outcome in each arm: {arms}, at least {least[0] if len(least) == 1 else each}",
    )
