"""The word for each line of effects: helps, harms, cannot tell, not yet, or no control with what is missing.

A figure before and one after are never an effect: customers change, seasons change, and who was bad before is better
after without anybody's doing (regression to the mean). Without customers withheld by chance nothing tells them apart.
"""

from dataclasses import dataclass
from typing import Literal

from experiments.effects.by_assignment import (
    NO_CONTROL,
    NOBODY_ASSIGNED,
    NOT_AS_DRAWN,
    NOT_LOGGED,
    PENDING,
    Effect,
)
from experiments.effects.family import Held

Word = Literal["helps", "harms", "cannot tell", "not yet", "no control"]

WITHHELD = "customers who could have got the action and were withheld by chance"
PROBABILITIES = "the probability of each customer's assignment, logged before the action"
OUTCOMES = "the outcomes of those withheld, over the same time"
DRAWN = "assignments that are those drawn: nobody was moved after the draw, and no probability was written later"
# What is missing for a control, by why there is none.
LACKING = {NO_CONTROL: WITHHELD, NOT_LOGGED: PROBABILITIES, NOT_AS_DRAWN: DRAWN}
# What a claim needs that figures before and after cannot give.
OF_AN_EFFECT = (WITHHELD, PROBABILITIES, OUTCOMES)


@dataclass(frozen=True)
class Verdict:
    """A word with its reason, and what is missing for a better one."""

    word: Word
    because: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class BeforeAndAfter:
    """A figure before and after an action, or only its relative change; what names it. Shares are in [0, 1]."""

    what: str
    before: float | None = None
    after: float | None = None
    change: float | None = None


def verdict(found: Effect, held: Held) -> Verdict:
    """The word of a line, whose effect is found and held together with its family."""
    if found.missing is None and held.interval is not None:
        return _of_interval(found, held)
    because = found.missing or "there is no estimate"
    if found.missing == PENDING:
        waiting = found.counts.pending_assigned + found.counts.pending_withheld
        return Verdict("not yet", f"{because}: {waiting:,} customers are waited for")
    if found.missing in LACKING:
        return Verdict("no control", because, (LACKING[found.missing],))
    if found.missing == NOBODY_ASSIGNED:
        return Verdict("cannot tell", because)
    return Verdict("cannot tell", because, ("more customers, or more rounds",))


def before_and_after(figures: BeforeAndAfter) -> Verdict:
    """Always the refusal: without a control there is no effect, whatever the figures."""
    return Verdict("no control", f"{_said(figures)}: a change over time, and no effect of anything", OF_AN_EFFECT)


def _of_interval(found: Effect, held: Held) -> Verdict:
    interval = held.interval
    if interval is None:
        return Verdict("cannot tell", "there is no estimate")
    points = f"{100 * interval.value:+.1f} points stayed [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
    if held.sign:
        return Verdict("helps" if held.sign > 0 else "harms", points)
    if held.different:
        return Verdict(
            "cannot tell",
            f"{points}; Holm's procedure says that there is an effect, the interval of all lines together does not say"
            " of which size",
        )
    return Verdict("cannot tell", f"{points}; so many customers show an effect of {100 * found.detectable:.1f} points")


def _said(figures: BeforeAndAfter) -> str:
    if figures.before is not None and figures.after is not None:
        return f"{figures.what} went from {figures.before:.0%} to {figures.after:.0%}"
    return f"{figures.what} changed" + ("" if figures.change is None else f" by {figures.change:+.0%}")
