"""What a promotion rule is: a pure function of the evidence with a status and a reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from experiments.evaluation.comparison import Pair
from experiments.metric import Better
from experiments.statistics.intervals import Interval
from features.errors import SchemaError
from pipelines.messages.numbers import digits_that_tell
from pipelines.ruling.evidence import Evidence, Mode, difference_of
from pipelines.ruling.verdict import Verdict

# The normal quantile of 80 %.
Z_POWER = 0.8416212335729143


class Status(StrEnum):
    """The status of a rule: holds, broken, unclear on these rows, not applicable, or switched off by the spec."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNCLEAR = "unclear"
    NOT_APPLICABLE = "not applicable"
    OFF = "switched off"


@dataclass(frozen=True)
class Threshold:
    """The value that a figure's difference must exceed, in its better direction.

    own: the threshold is for the challenger's own figure, not for a difference. smallest is the smallest difference
    from the threshold that these rows show with 80 % power, where the result is unclear.
    """

    figure: str
    at: float
    better: Better
    own: bool = False
    smallest: float | None = None


@dataclass(frozen=True)
class Finding:
    """The result of one rule: status, reason with both numbers, and the thresholds.

    remark: an unclear result is reported, but does not prevent a promotion.
    """

    status: Status
    reason: str
    thresholds: tuple[Threshold, ...] = ()
    remark: bool = False


@dataclass(frozen=True)
class Parameters:
    """The parameters of a rule, one value or one per action: the spec's, or else the rule's defaults."""

    declared: Mapping[str, float]
    said: Mapping[str, float | Mapping[str, float]] = field(default_factory=dict)

    def of(self, name: str, action: str | None = None) -> float:
        """A parameter, per action where it has one for each; the default where the spec gives none."""
        said = self.said.get(name, self.declared[name])
        return said.get(action or "", self.declared[name]) if isinstance(said, Mapping) else said


@dataclass(frozen=True)
class Rule:
    """A rule: its code, required figures, modes, the verdict when it is broken, and its function.

    needs names figures of the evidence, or other fields of it where the rule looks at no figure. A figure is any metric
    by its name: it is taken of both models because a rule needs it; one of effects is `NAME_ACTION` for each action.
    parameters are numbers of its own, with what they are unless the spec's gate.parameters says otherwise; the judge of
    a rule that declares some takes Parameters too. can_be_off says whether a spec may switch it off.
    """

    code: str
    needs: tuple[str, ...]
    modes: frozenset[Mode]
    otherwise: Verdict
    judge: Callable[..., Finding]
    parameters: Mapping[str, float] = field(default_factory=dict)
    can_be_off: bool = True

    def __hash__(self) -> int:
        return hash(self.code)

    @property
    def name(self) -> str:
        """The code."""
        return self.code

    @property
    def meaning(self) -> str:
        """The rule in one sentence."""
        return (self.judge.__doc__ or "").splitlines()[0]


def rule(
    code: str,
    *,
    needs: tuple[str, ...],
    modes: tuple[Mode, ...],
    otherwise: Verdict = Verdict.KEEP,
    parameters: Mapping[str, float] = MappingProxyType({}),
    can_be_off: bool = True,
) -> Callable[[Callable[..., Finding]], Rule]:
    """Declare a rule; the first line of the function's docstring says what it demands; the rest as of `Rule`.

    Raises SchemaError when the function has no docstring.
    """

    def declare(judge: Callable[..., Finding]) -> Rule:
        if not judge.__doc__:
            raise SchemaError(f"rule {code} needs a docstring, whose first line says what it demands.")
        return Rule(code, needs, frozenset(modes), otherwise, judge, parameters, can_be_off)

    return declare


