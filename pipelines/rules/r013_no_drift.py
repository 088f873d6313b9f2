"""Repeated refits must not lose quality in small steps that each stay within the allowed margin."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode, difference_of
from pipelines.ruling.rule import Finding, Status, compared, missing, no_worse, rule

WORST_FIRST = (Status.BROKEN, Status.UNCLEAR, Status.HOLDS)


@rule("R013", needs=("anchor", "anchor_version"), modes=(Mode.REFRESH,))
def no_drift(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger is no worse than the last champion that was shown to be better, beyond the same margins."""
    limits = f"margin {gate.auc_margin:g}, share {gate.value_share:g}"
    if evidence.anchor_version is None:
        return Finding(Status.NOT_APPLICABLE, f"the champion itself is the last that was shown to be better; {limits}")
    found = []
    if evidence.champion_for.risk:
        found.append(no_worse(evidence, "auc", margin=gate.auc_margin, pair=evidence.anchor.get("auc")))
    if evidence.is_randomised and evidence.champion_for.uplift:
        found.append(_kept(evidence))
    if not found:
        return Finding(Status.NOT_APPLICABLE, f"the champion has no claim that could be lost; {limits}")
    status = next(one for one in WORST_FIRST if one in {each.status for each in found})
    told = "; ".join(each.reason for each in found)
    return Finding(status, f"against version {evidence.anchor_version}, the last shown to be better: {told}; {limits}")


def _kept(evidence: Evidence) -> Finding:
    pair = evidence.anchor.get("policy_value_kept")
    difference = difference_of(pair)
    if pair is None or difference is None:
        return missing("policy_value")
    status = Status.HOLDS if difference.low > 0 else Status.BROKEN if difference.high <= 0 else Status.UNCLEAR
    return Finding(status, f"{compared('policy_value', pair, difference)}, of the share kept, more than 0 wanted")
