"""In no slice may the challenger's AUC be lower than the champion's by more than the margin."""

from math import isnan

from experiments.evaluation.comparison import SliceJudgement, SlicePair, judged_slices
from experiments.sections.gate import GateSpec
from pipelines.messages.numbers import digits_that_tell
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Finding, Status, rule, unused


@rule("R004", needs=("slices",), modes=(Mode.REFRESH, Mode.REPLACE))
def slices_no_worse(evidence: Evidence, gate: GateSpec) -> Finding:
    """In no slice is the challenger's AUC shown to be worse (Holm over the slices) and by more than the margin.

    Inconclusive slices are named, and do not prevent a promotion. Only a slice shown to be worse does, so each
    comparison is tested at the whole of alpha: a share of it would block less.
    """
    if not_used := unused(evidence, gate.slice_margin):
        return not_used
    told = judged_slices(evidence.slices, margin=gate.slice_margin, alpha=gate.alpha)
    found = list(zip(evidence.slices, told, strict=True))
    limits = f"margin {gate.slice_margin:g}, alpha {gate.alpha:.3g}"
    if any(one.pair is not None and isnan(judged.p) for one, judged in found):
        return Finding(Status.BROKEN, f"a slice has no AUC difference for one of the models; {limits}")
    if worse := [pair for pair in found if pair[1].worse]:
        return Finding(
            Status.BROKEN, f"{len(worse)} of {len(found)} slices are shown to be worse: {_words(worse)}; {limits}"
        )
    if open_ := [pair for pair in found if not pair[1].no_worse]:
        words = (
            f"inconclusive in {len(open_)} of {len(found)} slices: {_words(open_)}; {limits}; this does not prevent a"
            " promotion: a slice does when it is shown to be worse"
        )
        return Finding(Status.UNCLEAR, words, remark=True)
    if not found:
        return Finding(Status.NOT_APPLICABLE, f"0 slices in the spec, {limits}")
    weakest = min(found, key=lambda pair: pair[1].p)
    return Finding(
        Status.HOLDS, f"no worse in any of {len(found)} slices; the weakest is {_words([weakest])}; {limits}"
    )


def _words(found: list[tuple[SlicePair, SliceJudgement]]) -> str:
    return ", ".join(
        _slice(one, judged) for one, judged in sorted(found, key=lambda pair: (isnan(pair[1].p), pair[1].p))
    )


def _slice(one: SlicePair, judged: SliceJudgement) -> str:
    if one.pair is None:
        return f"{one.name} ({one.rarer} of the rarer outcome)"
    champion = one.pair.champion if one.pair.champion is not None else float("nan")
    digits = digits_that_tell(one.pair.challenger, champion)
    return f"{one.name} (AUC {one.pair.challenger:.{digits}f} against {champion:.{digits}f}, p {judged.p:.3g})"
