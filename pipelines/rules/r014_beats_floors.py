"""A model must rank better than the baseline scores named in the spec."""

from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence, Mode, difference_of, unbeaten
from pipelines.ruling.rule import Finding, Status, compared, rule, unused


@rule("R014", needs=("floors",), modes=tuple(Mode))
def beats_floors(evidence: Evidence, gate: GateSpec) -> Finding:
    """The challenger ranks the risk better than each simple score of the spec, where the spec demands it.

    Demanded (gate.beat_floors) or not, scores that it is not shown to beat are named.
    """
    if evidence.mode is not Mode.FIRST and (not_used := unused(evidence, 0.0)):
        return not_used
    if not evidence.floors:
        return Finding(
            Status.NOT_APPLICABLE, "0 simple scores in the spec (evaluation.floors), of which 0 must be beaten"
        )
    open_ = unbeaten(evidence)
    words = "; ".join(_words(name, evidence) for name in evidence.floors)
    said = f"{words}; more than 0 wanted of each"
    if not open_:
        return Finding(Status.HOLDS, f"better than each of {len(evidence.floors)} simple scores: {said}")
    told = f"not shown to be better than {' and '.join(open_)}: {said}"
    if not gate.beat_floors:
        told += "; this does not prevent a promotion, as gate.beat_floors does not demand it"
        return Finding(Status.UNCLEAR, told, remark=True)
    found = [difference_of(evidence.floors[name]) for name in open_]
    lost = any(difference is None or difference.high <= 0 for difference in found)
    return Finding(Status.BROKEN if lost else Status.UNCLEAR, f"{told}; gate.beat_floors demands it")


def _words(name: str, evidence: Evidence) -> str:
    pair = evidence.floors[name]
    difference = difference_of(pair)
    if difference is None:
        return f"{name}: auc is missing or not a number"
    return f"{name}: {compared('auc', pair, difference)}"
