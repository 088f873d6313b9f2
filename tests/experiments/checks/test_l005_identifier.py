import numpy as np

from experiments.check import Evidence
from experiments.checks.l005_identifier import identifier
from tests.experiments.checks.worlds import clean, of_training


def planted(seed: int) -> Evidence:
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
