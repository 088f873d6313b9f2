"""No group of customers may be served worse."""

from math import isfinite

from experiments.comparison import SlicePair, shown_worse
from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, rule


@rule("R004", needs=("slices",), modes=(Mode.REFRESH, Mode.REPLACE))
def slices_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """In no slice is the challenger's AUC shown to be worse by more than the margin (Holm over the slices).

    It blocks only what is shown, so that each look has all of alpha: a share of it would block less.
    """
    found = shown_worse(evidence.slices, margin=gate.slice_margin, alpha=gate.alpha)
    tested = [(one, p) for one, (p, _) in zip(evidence.slices, found, strict=True)]
    if any(not isfinite(p) for _, p in tested):
        return Finding(Status.BROKEN, "a slice has no AUC difference for one of the models")
    if not tested:
        return Finding(Status.HOLDS, f"no slice is large enough to judge, margin {gate.slice_margin:g}")
    shown = [pair for pair, (_, worse) in zip(tested, found, strict=True) if worse]
    limits = f"margin {gate.slice_margin:g}, alpha {gate.alpha:.3g}"
    if shown:
        shown.sort(key=lambda pair: pair[1])
        words = "; ".join(_words(one, p) for one, p in shown)
        return Finding(Status.BROKEN, f"{len(shown)} of {len(tested)} slices are shown to be worse: {words}; {limits}")
    words = _words(*min(tested, key=lambda pair: pair[1]))
    return Finding(Status.HOLDS, f"the weakest of {len(tested)} slices is {words}; {limits}")


def _words(one: SlicePair, p: float) -> str:
    return f"{one.name}, AUC {one.pair.challenger:.4f} against {one.pair.champion or float('nan'):.4f}, p {p:.3g}"
