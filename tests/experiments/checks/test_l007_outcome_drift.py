from dataclasses import replace

import numpy as np
import pytest

from experiments.checks.l007_outcome_drift import outcome_drift
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean


def of(world: LeakEvidence, learnt: float, judged: float, rows: int = 1000) -> LeakEvidence:
    """The world with this share of churn in so many training rows and gate rows."""

    def side(share: float) -> np.ndarray:
        return (np.arange(rows) < round(share * rows)).astype(float)

    return replace(world, training=replace(world.training, y=side(learnt)), gate=replace(world.gate, y=side(judged)))


def planted(seed: int) -> LeakEvidence:
    """Training was balanced by hand, the gate cohort was not."""
    return of(clean(seed), 0.5, 0.1)


@pytest.mark.parametrize(("learnt", "judged", "times"), [(0.5, 0.25, 3.0), (0.25, 0.5, 3.0), (0.1, 0.2, 2.25)])
def test_the_odds_are_compared_in_either_direction(learnt: float, judged: float, times: float) -> None:
    (finding,) = outcome_drift.examine(of(clean(1), learnt, judged))
    assert finding.measured == pytest.approx(times)
    assert f"{judged:.1%} churned" in finding.sentence


def test_a_usual_change_and_one_that_few_rows_may_make_by_chance_are_not_told() -> None:
    assert not outcome_drift.examine(of(clean(2), 0.10, 0.12))
    assert not outcome_drift.examine(of(clean(2), 0.1, 0.2, rows=60))
    assert not outcome_drift.examine(of(clean(2), 0.1, 0.0))
