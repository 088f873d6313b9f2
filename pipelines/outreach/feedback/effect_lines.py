"""`effect`: what may be said of each action, over all rounds and within segments, levels and rows of the playbook.

These lines are one family, held together. Single rounds and campaigns are shown beside it, with intervals of their own
and without a claim: there are more of them every month, and a family that grows cannot be held at a fixed chance of a
false claim.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np

from experiments.effects import by_assignment, claim, complier, cumulated, family
from experiments.effects.assigned import Assigned, Mask
from experiments.effects.by_assignment import Effect
from experiments.effects.claim import Verdict
from experiments.effects.family import Held, Line
from experiments.effects.returns import Returns, Terms, returns
from experiments.sections.cost_of_churn import CostOfChurnSpec
from experiments.statistics.intervals import Interval

ALL = "all"
# Lines of these hold together; those of SHOWN claim nothing.
CLAIMED = ("level", "segment", "playbook_row")
SHOWN = ("campaign", "round")
SHOWN_ONLY = "shown"
OF_ONE = "one part of the whole, shown with an interval of its own: what is claimed is claimed of all rounds together"


@dataclass(frozen=True)
class Part:
    """Rows of which an effect is told: those of an action, and of one value of a label, or all."""

    action: str
    by: str
    value: str
    mask: Mask

    @property
    def name(self) -> str:
        """As a line is called."""
        return f"{self.action}, {'all' if self.by == ALL else f'{self.by} {self.value}'}"


def lines(rows: Assigned, cost_of_churn: CostOfChurnSpec) -> list[dict[str, Any]]:
    """The lines as plain data: counts, shares that stayed, effect, those reached, money, and the word of each.

    Those of the family come first. Intervals hold together at the same time and at every look; those of a single round
    or campaign are of 95 %, each alone.
    """
    parts = [part for action in rows.actions for part in _parts(rows, action)]
    claimed = [part for part in parts if part.by not in SHOWN]
    effects = [by_assignment.effect(rows, part.action, among=part.mask) for part in claimed]
    information = [
        cumulated.information(rows, part.action, found, among=part.mask)
        for part, found in zip(claimed, effects, strict=True)
    ]
    named = zip(claimed, effects, information, strict=True)
    together = family.held([Line(part.name, found.adjusted, known) for part, found, known in named])
    level = 1 - family.ALPHA / max(len(claimed), 1)
    told = [
        _line(rows, part, found, held, claim.verdict(found, held), (known, level), cost_of_churn)
        for part, found, held, known in zip(claimed, effects, together, information, strict=True)
    ]
    return told + [_shown(rows, part, cost_of_churn) for part in parts if part.by in SHOWN]


def _parts(rows: Assigned, action: str) -> Iterator[Part]:
    """The parts of an action; a label with one value only is the whole, and is left out.

    Which there are follows from what was drawn, and not from what came of it.
    """
    place = rows.place(action)
    could = np.nan_to_num(rows.probability[:, 1 + place]) > 0
    could |= rows.action == place
    if not could.any():
        return
    yield Part(action, ALL, ALL, np.ones(could.size, dtype=bool))
    for label in (*CLAIMED, *SHOWN):
        values = rows.label(label)
        there = sorted(values[could].unique())
        for value in there if len(there) > 1 or label in SHOWN else ():
            yield Part(action, label, str(value), (values == value).to_numpy(dtype=bool))


def _shown(rows: Assigned, part: Part, cost_of_churn: CostOfChurnSpec) -> dict[str, Any]:
    found = by_assignment.effect(rows, part.action, among=part.mask)
    (held,) = family.held([Line(part.name, found.adjusted)])
    word = claim.verdict(found, held)
    if found.adjusted is not None:
        return _line(rows, part, found, held, None, (None, 0.95), cost_of_churn)
    return _line(rows, part, found, held, word, (None, 0.95), cost_of_churn)


def _line(
    rows: Assigned,
    part: Part,
    found: Effect,
    held: Held,
    word: Verdict | None,
    looked: tuple[float | None, float],
    cost_of_churn: CostOfChurnSpec,
) -> dict[str, Any]:
    return {
        "action": part.action,
        "by": part.by,
        "value": part.value,
        "claimed": part.by not in SHOWN,
        "word": SHOWN_ONLY if word is None else word.word,
        "because": OF_ONE if word is None else word.because,
        "missing": [] if word is None else list(word.missing),
        "counts": asdict(found.counts),
        "stayed": None if found.stayed is None else dict(zip(("assigned", "withheld"), found.stayed, strict=True)),
        "effect": _plain(held.interval),
        "unadjusted": None if found.plain is None else found.plain.value,
        "p": held.p,
        "detectable": found.detectable if isfinite(found.detectable) else None,
        "reached": _reached(rows, part, found, looked),
        "money": _money(rows, part, found, looked, cost_of_churn) if part.by in (ALL, "round") else None,
    }


def _reached(rows: Assigned, part: Part, found: Effect, looked: tuple[float | None, float]) -> dict[str, Any]:
    """The effect on those reached."""
    information, level = looked
    one = complier.complier(rows, found, level=level, information=information, among=part.mask)
    shares = None if one.reached is None else dict(zip(("assigned", "withheld"), one.reached, strict=True))
    told = None
    if one.effect is not None:
        ends = {name: _finite(getattr(one.effect, name)) for name in ("value", "low", "high")}
        told = {"kind": one.effect.kind, **ends, "level": level}
    return {"effect": told, "shares": shares, "missing": one.missing}


def _money(
    rows: Assigned, part: Part, found: Effect, looked: tuple[float | None, float], cost_of_churn: CostOfChurnSpec
) -> dict[str, Any] | None:
    """What came back, where the effect can be estimated."""
    information, _ = looked
    keeping = cost_of_churn.retention_cost or _mean_cost(rows, part)
    terms = Terms(cost_of_churn, keeping, information=information)
    earned = returns(rows, found, terms, among=part.mask)
    return None if earned is None else _returned(earned, keeping)


def _mean_cost(rows: Assigned, part: Part) -> float:
    given = part.mask & (rows.action == rows.place(part.action))
    return float(rows.cost[given].mean()) if given.any() else 0.0


def _returned(earned: Returns, keeping: float) -> dict[str, Any]:
    def plain(one: Any) -> dict[str, Any]:
        return {name: _plain(getattr(one, name)) for name in ("gained", "net", "return_on_investment")}

    return {
        "currency": earned.currency,
        "months": earned.months,
        "assigned": earned.assigned,
        "spent": earned.spent,
        "pending_spent": earned.pending_spent,
        "lost_without": _plain(earned.lost_without),
        "by_part": {name: _plain(one) for name, one in earned.by_part.items()},
        **plain(earned.money),
        "keeping_cost": keeping,
        "by_multiple": {f"{multiple:g}": plain(one) for multiple, one in earned.by_multiple.items()} if keeping else {},
    }


def _plain(one: Interval | None) -> dict[str, Any] | None:
    return None if one is None else one.to_dict()


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
