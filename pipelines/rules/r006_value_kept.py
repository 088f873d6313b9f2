"""A model retrained with the same spec must not lower the expected value of the contact policy."""

from math import ceil

from experiments.sections.gate import GateSpec
from experiments.statistics.intervals import Interval
from pipelines.ruling.evidence import Evidence, Mode, difference_of
from pipelines.ruling.rule import (
    Z_POWER,
    Finding,
    Status,
    Threshold,
    compared,
    missing,
    no_worse,
    rule,
    without_trial,
)


@rule("R006", needs=("worth", "policy_value", "policy_value_kept"), modes=(Mode.REFRESH,))
def value_kept(evidence: Evidence, gate: GateSpec) -> Finding:
    """The refreshed policy keeps its share of what the champion's earns, where the champion is one for its policy."""
    if not evidence.is_randomised:
        return without_trial(evidence)
    kept = evidence.figures.get("policy_value_kept")
    difference = difference_of(kept)
    if kept is None or kept.champion is None or difference is None or "policy_value" not in evidence.figures:
        return missing("policy_value")
    if not evidence.champion_for.uplift:
        words = "the champion was never shown to earn more than doing nothing, so only R012 applies"
        return Finding(Status.NOT_APPLICABLE, f"{words}: {kept.challenger:.4f} against {kept.champion:.4f}")
    if gate.value_margin is not None:
        return no_worse(evidence, "policy_value", margin=gate.value_margin)
    own = difference_of(evidence.worth["policy_value"])
    if own is None:
        return missing("policy_value")
    holds = difference.low > 0 and own.low > 0
    status = Status.HOLDS if holds else Status.BROKEN if min(difference.high, own.high) <= 0 else Status.UNCLEAR
    words = (
        f"keeps {gate.value_share:.0%} of what the champion's policy earns:"
        f" {compared('policy_value', kept, difference)}, more than 0 wanted;"
        f" by itself it earns at least {own.low:+.4f}, more than 0 wanted"
    )
    if status is Status.UNCLEAR:
        words += _needed(evidence, difference, at_stake=(1 - gate.value_share) * kept.champion)
    return Finding(status, words, (Threshold("policy_value_kept", 0.0, "higher"),))


def _needed(evidence: Evidence, difference: Interval, *, at_stake: float) -> str:
    """How many rows would show that an equally good policy keeps its share, with 80 % power."""
    if at_stake <= 0 or difference.standard_error == 0:
        return "; on these rows the champion's policy has no value to keep: more rows are needed, or a replacement"
    z = (difference.value - difference.low) / difference.standard_error
    times = ((z + Z_POWER) * difference.standard_error / at_stake) ** 2
    told = (
        f"; an equally good policy is shown with 80 % power on about {ceil(times * evidence.trial_rows):,} rows in the"
        f" trial, here are {evidence.trial_rows:,}"
    )
    if not evidence.dates:
        return told
    return f"{told}: about {ceil(times * evidence.dates)} dates in place of {evidence.dates} (split.gate_dates)"