def no_worse(
    evidence: Evidence, figure: str, *, margin: float, higher_is_better: bool = True, pair: Pair | None = None
) -> Finding:
    """Whether the challenger is not worse than the champion by more than a margin, in the figure's unit.

    It holds when the bound of the difference on the bad side stays within the margin, is broken when even the
    bound on the good side does not, and is unclear between. A missing or NaN figure breaks it. pair: another's figures
    than the champion's.
    """
    found = pair or evidence.figures.get(figure)
    difference = difference_of(found)
    if found is None or difference is None:
        return missing(figure)
    worst, best = (difference.low, difference.high) if higher_is_better else (-difference.high, -difference.low)
    status = Status.HOLDS if worst > -margin else Status.BROKEN if best < -margin else Status.UNCLEAR
    better: Better = "higher" if higher_is_better else "lower"
    words = f"{compared(figure, found, difference)}, margin {margin:g}{smallest(status, difference)}"
    return Finding(
        status,
        words,
        (Threshold(figure, -margin if higher_is_better else margin, better, smallest=reach(status, difference)),),
    )


def unused(evidence: Evidence, margin: float) -> Finding | None:
    """The finding of a rule on the risk where the champion's risk is not used; None where it is."""
    if evidence.champion_for.risk:
        return None
    words = "the champion is used for its choice of actions only, so its risk is not tested"
    return Finding(Status.NOT_APPLICABLE, f"{words}: 0 rows count, margin {margin:g}")


def without_trial(evidence: Evidence) -> Finding:
    """The finding of a rule on the policy where there is no randomised trial.

    A champion that was shown to earn more than doing nothing cannot be shown so again, nor can its successor.
    """
    if not evidence.champion_for.uplift:
        words = "no randomised trial, so 0 claims are made of the policy, and 0 must be kept"
        return Finding(Status.NOT_APPLICABLE, words)
    words = "the champion was shown to earn more than doing nothing, and without a randomised trial on these rows"
    return Finding(Status.UNCLEAR, f"{words} 0 of it can be shown again: bring the trial back, or force it")


def missing(figure: str) -> Finding:
    """The finding where a figure is missing."""
    return Finding(Status.BROKEN, f"{figure} is missing or not a number for one of the models")


def compared(figure: str, pair: Pair, difference: Interval) -> str:
    """Both numbers, their difference and its interval, in words."""
    champion = pair.champion if pair.champion is not None else float("nan")
    digits = digits_that_tell(pair.challenger, champion)
    return (
        f"{figure} {pair.challenger:.{digits}f} against {champion:.{digits}f}: difference"
        f" {difference.value:+.{digits}f} [{difference.low:+.{digits}f}, {difference.high:+.{digits}f}]"
    )


def smallest(status: Status, difference: Interval) -> str:
    """For unclear findings: the smallest difference from the threshold that these rows could have detected."""
    found = reach(status, difference)
    return (
        f"; a difference of {found:.4f} from it is the smallest that these rows show with 80 % power" if found else ""
    )


def reach(status: Status, difference: Interval) -> float | None:
    """The same as a number; None where the finding is clear."""
    if status is not Status.UNCLEAR:
        return None
    return (difference.value - difference.low) + Z_POWER * difference.standard_error


def decide(mode: Mode, findings: Mapping[Rule, Finding]) -> Verdict:
    """The verdict: every applicable rule must hold.

    A broken one outweighs an unclear one, and validity outweighs all.
    """
    broken = [rule.otherwise for rule, finding in findings.items() if finding.status is Status.BROKEN]
    for verdict in (Verdict.CONTRACT_FAIL, Verdict.INSUFFICIENT_DATA, Verdict.KEEP):
        if verdict in broken:
            return Verdict.NO_CHAMPION if (mode, verdict) == (Mode.FIRST, Verdict.KEEP) else verdict
    if any(finding.status is Status.UNCLEAR and not finding.remark for finding in findings.values()):
        return Verdict.INCONCLUSIVE
    return {Mode.FIRST: Verdict.FIRST_CHAMPION, Mode.REFRESH: Verdict.REFRESH, Mode.REPLACE: Verdict.PROMOTE}[mode]
