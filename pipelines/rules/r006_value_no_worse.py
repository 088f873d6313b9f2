"""A refresh must not lose what the policy is worth."""

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, no_worse, rule


@rule("R006", needs=("primary", "policy_value"), modes=(Mode.REFRESH,))
def value_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """The refreshed policy is worth no less than the champion's, beyond the margin."""
    if evidence.primary == "auc":
        return Finding(
            Status.HOLDS,
            f"no randomised trial, so R001 judges the primary, {evidence.primary}; margin {gate.auc_margin:g}",
        )
    return no_worse(evidence, "policy_value", margin=gate.value_margin)
