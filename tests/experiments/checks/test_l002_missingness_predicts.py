import numpy as np
import pytest

from experiments.checks.l001_target_copy import target_copy
from experiments.checks.l002_missingness_predicts import missingness_predicts
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean, of_training


def planted(seed: int) -> LeakEvidence:
    """A reason for leaving, which only those who left were asked for."""
    world = clean(seed)
    y = world.training.y
    reasons = np.random.default_rng(seed).integers(0, 3, len(y))
    return of_training(world, np.where(y == 1, reasons, np.nan), categories=("price", "service", "moved"))


def test_a_reason_for_leaving_is_found_by_being_there_and_not_by_what_it_says() -> None:
    world = planted(0)
    (finding,) = missingness_predicts.examine(world)
    assert (finding.subject, finding.measured) == ("planted", pytest.approx(1.0))
    assert not target_copy.examine(world)


def test_a_date_that_is_missing_for_those_who_left_is_found_as_well() -> None:
    world = clean(1)
    renews = np.where(world.training.y == 1, np.nan, np.random.default_rng(1).uniform(0, 365, len(world.training.y)))
    assert missingness_predicts.examine(of_training(world, renews))


def test_a_refund_that_a_third_of_those_who_left_asked_for_is_found() -> None:
    world, rng = clean(2), np.random.default_rng(2)
    y = world.training.y
    asked = (y == 1) & (rng.random(len(y)) < 0.33)
    (finding,) = missingness_predicts.examine(of_training(world, np.where(asked, 10.0, np.nan)))
    assert f"of {asked.sum():,} rows that hold it" in finding.sentence


def test_a_column_missing_three_times_as_often_for_those_who_left_is_honest() -> None:
    world, rng = clean(3), np.random.default_rng(3)
    y = world.training.y
    lost = rng.random(len(y)) < np.where(y == 1, 0.6, 0.2)
    assert not missingness_predicts.examine(of_training(world, np.where(lost, np.nan, rng.normal(size=len(y)))))


def test_the_few_who_were_never_billed_all_stayed_and_that_is_no_leak() -> None:
    """As in Telco: TotalCharges is blank in 11 rows, all of customers who stayed, the commoner outcome."""
    world = clean(4)
    y = world.training.y
    blank = np.isin(np.arange(len(y)), np.flatnonzero(y == 0)[:200])
    assert not missingness_predicts.examine(of_training(world, np.where(blank, np.nan, 1.0)))
