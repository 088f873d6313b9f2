"""No group of customers may be served worse."""

from math import isfinite

from scipy.stats import norm

from experiments.comparison import SlicePair
from experiments.holm import rejected
from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, rule


@rule("R004", needs=("slices",), modes=(Mode.REFRESH, Mode.REPLACE))
def slices_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """In no slice is the challenger's AUC shown to be worse by more than the margin (Holm over the slices)."""
    tested = [(one, _p_value(one, gate.slice_margin)) for one in evidence.slices]
    if any(not isfinite(p) for _, p in tested):
        return Finding(Status.BROKEN, "a slice has no AUC difference for one of the models")
    if not tested:
        return Finding(Status.HOLDS, f"no slice is large enough to judge, margin {gate.slice_margin:g}")
    worse = rejected([p for _, p in tested], alpha=evidence.alpha)
    shown = [pair for pair, is_worse in zip(tested, worse, strict=True) if is_worse]
    limits = f"margin {gate.slice_margin:g}, alpha {evidence.alpha:.3g}"
    if shown:
        shown.sort(key=lambda pair: pair[1])
        words = "; ".join(_words(one, p) for one, p in shown)
        return Finding(Status.BROKEN, f"{len(shown)} of {len(tested)} slices are shown to be worse: {words}; {limits}")
    words = _words(*min(tested, key=lambda pair: pair[1]))
    return Finding(Status.HOLDS, f"the weakest of {len(tested)} slices is {words}; {limits}")


def _words(one: SlicePair, p: float) -> str:
    return f"{one.name}, AUC {one.pair.challenger:.4f} against {one.pair.champion or float('nan'):.4f}, p {p:.3g}"


def _p_value(one: SlicePair, margin: float) -> float:
    """One-sided p-value of `the difference is at least -margin`; small: it is shown to be worse."""
    difference = one.pair.difference
    if difference is None or one.pair.champion is None:
        return float("nan")
    if difference.standard_error == 0:
        return 1.0 if difference.value >= -margin else 0.0
    return float(norm.cdf((difference.value + margin) / difference.standard_error))
