"""A challenger that is shown to be worse is not promoted, however small the difference."""

from experiments.sections.gate import GateSpec
from experiments.statistics.holm import rejected
from pipelines.ruling.evidence import Evidence, Mode, difference_of, p_below
from pipelines.ruling.rule import Finding, Status, compared, missing, rule


@rule("R012", needs=("auc", "policy_value"), modes=(Mode.REFRESH, Mode.REPLACE))
def nothing_shown_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """Neither the ranking of the risk nor the policy's value is shown to be worse at all (Holm over the two).

    Each comparison is tested at the whole of alpha.
    """
    names = [*(["auc"] if evidence.champion_for.risk else []), *(["policy_value"] if evidence.is_randomised else [])]
    if not names:
        return Finding(Status.NOT_APPLICABLE, "0 figures are used, of which 0 may be shown to be worse")
    words, p_values = [], []
    for name in names:
        pair = evidence.figures.get(name)
        difference = difference_of(pair)
        if pair is None or difference is None:
            return missing(name)
        words.append(compared(name, pair, difference))
        p_values.append(p_below(difference, 0.0))
    worse = [text for text, shown in zip(words, rejected(p_values, alpha=gate.alpha), strict=True) if shown]
    if worse:
        return Finding(Status.BROKEN, f"shown to be worse: {'; '.join(worse)}")
    return Finding(Status.HOLDS, f"nothing is shown to be worse: {'; '.join(words)}")
