"""A first champion must beat a constant churn rate for everybody, or its policy must beat contacting nobody."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode, difference_of, p_above, p_below, shown_claims
from pipelines.ruling.rule import Finding, Status, Threshold, compared, missing, rule


@rule("R010", needs=("auc", "brier", "worth"), modes=(Mode.FIRST,), can_be_off=False)
def worth_something(evidence: Evidence, gate: GateSpec) -> Finding:
    """It predicts better than the average, or its policy earns more than doing nothing; it is worse in neither.

    In a randomised trial there are two tests, which share alpha (Holm). Losses are tested at the whole of alpha.
    """
    pairs = {
        name: evidence.worth.get(name)
        for name in ("auc", "brier", *(["policy_value"] if evidence.is_randomised else []))
    }
    found = {name: difference_of(pair) for name, pair in pairs.items()}
    if broken := [name for name, difference in found.items() if difference is None]:
        return missing(broken[0])
    claims = shown_claims(evidence.worth, alpha=evidence.alpha)
    words = "; ".join(compared(name, pair, found[name]) for name, pair in pairs.items())  # type: ignore[arg-type]
    loses = p_below(found["auc"], 0.0) <= gate.alpha or p_above(found["brier"], 0.0) <= gate.alpha  # type: ignore[arg-type]
    loses |= evidence.is_randomised and p_below(found["policy_value"], 0.0) <= gate.alpha  # type: ignore[arg-type]
    status = Status.BROKEN if loses else Status.HOLDS if claims.risk or claims.uplift else Status.UNCLEAR
    said = {
        Status.BROKEN: "it is shown to be worse",
        Status.UNCLEAR: "not shown to be better",
        Status.HOLDS: f"champion for {claims.words}",
    }[status]
    asked = {"auc": "higher", "brier": "lower", "policy_value": "higher"}
    thresholds = tuple(Threshold(name, 0.0, asked[name]) for name in pairs)  # type: ignore[arg-type]
    return Finding(status, f"{said}; against the prior model and doing nothing: {words}", thresholds)
