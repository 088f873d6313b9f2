"""A trial's risk is judged as it will serve: calibrated, by rows of other customers."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from experiments.metrics.auc import METRIC as AUC
from experiments.search.judging import judge, judged
from experiments.search.learning_problem import Problem
from experiments.statistics import calibration
from experiments.uplift.fitted_learner import FittedLearner
from tests.experiments.effect_worlds import problem
from tests.experiments.risk_worlds import risk_world

WORLD = risk_world("additive", 1200)
TRIED = problem(WORLD.as_world, contract=WORLD.contract, actions=(), folds=3)


@dataclass(frozen=True)
class Said:
    """A model of which is known what it says: the first column's line, stretched."""

    stretch: float = 1.0
    shift: float = 0.0

    def predict(self, X: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(self.shift + self.stretch * (0.7 * X[:, 0] - 1.2))))


def risks(of: Problem, *said: Said) -> list[float]:
    return [one.risk for one in judged(of, [FittedLearner({"control": one}) for one in said])]  # type: ignore[dict-item]


def test_too_sure_a_model_is_as_good_as_it_is_after_calibration() -> None:
    honest, wild = risks(TRIED, *[Said()] * 3), risks(TRIED, *[Said(4.0, -2.0)] * 3)
    assert wild == pytest.approx(honest, abs=1e-6)


def test_a_ranking_needs_no_calibration() -> None:
    by_rank = replace(TRIED, metric=AUC)
    assert risks(by_rank, *[Said(4.0, -2.0)] * 3) == pytest.approx(risks(by_rank, *[Said()] * 3), abs=1e-12)


def test_each_part_is_calibrated_by_the_other_parts_of_this_fold_and_those_before() -> None:
    said = [Said(3.0), Said(2.0, 1.0), Said(0.5)]
    found = []
    for k, fold in enumerate(TRIED.folds):
        before = TRIED.folds[: k + 1]
        rows = np.concatenate([one.judge for one in before])
        raw = np.concatenate([model.predict(TRIED.X[one.judge]) for model, one in zip(said, before, strict=False)])
        loss = 0.0
        for part in range(5):
            fitted = calibration.fit(TRIED.y[rows][TRIED.parts[rows] != part], raw[TRIED.parts[rows] != part])
            own = fold.judge[TRIED.parts[fold.judge] == part]
            p = fitted.apply(said[k].predict(TRIED.X[own]))
            loss -= np.log(np.where(TRIED.y[own] == 1, p, 1 - p)).sum()
        found.append(loss / len(fold.judge))
    assert risks(TRIED, *said) == pytest.approx(found, abs=1e-10)


def test_one_class_in_the_other_parts_leaves_the_model_as_it_is() -> None:
    y = np.where(TRIED.parts == 0, TRIED.y, 0.0)
    fold, model = TRIED.folds[0], Said()
    found = judge(replace(TRIED, y=y), fold, FittedLearner({"control": model}))  # type: ignore[dict-item]
    own = fold.judge[TRIED.parts[fold.judge] == 0]
    assert found.judged_risk is not None
    assert np.isfinite(found.risk)
    assert found.judged_risk.predicted[TRIED.parts[fold.judge] == 0] == pytest.approx(model.predict(TRIED.X[own]))
