"""The evidence that rules see: figures of the compared models, and facts on the validity of the comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite

from scipy.stats import norm

from experiments.evaluation.comparison import Pair, SlicePair
from experiments.statistics.holm import rejected
from experiments.statistics.intervals import Interval
from pipelines.ruling.champion_for import Claims


class Mode(StrEnum):
    """What the challenger would become: the first champion, the champion's refresh, or its replacement."""

    FIRST = "first"
    REFRESH = "refresh"
    REPLACE = "replace"


@dataclass(frozen=True)
class Evidence:
    """Everything that rules may use.

    alpha is what this look at the cohort spends: the differences in figures have their bounds at it already.
    primaries are the figures that have to be better in a replacement; one of two is enough, and pays for that.
    figures holds auc, brier, miscalibration and, where uplift is measured, policy_value, policy_value_kept and
    qini_<action>; worth holds the challenger's auc and brier against the prior model's and, in a randomised trial, its
    policy_value against doing nothing. champion_for is what the champion is used for; anchor holds the figures against
    the last champion that was shown to be better (anchor_version), none where the champion is that one. calibration is
    the challenger's own miscalibration; floors has its auc against each simple score of the spec. rarer counts the
    untreated rows of the rarer outcome, dates the gate dates (0 without), trial_rows the rows in the trial. seen_rows
    counts gate rows that a model was fitted or tuned on, and forgotten says why where nobody knows; faults are reasons
    why an artifact is not clean.
    """

    mode: Mode
    primaries: tuple[str, ...]
    figures: Mapping[str, Pair]
    worth: Mapping[str, Pair]
    rarer: int
    events_per_arm: Mapping[str, int] = field(default_factory=dict)
    champion_for: Claims = Claims(risk=True)  # noqa: RUF009 - it is frozen
    anchor: Mapping[str, Pair] = field(default_factory=dict)
    anchor_version: str | None = None
    calibration: Interval | None = None
    floors: Mapping[str, Pair] = field(default_factory=dict)
    slices: tuple[SlicePair, ...] = ()
    dates: int = 1
    trial_rows: int = 0
    seen_rows: int = 0
    forgotten: str = ""
    faults: tuple[str, ...] = ()
    alpha: float = 0.05

    @property
    def is_randomised(self) -> bool:
        """Whether there is a randomised trial, by which policies can be valued."""
        return "policy_value" in self.worth


def difference_of(pair: Pair | None) -> Interval | None:
    """The difference of a pair; None where a model has no figure or it is undefined."""
    if pair is None or pair.champion is None or pair.difference is None:
        return None
    return pair.difference if isfinite(pair.difference.low + pair.difference.high) else None


def unbeaten(evidence: Evidence) -> list[str]:
    """The simple scores of the spec that the challenger is not shown to beat."""
    found = {name: difference_of(pair) for name, pair in evidence.floors.items()}
    return [name for name, difference in found.items() if difference is None or difference.low <= 0]


def p_above(difference: Interval, at: float) -> float:
    """The one-sided p-value of "no higher than at", in [0, 1]."""
    if difference.standard_error == 0:
        return 0.0 if difference.value > at else 1.0
    return float(norm.sf((difference.value - at) / difference.standard_error))


def p_below(difference: Interval, at: float) -> float:
    """The one-sided p-value of "no lower than at", in [0, 1]."""
    if difference.standard_error == 0:
        return 0.0 if difference.value < at else 1.0
    return float(norm.cdf((difference.value - at) / difference.standard_error))


def shown_claims(worth: Mapping[str, Pair], *, alpha: float) -> Claims:
    """What a model is shown to be good for; the two tests share alpha (Holm).

    worth is what `experiments.evaluation.comparison.worth` gives. The risk needs both, a higher AUC and a lower Brier
    score than the prior model's.
    """
    found = {name: difference_of(pair) for name, pair in worth.items()}
    auc, brier, value = (found.get(name) for name in ("auc", "brier", "policy_value"))
    p_values = [max(p_above(auc, 0.0), p_below(brier, 0.0)) if auc and brier else 1.0]
    p_values += [p_above(value, 0.0) if value else 1.0] if "policy_value" in worth else []
    risk, *uplift = rejected(p_values, alpha=alpha)
    return Claims(risk, any(uplift))
