"""A clean trial is called one however it was drawn, and one that was not drawn is found, however its arms were held."""

import numpy as np
import pytest

from pipelines.learning import randomisation
from pipelines.learning.training_data import Learning
from tests.pipelines.trial_designs import CONTRACT, DESIGNS, SPEC, once, standing_control, trial

MOST = 0.02


def verdict(design: str, **asked: float) -> str:
    rows = trial(DESIGNS[design], **asked)  # type: ignore[arg-type]
    return str(
        randomisation.examined(Learning(SPEC, rows, CONTRACT.encode(rows), CONTRACT, listed=1), SPEC.source)["verdict"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_at_most_two_clean_trials_in_a_hundred_are_called_otherwise(design: str) -> None:
    """120 trials of 300 customers, all three questions together; the Monte-Carlo error of 2 % is 1.3 points."""
    alarms = [verdict(design, customers=300, seed=seed) != "randomised" for seed in range(120)]
    assert np.mean(alarms) <= MOST + 3 * (MOST * (1 - MOST) / len(alarms)) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("design", ["one_switcher", "standing_control", "by_score"])
def test_large_clean_trials_are_called_otherwise_as_seldom(design: str) -> None:
    """40 trials of 3,000 customers."""
    alarms = [verdict(design, customers=3000, seed=seed) != "randomised" for seed in range(40)]
    assert np.mean(alarms) <= MOST + 3 * (MOST * (1 - MOST) / len(alarms)) ** 0.5


@pytest.mark.parametrize("design", [once, standing_control])
def test_arms_that_a_covariate_decided_once_are_found_however_long_they_were_held(design: object) -> None:
    """In three customers of ten it decides."""
    name = design.__name__  # type: ignore[attr-defined]
    assert verdict(name, customers=1500, seed=1, bias=0.3) == "not randomised"
