"""What each risk cut earns: the cuts in use, the best of training, and the curve between, on the rows that judge.

Cuts are derived from out-of-fold predictions of training rows, never from the gate cohort; here the gate cohort says
what they earn.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.evaluation.cohort import Cohort, Mask
from experiments.metric import Numbers
from experiments.metrics.policy_value import METRIC as MEAN
from experiments.money import cuts, risk_levels
from experiments.money.cuts import Offer
from experiments.money.risk_levels import RiskCuts
from experiments.spec import ExperimentSpec

POINTS = 50


def best(training: Cohort, probability: Numbers) -> tuple[float, float] | None:
    """The cuts by profit of training rows and their out-of-fold probabilities, shape (n_rows,); None without rows."""
    at = training.untreated
    if not at.any():
        return None
    return cuts.derived(
        probability=probability[at],
        churned=training.churned[at],
        weights=_weights(training),
        campaign=training.spec.evaluation.campaign,
    )


def in_use(spec: ExperimentSpec, best_of_training: tuple[float, float] | None) -> RiskCuts:
    """The cuts of a spec: derived ones count where its evaluation says what the campaign costs and brings."""
    has_money = "campaign" in spec.evaluation.model_fields_set
    return risk_levels.in_use(spec.score, best_of_training if has_money else None)


def cut_earnings(
    cohort: Cohort, probability: Numbers, *, best_of_training: tuple[float, float] | None
) -> dict[str, Any]:
    """The cuts in use, the best of training, whom each reaches and what contacting them earns per customer judged."""
    used = in_use(cohort.spec, best_of_training)
    found = [_earned(cohort, name, cut, mask) for name, cut, mask in _reached(cohort, probability, used)]
    if best_of_training is not None:
        high = best_of_training[1]
        found.append(_earned(cohort, "best_of_training", high, probability >= high))
    return {
        "in_use": used.to_dict(),
        "best_of_training": None if best_of_training is None else list(best_of_training),
        "earned": found,
        "curve": _curve(cohort, probability),
    }


def _reached(cohort: Cohort, probability: Numbers, used: RiskCuts) -> Iterator[tuple[str, float | None, Mask]]:
    """Whom the levels reach, from everybody to the high ones; no one cut where segments have their own."""
    places = used.places(probability, used.segments(cohort.rows))
    yield "everybody", 0.0, np.full(len(places), True)
    yield "medium", None if used.by else used.medium_from, places >= 1
    yield "high", None if used.by else used.high_from, places >= 2


def _earned(cohort: Cohort, name: str, cut: float | None, reached: Mask) -> dict[str, Any]:
    at = cohort.untreated
    earned = _each(cohort) * reached[at]
    figure = cohort.estimate(MEAN, earned, mask=at, weights=cohort.weights_of(at))
    weights, chosen = _weights(cohort), reached[at]
    return {
        "name": name,
        "cut": cut,
        "contacted": int(chosen.sum()),
        "contacted_share": float(np.average(chosen, weights=weights)),
        "leavers": int(cohort.churned[at][chosen].sum()),
        "profit": figure.interval().to_dict(),
    }


def _curve(cohort: Cohort, probability: Numbers) -> list[dict[str, float]]:
    """Profit per customer by cut, in POINTS steps from 0 to the highest probability."""
    at = cohort.untreated
    places = np.linspace(0.0, float(probability[at].max(initial=0.0)), POINTS + 1)
    found = cuts.profits(places, probability[at], _each(cohort), _weights(cohort))
    return [{"cut": cut, "profit": profit} for cut, profit in zip(places.tolist(), found.tolist(), strict=True)]


def _each(cohort: Cohort) -> Numbers:
    return Offer.of(cohort.spec.evaluation.campaign).earned(cohort.churned[cohort.untreated])


def _weights(cohort: Cohort) -> Numbers:
    found = cohort.weights_of(cohort.untreated)
    return np.ones(int(cohort.untreated.sum())) if found is None else found
