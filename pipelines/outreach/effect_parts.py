"""What each column adds to the predicted effect of an action, where the model can say so exactly.

An effect can be told apart by columns where it is a sum of models of numbers (DR-learner; X-learner of a constant
propensity), or a difference of two probabilities (T- and S-learner). A product of models cannot; a share of the risk
(risk ranking) rests on the risk alone, and says nothing of the action. There is silence also where the parts do not
add up to the effect as the list shows it: of a model made before baselines, or at the limits of a probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.metric import Numbers

WITHIN = 1e-6
# Below this difference of log-odds a secant is the tangent.
SAME_LOG_ODDS = 1e-7


@dataclass(frozen=True)
class Parts:
    """What a model says in parts: by column and, last, the baseline, shape (n_rows, n_columns + 1).

    They add up to the calibrated log-odds where the model is of a probability, else to its number.
    """

    parts: Numbers
    is_probability: bool


def effect_parts(scorer: Any, X: Numbers, *, action: str, effect: Numbers) -> Numbers:
    """What each column adds to the effect, shape (n_rows, n_columns); NaN in rows of which nothing can be said.

    X, shape (n_rows, n_columns), are rows as the scorer reads them, effect, shape (n_rows,), the action's uplift.
    """
    silence = np.full(X.shape, np.nan)
    weights, constant = _weights(scorer.effects[action])
    if weights is None:
        return silence
    found = {name: _parts_of(scorer, name, X) for name in weights}
    told = {name: one for name, one in found.items() if one is not None}
    if len(told) < len(found):
        return silence
    parts = _sum_of_numbers(told, weights, X) if not any(one.is_probability for one in told.values()) else None
    parts = _difference(told, weights) if parts is None else parts
    if parts is None:
        return silence
    exact = np.abs(parts.sum(axis=1) + constant - effect) < WITHIN
    return np.where(exact[:, None], parts[:, :-1], np.nan)


def _weights(terms: list[Mapping[str, Any]]) -> tuple[dict[str, float] | None, float]:
    """The weight of each model in an effect, None where models are multiplied; and the constant."""
    weights: dict[str, float] = {}
    constant = 0.0
    for term in terms:
        if len(term["models"]) > 1 and term["weight"]:
            return None, constant
        if not term["models"]:
            constant += term["weight"]
        elif term["weight"]:
            (name,) = term["models"]
            weights[name] = weights.get(name, 0.0) + term["weight"]
    return weights, constant


def _parts_of(scorer: Any, name: str, X: Numbers) -> Parts | None:
    """What one model says in parts; None where they do not add up to its prediction."""
    model, calibration = scorer.models[name], scorer.calibrations[name]
    parts, said = model.contributions(X), model.predict(X)
    if parts.shape[1] != X.shape[1] + 1:
        return None
    total = parts.sum(axis=1)
    if calibration is None and np.allclose(total, said, rtol=0.0, atol=WITHIN):
        return Parts(parts, is_probability=False)
    if not np.allclose(_sigmoid(total), said, rtol=0.0, atol=WITHIN):
        return None
    if calibration is None:
        return Parts(parts, is_probability=True)
    parts = calibration["slope"] * parts
    parts[:, -1] += calibration["intercept"]
    return Parts(parts, is_probability=True)


def _sum_of_numbers(told: Mapping[str, Parts], weights: Mapping[str, float], X: Numbers) -> Numbers:
    """Parts of the weighted sum, shape (n_rows, n_columns + 1)."""
    return sum((weights[name] * one.parts for name, one in told.items()), np.zeros((len(X), X.shape[1] + 1)))


def _difference(told: Mapping[str, Parts], weights: Mapping[str, float]) -> Numbers | None:
    """Parts of weight * (p - q), shape (n_rows, n_columns + 1); None where it is not of this form.

    The difference of the log-odds has parts that add up; times the slope of the secant, (p - q) / (L(p) - L(q)), they
    add up to p - q. The slope is positive: order and signs of the parts stay.
    """
    if len(told) != 2 or not all(one.is_probability for one in told.values()):
        return None
    (one, other), (weight, against) = told, (weights[name] for name in told)
    if weight + against != 0.0:
        return None
    apart = told[one].parts - told[other].parts
    high, low = told[one].parts.sum(axis=1), told[other].parts.sum(axis=1)
    p, q = _sigmoid(high), _sigmoid(low)
    is_flat = np.abs(high - low) < SAME_LOG_ODDS
    slope = np.where(is_flat, p * (1.0 - p), (p - q) / np.where(is_flat, 1.0, high - low))
    return np.asarray(weight * slope[:, None] * apart)


def _sigmoid(log_odds: Numbers) -> Numbers:
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))
