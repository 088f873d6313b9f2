import numpy as np
import pandas as pd
import pytest

from experiments.checks.l005_identifier import identifier
from experiments.leaks.check import LeakEvidence
from tests.experiments.checks.worlds import clean, of_training


def planted(seed: int) -> LeakEvidence:
    """A customer number, given out in no order of interest."""
    world = clean(seed)
    return of_training(world, 10_000 + np.random.default_rng(seed).permutation(len(world.training.y)).astype(float))


def test_a_customer_number_is_found_with_and_without_dates() -> None:
    for dated in (False, True):
        world = clean(1, dated=dated)
        number = np.unique(world.training.customers, return_inverse=True)[1].astype(float)
        (finding,) = identifier.examine(of_training(world, 3 * number + 7))
        assert finding.subject == "planted"


def test_a_name_of_each_customer_is_found() -> None:
    world = clean(2)
    names = tuple(f"n{one}" for one in range(len(world.training.y)))
    (finding,) = identifier.examine(of_training(world, np.arange(len(names), dtype=float), categories=names))
    assert finding.measured == 1.0


def test_amounts_to_the_cent_ages_and_days_are_no_identifiers() -> None:
    world, rng = clean(3), np.random.default_rng(3)
    rows = len(world.training.y)
    for honest in (rng.normal(size=rows), np.round(rng.lognormal(4, 1, rows), 2), rng.integers(0, 4000, rows) * 1.0):
        assert not identifier.examine(of_training(world, honest))


def test_numbers_from_a_range_so_wide_that_nobody_need_share_one_cannot_be_told() -> None:
    """Of 1,600 draws from 9 digits, 0.001 pairs agree: an amount in cents looks the same."""
    world, rng = clean(4), np.random.default_rng(4)
    assert not identifier.examine(of_training(world, rng.integers(0, 10**9, len(world.training.y)) * 1.0))


def test_a_number_that_changes_over_time_names_nobody() -> None:
    world = clean(5, dated=True)
    assert not identifier.examine(of_training(world, np.arange(len(world.training.y), dtype=float)))


@pytest.mark.parametrize(
    "written", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M", "%d %b %Y %H:%M"]
)
def test_of_a_date_nobody_is_advised_to_make_a_key(written: str) -> None:
    world = clean(5)
    moments = pd.date_range("2020-01-01", periods=len(world.training.y), freq="97min").strftime(written)
    texts = tuple(dict.fromkeys(moments))
    (finding,) = identifier.examine(of_training(world, np.arange(len(texts), dtype=float), categories=texts))
    assert "it is a date" in finding.sentence
    assert "key" not in finding.sentence


@pytest.mark.parametrize("written", ["%Y%m%d", "%s"])
def test_of_a_date_that_is_a_number_neither(written: str) -> None:
    world = clean(6)
    size = len(world.training.y)
    days = pd.date_range("2018-01-01", periods=size, freq="D").strftime("%Y%m%d").astype(float).to_numpy()
    numbers = days if written == "%Y%m%d" else 1_500_000_000 + 7.0 * np.arange(size)
    (finding,) = identifier.examine(of_training(world, np.random.default_rng(6).permutation(numbers)))
    assert "it is a date" in finding.sentence
    assert "key" not in finding.sentence


def test_a_key_is_advised_only_where_every_customer_has_a_value_of_its_own() -> None:
    world = clean(7)
    size = len(world.training.y)
    names = tuple(f"n{one}" for one in range(size))
    alone = np.arange(size, dtype=float)
    shared = np.where(alone % 4 == 0, 0.0, alone)
    (own,), (other,) = (identifier.examine(of_training(world, one, categories=names)) for one in (alone, shared))
    assert "or make it the key where there is none" in own.sentence
    assert "the key" not in other.sentence
