"""No group of customers may be served worse."""

from math import isfinite

from scipy.stats import norm

from experiments.comparison import SlicePair
from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, rule


@rule("R004", modes=(Mode.REFRESH, Mode.REPLACE))
def slices_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """In no slice is the challenger's AUC shown to be worse by more than the margin (Holm over the slices)."""
    tested = [(one, _p_value(one, gate.slice_margin)) for one in evidence.slices]
    if any(not isfinite(p) for _, p in tested):
        return Finding(Status.BROKEN, "a slice has no AUC difference for one of the models")
    if not tested:
        return Finding(Status.HOLDS, f"no slice is large enough to judge, margin {gate.slice_margin:g}")
    worst, p = min(tested, key=lambda pair: pair[1])
    # Holm's first step: when the smallest p-value is not below alpha / m, none is.
    status = Status.BROKEN if p < gate.alpha / len(tested) else Status.HOLDS
    return Finding(
        status,
        f"the weakest of {len(tested)} slices is {worst.name}: AUC {worst.pair.challenger:.4f} against"
        f" {worst.pair.champion or float('nan'):.4f}, margin {gate.slice_margin:g}, p {p:.3g}",
    )


def _p_value(one: SlicePair, margin: float) -> float:
    """One-sided p-value of `the difference is at least -margin`; small: it is shown to be worse."""
    difference = one.pair.difference
    if difference is None or one.pair.champion is None:
        return float("nan")
    if difference.standard_error == 0:
        return 1.0 if difference.value >= -margin else 0.0
    return float(norm.cdf((difference.value + margin) / difference.standard_error))
