"""A changed spec must earn its place."""

from math import isfinite

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, Threshold, compared, reach, rule, smallest


@rule("R005", needs=("primary", "auc", "policy_value"), modes=(Mode.REPLACE,))
def gains_on_the_primary(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger is better on the primary figure by more than the minimum gain."""
    pair = evidence.figures.get(evidence.primary)
    difference = pair.difference if pair else None
    if pair is None or pair.champion is None or difference is None or not isfinite(difference.low + difference.high):
        return Finding(Status.BROKEN, f"{evidence.primary} is missing or not a number for one of the models")
    gain = gate.minimum_gain
    status = Status.HOLDS if difference.low > gain else Status.BROKEN if difference.high <= gain else Status.UNCLEAR
    words = compared(evidence.primary, pair, difference)
    asked = Threshold(evidence.primary, gain, "higher", smallest=reach(status, difference))
    return Finding(status, f"{words}, minimum gain {gain:g}{smallest(status, difference)}", (asked,))
