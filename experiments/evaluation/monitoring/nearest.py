"""A column beside all rows that the champion knows: a change counts against the nearest of them."""

from collections.abc import Iterator, Mapping

from experiments.evaluation.monitoring.evidence import ColumnSeen
from experiments.evaluation.monitoring.kind import Change
from experiments.evaluation.monitoring.stability import Stability, stability


def shifts(columns: tuple[ColumnSeen, ...]) -> Iterator[Change]:
    """The shift of each column that has something to compare.

    The effect is the smallest over what is known, and p the largest (an intersection-union test, which costs no
    correction): whatever looks like training, like the gate cohort or like the same month of last year is no news.
    """
    for column in columns:
        found = {where: stability(column.today, one) for where, one in column.known.items()}
        if not found or column.today.missing + column.today.unseen >= column.today.rows:
            continue
        least = found[nearest(found)]
        words = f"index {', '.join(f'{max(one.value, 0.0):.2f} against {where}' for where, one in found.items())}"
        p = max(one.p for one in found.values())
        yield Change(column.name, least.value, least.low, least.high, p, words)


def nearest(found: Mapping[str, Stability]) -> str:
    """The name of what is nearest."""
    return min(found, key=lambda where: found[where].value)
