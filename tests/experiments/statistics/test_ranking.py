import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics.ranking import block_totals, equal_count_bins, ranked

small = settings(max_examples=40, deadline=None, database=None, derandomize=True)


@small
@given(scores=st.lists(st.integers(0, 4), min_size=1, max_size=12), seed=st.integers(0, 9))
def test_blocks_hold_the_rows_of_equal_score_highest_first(scores: list[int], seed: int) -> None:
    score = np.array(scores, dtype=np.float64)
    values = np.random.default_rng(seed).normal(size=(3, score.size))
    expected = [values[:, score == one].sum(axis=1) for one in sorted(set(scores), reverse=True)]
    np.testing.assert_allclose(block_totals(ranked(score), values), np.column_stack(expected), atol=1e-12)


def test_bins_hold_equal_counts_where_nothing_is_tied() -> None:
    score = np.random.default_rng(0).permutation(50).astype(np.float64)
    assert np.bincount(equal_count_bins(score, 10)).tolist() == [5] * 10
    assert equal_count_bins(score, 10)[score.argmax()] == 9


@pytest.mark.parametrize(("bins", "expected"), [(2, [0, 0, 0, 1]), (4, [1, 1, 1, 3])])
def test_tied_rows_share_the_bin_of_their_middle(bins: int, expected: list[int]) -> None:
    assert equal_count_bins(np.array([1.0, 1.0, 1.0, 2.0]), bins).tolist() == expected
