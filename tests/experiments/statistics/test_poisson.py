"""The counts of the draws: Poisson, independent, and the same wherever and however they are made."""

import hashlib
import math

import numpy as np
import pytest
from scipy.stats import chisquare
from scipy.stats import poisson as by_scipy

from experiments.statistics import kernels, poisson
from experiments.statistics.intervals import multiplicities

MASK = 2**64 - 1


def counts(n_clusters: int, draws: int, seed: int = 5) -> np.ndarray:
    return poisson.counts_of(poisson.keys(n_clusters=n_clusters, seed=seed), draws)


def mixed(word: int) -> int:
    """SplitMix64's mixing as its paper prints it, in whole numbers without end."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
    return word ^ (word >> 31)


@pytest.mark.parametrize("seed", [0, 7, -1, 2**63])
def test_a_count_is_the_poisson_quantile_of_half_a_word_of_its_clusters_stream(seed: int) -> None:
    step, found = 0x9E3779B97F4A7C15, counts(4, 7, seed)
    for cluster in range(4):
        stream = mixed(mixed(seed & MASK) + (cluster + 1) * step & MASK)
        for draw in range(7):
            word = mixed(stream + (draw // 2 + 1) * step & MASK)
            half = word >> 32 if draw % 2 else word & 0xFFFFFFFF
            assert found[cluster, draw] == by_scipy.ppf((half + 0.5) / 2**32, 1)


def test_splitmix_gives_the_words_that_its_authors_publish() -> None:
    # The first outputs of the reference implementation, begun at 1234567.
    begun = np.array([(1234567 + i * 0x9E3779B97F4A7C15) & MASK for i in (1, 2, 3)], dtype=np.uint64)
    assert poisson._mixed(begun).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_the_compiled_loop_gives_the_same_counts() -> None:
    for n_clusters, draws in ((1, 1), (3, 2), (257, 101), (40, 1000)):
        streams = poisson.keys(n_clusters=n_clusters, seed=3)
        compiled = kernels.counts_of(streams, draws, poisson.THRESHOLDS)
        assert np.array_equal(compiled, poisson.counts_of(streams, draws))


def test_every_machine_makes_the_recorded_counts() -> None:
    made = multiplicities(n_clusters=1000, draws=101, seed=1)
    assert hashlib.sha256(np.ascontiguousarray(made).tobytes()).hexdigest()[:16] == "0e9811025d628694"


def test_more_clusters_or_draws_begin_with_the_same_counts() -> None:
    whole = counts(3000, 101)
    assert np.array_equal(counts(70, 40), whole[:70, :40])


def test_the_counts_are_distributed_as_poisson_says() -> None:
    made = counts(20_000, 200)
    found = np.bincount(np.minimum(made.ravel(), 7), minlength=8)
    expected = np.append(by_scipy.pmf(range(7), 1), by_scipy.sf(6, 1)) * made.size
    assert chisquare(found, expected).pvalue > 0.001
    # Four standard errors; the variance of (X - 1)^2 is 3.
    assert made.mean() == pytest.approx(1, abs=4 / math.sqrt(made.size))
    assert made.var() == pytest.approx(1, abs=4 * math.sqrt(3 / made.size))


def test_a_draws_mean_and_a_clusters_mean_scatter_as_independent_counts_would() -> None:
    made = counts(4000, 1000).astype(float)
    for axis, size in ((0, 4000), (1, 1000)):
        spread = made.mean(axis=axis).var(ddof=1) * size
        assert spread == pytest.approx(1, abs=4 * math.sqrt(2 / (made.shape[1 - axis] - 1)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.s_[:, 0::2], np.s_[:, 1::2]),  # the halves of a word
        (np.s_[:, :-2], np.s_[:, 2:]),  # neighbouring words
        (np.s_[:-1], np.s_[1:]),  # neighbouring clusters
        (np.s_[: 5000 // 2], np.s_[5000 // 2 :]),  # far clusters
    ],
)
def test_counts_next_to_each_other_know_nothing_of_each_other(one: object, other: object) -> None:
    made = counts(5000, 400).astype(float)
    left, right = made[one].ravel(), made[other].ravel()  # type: ignore[index]
    assert abs(np.corrcoef(left, right)[0, 1]) < 4 / math.sqrt(left.size)


def test_counts_of_different_seeds_know_nothing_of_each_other() -> None:
    first = counts(5000, 200, seed=0).astype(float).ravel()
    for seed in (1, 2, 2**32, -1):
        assert abs(np.corrcoef(first, counts(5000, 200, seed=seed).ravel())[0, 1]) < 4 / math.sqrt(first.size)
