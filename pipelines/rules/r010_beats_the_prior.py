"""A first champion must know more than the average."""

from math import isfinite

from experiments.spec import GateSpec
from pipelines.rule import Evidence, Finding, Mode, Status, Threshold, rule


@rule("R010", needs=("auc", "brier", "floor"), modes=(Mode.FIRST,))
def beats_the_prior(evidence: Evidence, gate: GateSpec) -> Finding:  # noqa: ARG001 - the same call as every rule
    """The challenger's Brier score and AUC are better than the prior model's, intervals included."""
    auc, brier = evidence.figures.get("auc"), evidence.figures.get("brier")
    if auc is None or brier is None or auc.difference is None or brier.difference is None:
        return Finding(Status.BROKEN, "auc or brier is missing")
    if not isfinite(auc.difference.low + brier.difference.high):
        return Finding(Status.BROKEN, "auc or brier is not a number")
    better = auc.difference.low > 0 and brier.difference.high < 0
    return Finding(
        Status.HOLDS if better else Status.BROKEN,
        f"AUC {auc.challenger:.4f} against the prior's {evidence.floor['auc']:.4f}, at least {auc.difference.low:+.4f},"
        f" more than 0 wanted; Brier {brier.challenger:.4f} against {evidence.floor['brier']:.4f},"
        f" at most {brier.difference.high:+.4f}, less than 0 wanted",
        (Threshold("auc", 0.0, "higher"), Threshold("brier", 0.0, "lower")),
    )
