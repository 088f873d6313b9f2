"""What a promotion rule is: a pure function of the evidence that decides one thing and explains itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite

from experiments.comparison import Pair, SlicePair
from experiments.intervals import Interval
from experiments.metric import Better
from experiments.spec import GateSpec
from pipelines.verdict import Verdict

# The normal quantile of 80 %.
Z_POWER = 0.8416212335729143


class Mode(StrEnum):
    """What the challenger wants to be: the first champion, the champion's refresh, or its replacement."""

    FIRST = "first"
    REFRESH = "refresh"
    REPLACE = "replace"


class Status(StrEnum):
    """What a rule finds: it holds, it is broken, or these rows cannot tell."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Evidence:
    """Everything that rules may look at.

    alpha is what this look at the cohort spends: the differences in figures have their bounds at it already.
    figures holds auc, brier, calibration_error and, where uplift is measured, policy_value and qini_<action>; floor
    the prior model's auc and brier. seen_rows counts gate rows that a model was fitted or tuned on; faults are
    reasons why an artifact is not clean.
    """

    mode: Mode
    primary: str
    figures: Mapping[str, Pair]
    floor: Mapping[str, float]
    positives: int
    events_per_arm: Mapping[str, int] = field(default_factory=dict)
    slices: tuple[SlicePair, ...] = ()
    seen_rows: int = 0
    faults: tuple[str, ...] = ()
    alpha: float = 0.05


@dataclass(frozen=True)
class Threshold:
    """What a rule holds a figure against: its difference has to lie beyond at, on the better side.

    own: the challenger's own figure has to, and no difference. smallest is the smallest difference from at that these
    rows show with 80 % power, where they could not tell.
    """

    figure: str
    at: float
    better: Better
    own: bool = False
    smallest: float | None = None


@dataclass(frozen=True)
class Finding:
    """What one rule found, and why, with both numbers; thresholds: what it held figures against."""

    status: Status
    reason: str
    thresholds: tuple[Threshold, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A rule: its code, what it needs, the modes in which it is asked, the verdict when it is broken, and the judge.

    needs names figures of the evidence, or other fields of it where the rule looks at no figure.
    """

    code: str
    needs: tuple[str, ...]
    modes: frozenset[Mode]
    otherwise: Verdict
    judge: Callable[[Evidence, GateSpec], Finding]

    @property
    def name(self) -> str:
        """The code."""
        return self.code

    @property
    def meaning(self) -> str:
        """The rule in one sentence."""
        return (self.judge.__doc__ or "").splitlines()[0]


def rule(
    code: str, *, needs: tuple[str, ...], modes: tuple[Mode, ...], otherwise: Verdict = Verdict.KEEP
) -> Callable[[Callable[[Evidence, GateSpec], Finding]], Rule]:
    """Declare a rule; the first line of the function's docstring says what it demands."""
    return lambda judge: Rule(code, needs, frozenset(modes), otherwise, judge)


def no_worse(evidence: Evidence, figure: str, *, margin: float, higher_is_better: bool = True) -> Finding:
    """Whether the challenger is not worse than the champion by more than a margin, in the figure's unit.

    It holds when the bound of the difference on the bad side stays within the margin, is broken when even the
    bound on the good side does not, and is unclear between. A missing or NaN figure breaks it.
    """
    pair = evidence.figures.get(figure)
    difference = pair.difference if pair else None
    if pair is None or pair.champion is None or difference is None or not isfinite(difference.low + difference.high):
        return Finding(Status.BROKEN, f"{figure} is missing or not a number for one of the models")
    worst, best = (difference.low, difference.high) if higher_is_better else (-difference.high, -difference.low)
    status = Status.HOLDS if worst > -margin else Status.BROKEN if best < -margin else Status.UNCLEAR
    better: Better = "higher" if higher_is_better else "lower"
    words = f"{compared(figure, pair, difference)}, margin {margin:g}{smallest(status, difference)}"
    return Finding(
        status,
        words,
        (Threshold(figure, -margin if higher_is_better else margin, better, smallest=reach(status, difference)),),
    )


def compared(figure: str, pair: Pair, difference: Interval) -> str:
    """Both numbers, their difference and its interval, in words."""
    return (
        f"{figure} {pair.challenger:.4f} against {pair.champion:.4f}: difference {difference.value:+.4f}"
        f" [{difference.low:+.4f}, {difference.high:+.4f}]"
    )


def smallest(status: Status, difference: Interval) -> str:
    """Where these rows could not tell: the smallest difference from the threshold that they would have shown."""
    found = reach(status, difference)
    return (
        f"; a difference of {found:.4f} from it is the smallest that these rows show with 80 % power" if found else ""
    )


def reach(status: Status, difference: Interval) -> float | None:
    """The same as a number; None where the rows could tell."""
    if status is not Status.UNCLEAR:
        return None
    return (difference.value - difference.low) + Z_POWER * difference.standard_error


def decide(mode: Mode, findings: Mapping[Rule, Finding]) -> Verdict:
    """The verdict: every rule must hold; a broken one outweighs an unclear one, and validity outweighs all."""
    broken = [rule.otherwise for rule, finding in findings.items() if finding.status is Status.BROKEN]
    for verdict in (Verdict.CONTRACT_FAIL, Verdict.INSUFFICIENT_DATA, Verdict.KEEP):
        if verdict in broken:
            return verdict
    if any(finding.status is Status.UNCLEAR for finding in findings.values()):
        return Verdict.INCONCLUSIVE
    return {Mode.FIRST: Verdict.FIRST_CHAMPION, Mode.REFRESH: Verdict.REFRESH, Mode.REPLACE: Verdict.PROMOTE}[mode]
