"""A fitted uplift learner: its models, and how they give the effect of each action."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from experiments.family import FittedModel, Scores
from experiments.statistics.calibration import Calibration
from features.contract import Matrix
from features.tables import CONTROL


@dataclass(frozen=True)
class Term:
    """A term of an effect: a weight times the product of the named models' predictions."""

    weight: float
    models: tuple[str, ...]


@dataclass(frozen=True)
class FittedLearner:
    """Fitted models by name (`control` is the risk without action); an effect is a sum of terms of predictions.

    Models that have a calibration are asked through it. without names the model of the outcome without action that
    bounds the effects: the risk, unless customers left before the window opened, whom only effects count.
    """

    models: Mapping[str, FittedModel]
    terms: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    without: str = CONTROL

    def said(self, X: Matrix, name: str) -> Scores:
        """The predictions of one model for encoded rows, calibrated where possible; shape (n_rows,)."""
        raw = self.models[name].predict(X)
        return self.calibrations[name].apply(raw) if name in self.calibrations else raw

    def risk(self, X: Matrix) -> Scores:
        """The probability to churn without action, shape (n_rows,)."""
        return self.said(X, CONTROL)

    def effects(self, X: Matrix) -> dict[str, Scores]:
        """The reduction of the probability to leave by the end of the window, by action, shape (n_rows,) each.

        What is left of that probability is in [0, 1].

        Spelt out, because the scorer of a registered model does the very same steps and must get the same bits.
        """
        said = {name: self.said(X, name) for name in self.models}
        effects = {}
        for action, terms in self.terms.items():
            total = np.zeros(len(X))
            for term in terms:
                product = np.full(len(X), term.weight)
                for name in term.models:
                    product = product * said[name]
                total = total + product
            effects[action] = np.clip(total, said[self.without] - 1.0, said[self.without])
        return effects

    @property
    def learned(self) -> dict[str, Mapping[str, float]]:
        """What fitting each model determined, such as its number of rounds."""
        return {name: model.learned for name, model in self.models.items()}
