"""What texts are worth: nothing where the same risks stand on both sides, something where they tell more."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.worth_of_texts import worth_of_texts
from experiments.metrics.auc import METRIC as AUC
from tests.specs import trial_spec


def world(size: int, seed: int) -> tuple[Cohort, np.ndarray, np.ndarray]:
    """Untreated customers, what all columns but texts say of their risk, and what texts say beside."""
    rng = np.random.default_rng(seed)
    known, told = rng.normal(size=size), rng.normal(size=size)
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(size).astype(str),
            "as_of": pd.NaT,
            "churned": (rng.random(size) < expit(known + told - 1)).astype(float),
            "arm": None,
            "value": 1.0,
        }
    )
    return Cohort(rows, trial_spec(treatment=None)), known, told


def test_the_loss_is_the_difference_of_both_figures() -> None:
    cohort, known, told = world(600, 0)
    found = worth_of_texts(cohort, known + told, known)
    assert found["auc"]["value"] == pytest.approx(cohort.risk_figure(AUC, known))
    assert found["loss"]["value"] == pytest.approx(cohort.risk_figure(AUC, known + told) - found["auc"]["value"])


def test_texts_that_tell_more_are_worth_something_and_noise_is_not() -> None:
    cohort, known, told = world(1500, 1)
    assert worth_of_texts(cohort, known + told, known)["loss"]["low"] > 0
    noise = np.random.default_rng(2).normal(size=len(known))
    assert worth_of_texts(cohort, known + noise, known)["loss"]["high"] < 0
    same = worth_of_texts(cohort, known, known)["loss"]
    assert same["low"] == same["value"] == same["high"] == 0.0


def test_two_sides_are_told_apart_more_sharply_together_than_each_by_itself() -> None:
    """They are judged on the same draws: what moves both moves the difference little."""
    cohort, known, told = world(1500, 3)
    found = worth_of_texts(cohort, known + 0.2 * told, known)
    assert found["loss"]["high"] - found["loss"]["low"] < 0.7 * (found["auc"]["high"] - found["auc"]["low"])
