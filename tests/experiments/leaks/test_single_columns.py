from itertools import product

import numpy as np
import pytest

from experiments.leaks.single_columns import FEW_VALUES, outcomes, single_column_auc


def test_a_number_ranks_as_all_pairs_say_in_the_better_direction_missing_rows_left_out() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.3).astype(float)
    values = np.round(rng.normal(size=200) - 0.7 * y, 1)
    values[rng.random(200) < 0.1] = np.nan
    held = ~np.isnan(values)
    pairs = list(product(values[held & (y == 1)], values[held & (y == 0)]))
    assert len(np.unique(values[held])) > FEW_VALUES
    brute = np.mean([(a < b) + 0.5 * (a == b) for a, b in pairs])
    found = single_column_auc(values, y, category=False)
    assert found.auc == pytest.approx(brute)
    assert np.array_equal(np.isnan(found.score), ~held)


def test_a_name_of_every_row_tells_nothing() -> None:
    y = (np.random.default_rng(1).random(500) < 0.3).astype(float)
    assert single_column_auc(np.arange(500.0), y, category=True).auc == pytest.approx(0.5)


def test_columns_that_know_nothing_stay_within_five_standard_errors() -> None:
    rng = np.random.default_rng(2)
    y = (rng.random(300) < 0.1).astype(float)
    found = [single_column_auc(rng.normal(size=300), y, category=False) for _ in range(500)]
    assert not any(one.beyond_chance for one in found)
    assert 0.8 < np.mean([one.errors**2 for one in found]) < 1.2


def test_a_column_of_one_outcome_or_of_none_tells_nothing() -> None:
    y = np.array([0.0, 1.0, 1.0])
    assert single_column_auc(np.array([np.nan, 1.0, 2.0]), y, category=False).auc == 0.5
    assert single_column_auc(np.full(3, np.nan), y, category=True).errors == 0.0


def test_the_rarer_outcome_is_counted_whichever_it_is() -> None:
    y = np.array([1.0, 0.0, 0.0, 0.0])
    among = np.array([True, True, False, False])
    assert (outcomes(y, among).rows, outcomes(y, among).rarer) == (2, 0.5)
    assert outcomes(1 - y, among).rarer == 0.5
    assert outcomes(y, ~among).rarer == 0.0
