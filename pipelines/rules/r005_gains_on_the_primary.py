"""A challenger from a changed spec must beat the champion on the primary metric."""

from experiments.sections.gate import GateSpec
from experiments.statistics.holm import rejected
from pipelines.ruling.evidence import Evidence, Mode, difference_of, p_above
from pipelines.ruling.rule import Finding, Status, Threshold, compared, missing, reach, rule, smallest, without_trial


@rule("R005", needs=("primaries", "auc", "policy_value"), modes=(Mode.REPLACE,), can_be_off=False)
def gains_on_the_primary(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger is better on the primary figure, or on one of two (Holm), by more than the minimum gain."""
    if not evidence.is_randomised and evidence.champion_for.uplift:
        return without_trial(evidence)
    gains = {"auc": gate.minimum_gain_auc, "policy_value": gate.minimum_gain_money}
    words, asked, p_values, best = [], [], [], []
    shares = len(evidence.primaries)
    for name in evidence.primaries:
        pair = evidence.figures.get(name)
        difference = difference_of(pair)
        if pair is None or difference is None:
            return missing(name)
        p_values.append(p_above(difference, gains[name]))
        best.append(difference.high > gains[name])
        status = _status(p_values[-1] <= evidence.alpha / shares, best[-1])
        words.append(f"{compared(name, pair, difference)}, minimum gain {gains[name]:g}{smallest(status, difference)}")
        asked.append(Threshold(name, gains[name], "higher", smallest=reach(status, difference)))
    if shares > 1:
        words.append(f"one of {shares} is enough, each at alpha {evidence.alpha / shares:.3g}")
    return Finding(_status(any(rejected(p_values, alpha=evidence.alpha)), any(best)), "; ".join(words), tuple(asked))


def _status(shown: bool, possible: bool) -> Status:
    return Status.HOLDS if shown else Status.UNCLEAR if possible else Status.BROKEN
