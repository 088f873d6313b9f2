"""Several actions and segments are one family: what is claimed of any holds for all together.

Claims are held by Holm's procedure, intervals by Bonferroni's: of m lines each has the level 1 - alpha/m. An interval
that excludes 0 implies that Holm rejects, so a claim that both make is never contradicted by its interval. Holm alone
may reject a little more. No finite simultaneous interval goes with that (Guilbaud 2008: of what Holm rejects before the
last, all that holds jointly is that it is not 0), so such a line is marked and claims nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.effects.contrast import Contrast
from experiments.effects.cumulated import interval_of, p_at_any_time
from experiments.statistics.holm import rejected
from experiments.statistics.intervals import Interval

ALPHA = 0.05


@dataclass(frozen=True)
class Line:
    """A line of the page: its name, its figure, None where nothing can be estimated, and against what it is held.

    information is that of `cumulated.information`, or None where one look was planned before.
    """

    name: str
    found: Contrast | None
    information: float | None = None

    @property
    def p(self) -> float:
        """The two-sided p-value of no effect; 1 without an estimate, as the line is in the family all the same."""
        if self.found is None:
            return 1.0
        return self.found.p if self.information is None else p_at_any_time(self.found, self.information)


@dataclass(frozen=True)
class Held:
    """A line, held together with all others.

    interval is simultaneous (Bonferroni), None without an estimate; different says whether Holm rejects no effect;
    sign is 1 or -1 where the interval excludes 0, else 0.
    """

    name: str
    p: float
    interval: Interval | None
    different: bool

    @property
    def sign(self) -> int:
        """Whether the effect is shown to be above 0 (1), below 0 (-1), or neither (0)."""
        if self.interval is None:
            return 0
        return int(self.interval.low > 0) - int(self.interval.high < 0)


def held(lines: Sequence[Line], *, alpha: float = ALPHA) -> tuple[Held, ...]:
    """Every line held together with all others at alpha, in the same order.

    The lines must be all that could be claimed, also those without an estimate yet: which lines there are may not
    depend on what they show.
    """
    stands = rejected([one.p for one in lines], alpha=alpha)
    level = 1 - alpha / max(len(lines), 1)
    return tuple(
        Held(
            one.name, one.p, None if one.found is None else interval_of(one.found, one.information, level=level), stood
        )
        for one, stood in zip(lines, stands, strict=True)
    )


def sentence(n_lines: int, *, alpha: float = ALPHA) -> str:
    """What the page says of the family."""
    return (
        f"{n_lines} claims are held together by Holm's procedure: the chance that any of them is false is at most"
        f" {100 * alpha:.0f}\u00a0%. Their intervals hold together too (Bonferroni, each at"
        f" {100 * (1 - alpha / max(n_lines, 1)):.2f}\u00a0%)."
    )
