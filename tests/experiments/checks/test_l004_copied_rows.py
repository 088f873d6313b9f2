from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.checks.l004_copied_rows import copied_rows, row_hashes
from experiments.leaks.check import LeakEvidence
from features.contract import Contract
from features.feature import FeatureColumn
from tests.experiments.checks.worlds import clean, evidence


def resampled(contract: Contract, X: np.ndarray, y: np.ndarray, rows: np.ndarray) -> LeakEvidence:
    """The world of these rows, each a customer, divided only now."""
    table = pd.DataFrame({"customer_id": [f"c{one:06d}" for one in range(len(rows))], "arm": None, "churned": y[rows]})
    return evidence(contract, X[rows], table.assign(as_of=pd.NaT))


def oversampled(world: LeakEvidence, share: float, *, seed: int = 0) -> LeakEvidence:
    """The world's training rows with those of the rarer outcome drawn again, and then divided into folds."""
    X, y = world.training.X, world.training.y
    rare = np.flatnonzero(y == (1.0 if y.mean() <= 0.5 else 0.0))
    again = np.random.default_rng(seed).choice(rare, int(share * len(rare)))
    return resampled(world.contract, X, y, np.r_[np.arange(len(y)), again])


def planted(seed: int) -> LeakEvidence:
    """Those who left drawn again until there are twice as many, before the split."""
    return oversampled(clean(seed), 1.0, seed=seed)


def small_shop(seed: int, rows: int) -> tuple[Contract, np.ndarray, np.ndarray]:
    """A shop with few columns: many customers are alike to the last cent, and one in six comes back."""
    rng = np.random.default_rng(seed)
    spent = np.round(np.maximum(29.99, rng.lognormal(4.5, 1.0, rows)), 2)
    columns = [spent, rng.integers(1, 13, rows), rng.integers(0, 2, rows), rng.integers(0, 2, rows)]
    y = (rng.random(rows) < 0.1 + 0.1 * columns[2]).astype(float)
    return Contract(tuple(FeatureColumn(f"x{place}", "x") for place in range(4))), np.column_stack(columns), y


@pytest.mark.parametrize("share", [0.2, 1.0, 4.0])
def test_oversampling_before_the_split_is_found_however_little(share: float) -> None:
    findings = copied_rows.examine(oversampled(clean(1), share))
    assert findings
    assert findings[0].measured > findings[0].threshold


def test_a_file_that_was_appended_twice_is_found() -> None:
    world = clean(2).training
    contract = clean(2).contract
    assert copied_rows.examine(resampled(contract, world.X, world.y, np.tile(np.arange(len(world.y)), 2)))


def test_customers_who_are_alike_by_chance_are_kept_and_copies_among_them_are_found() -> None:
    """As in Hillstrom, where 6,562 equal rows are different customers."""
    contract, X, y = small_shop(3, 12_000)
    assert pd.Series(row_hashes(X)).duplicated().mean() > 0.05
    everybody = np.arange(len(y))
    assert not copied_rows.examine(resampled(contract, X, y, everybody))
    again = np.random.default_rng(3).choice(np.flatnonzero(y == 1), int((y == 1).sum()))
    assert copied_rows.examine(resampled(contract, X, y, np.r_[everybody, again]))


def test_a_table_of_a_few_categories_cannot_tell_and_is_left_alone() -> None:
    rng = np.random.default_rng(4)
    X = rng.integers(0, 3, (3000, 3)).astype(float)
    y = (rng.random(3000) < 0.1 + 0.4 * (X[:, 0] == 2)).astype(float)
    contract = Contract(tuple(FeatureColumn(f"x{place}", "x") for place in range(3)))
    assert not copied_rows.examine(resampled(contract, X, y, np.arange(3000)))


@pytest.mark.parametrize("dated", [False, True])
def test_one_customer_and_date_on_both_sides_is_enough(dated: bool) -> None:
    world = clean(5, dated=dated)
    gate, training = world.gate, world.training
    strayed = replace(
        gate,
        customers=np.r_[training.customers[:1], gate.customers[1:]],
        as_of=np.r_[training.as_of[:1], gate.as_of[1:]],
    )
    (finding,) = copied_rows.examine(replace(world, gate=strayed))
    assert (finding.subject, finding.measured, finding.threshold) == ("customer_id, as_of", 1, 0)


def test_no_outcome_of_the_gate_cohort_is_looked_at() -> None:
    world = planted(6)
    blind = replace(world, gate=replace(world.gate, y=np.full(len(world.gate.y), np.nan)))
    assert copied_rows.examine(blind) == copied_rows.examine(world)


def test_rows_are_identical_where_every_value_is_missing_values_included() -> None:
    X = np.array([[1.0, np.nan], [1.0, np.nan], [1.0, 0.0], [1.0, -0.0]])
    found = row_hashes(X)
    assert found[0] == found[1]
    assert found[2] == found[3] != found[0]


@pytest.mark.parametrize("share", [0.3, 1.0, 4.0])
def test_once_the_copies_that_it_names_are_removed_the_check_finds_nothing(share: float) -> None:
    world = clean(1)
    X, y = world.training.X, world.training.y
    rare = np.flatnonzero(y == (1.0 if y.mean() <= 0.5 else 0.0))
    again = np.random.default_rng(0).choice(rare, int(share * len(rare)))
    planted_world = resampled(world.contract, X, y, np.r_[np.arange(len(y)), again])
    (finding,) = copied_rows.examine(planted_world)
    customers = np.concatenate([planted_world.training.customers, planted_world.gate.customers])
    removed = {customers[one] for one, _ in finding.copies}
    assert len(removed) == len(finding.copies) == len(again)
    everything = np.concatenate([planted_world.training.X, planted_world.gate.X])
    for one, other in finding.copies:
        assert np.array_equal(everything[one], everything[other], equal_nan=True)
    kept = np.array([f"c{one:06d}" not in removed for one in range(len(y) + len(again))])
    assert not copied_rows.examine(resampled(world.contract, X, y, np.r_[np.arange(len(y)), again][kept]))


def test_every_row_that_repeats_a_customer_and_date_is_named() -> None:
    world = clean(3)
    twice = world.training.customers.copy()
    twice[[5, 9]] = twice[0]
    gate = world.gate.customers.copy()
    gate[2] = twice[0]
    changed = replace(
        world,
        training=replace(world.training, customers=twice),
        gate=replace(world.gate, customers=gate),
    )
    finding = copied_rows.examine(changed)[0]
    assert finding.copies == ((5, 0), (9, 0), (len(twice) + 2, 0))


def test_equal_rows_have_one_number_however_far_apart_they_lie() -> None:
    """Rows are looked at some thousand at a time."""
    once = np.random.default_rng(0).normal(size=(12_345, 3))
    once[::7, 1] = np.nan
    found = row_hashes(np.concatenate([once, once]))
    assert (found[:12_345] == found[12_345:]).all()
    assert len(np.unique(found)) == 12_345
