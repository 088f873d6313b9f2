"""The alpha that a spec's next comparison may spend, from the comparisons in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.rows.units import Window, newly_seen, rate_for, unseen, windows_of
from experiments.sections.label import LabelSpec
from experiments.statistics.repeated_looks import Earned, spendable
from pipelines.champion.succession import Standing

Look = dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """The comparisons of a spec so far: those with a record of their customers, and how many without (carried).

    carried are comparisons of before units were written down, on rows whose dates meet those of today or that have
    none: nothing tells whom they looked at, so it is taken that they were these customers.
    """

    looks: tuple[Mapping[str, Any], ...]
    carried: int = 0

    @property
    def seen(self) -> list[Window]:
        """All customers and windows that were used."""
        return [Window.from_dict(one) for look in self.looks for one in look["units"]["seen"]]

    def earned(self, new_alpha: float) -> list[Earned]:
        """The alpha that customers have added, oldest first, those of the current comparison (new_alpha) last."""
        place = len(self.looks) + 1
        before = [
            Earned(one["units"]["earned"], one["units"]["carried"] + place - number)
            for number, one in enumerate(self.looks)
        ]
        return [*before, Earned(new_alpha, self.carried + 1)]


def spent(standing: Standing, rows: pd.DataFrame) -> Spent:
    """The comparisons before one on these rows (as_of)."""
    found = standing.looks()
    if told := tuple(look for look, _ in found if "units" in look):
        return Spent(told)
    today = {str(moment.date()) for moment in rows["as_of"].dropna().unique()}
    carried = [dates for _, dates in found if not dates or not today or today & set(dates)]
    return Spent((), len(carried))


def next_look(standing: Standing, rows: pd.DataFrame, label: LabelSpec, *, cohort: str, alpha: float) -> Look:
    """The next comparison: its number on these customers, the alpha it spends, and its customers.

    rows are judged (customer_id, as_of), cohort is their hash, alpha what the spec allows for a cohort's worth of new
    customers. The first comparison that is written down says how many are a cohort's worth (reference).
    """
    before = spent(standing, rows)
    first = before.looks[0]["units"] if before.looks else None
    rate = first["rate"] if first else rate_for(int(rows["customer_id"].nunique()))
    judged, seen = windows_of(rows, label, rate=rate), before.seen
    new, of = unseen(judged, seen) / rate, unseen(judged, ()) / rate
    reference = first["reference"] if first else max(new, 1.0)
    earned = before.earned(alpha * new / reference)
    return {
        "cohort": cohort,
        "place": len(before.looks) + 1,
        "number": _number(before, earned, alpha),
        "alpha": spendable(earned, most=alpha),
        "units": {
            "rate": rate,
            "reference": reference,
            "new": new,
            "of": of,
            "earned": earned[-1].alpha,
            "carried": before.carried,
            "seen": [one.to_dict() for one in newly_seen(judged, seen)],
        },
    }


def _number(before: Spent, earned: list[Earned], alpha: float) -> int:
    """How many comparisons, including this one, were made since a cohort's worth of customers was new."""
    total = 0.0
    for one in reversed(earned):
        total += one.alpha
        if total >= alpha * (1 - 1e-9):
            return one.looks
    return before.carried + len(before.looks) + 1
