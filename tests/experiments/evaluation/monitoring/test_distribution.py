"""Distributions as counts, and the index of two of them: hand cases, an oracle, and its mean where nothing changes."""

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.monitoring.distribution import Bins, Distribution, singletons
from experiments.evaluation.monitoring.evidence import ColumnSeen, MonthSeen
from experiments.evaluation.monitoring.kinds.missing_share import missing_share
from experiments.evaluation.monitoring.kinds.new_category import new_category
from experiments.evaluation.monitoring.reference import GATE, TRAINING, KnownColumn, Reference
from experiments.evaluation.monitoring.stability import UNCHANGED, stability


def customers(rows: int) -> pd.Series:
    return pd.Series(np.arange(rows))


def test_deciles_hold_a_tenth_of_the_rows_each() -> None:
    values = pd.Series(np.random.default_rng(0).permutation(1_000).astype(float))
    found = Bins.of(values, category=False).count(values, customers=customers(1_000))
    assert found.counts.tolist() == [100.0] * 10
    assert (found.missing, found.unseen, found.rows, found.units) == (0.0, 0.0, 1_000.0, 1_000.0)


def test_a_constant_column_is_seen_to_fall_and_to_rise() -> None:
    bins = Bins.of(pd.Series([3.0] * 50), category=False)
    assert bins.count(pd.Series([2.0, 3.0, 3.0, 4.0]), customers=customers(4)).counts.tolist() == [1.0, 2.0, 1.0]


@pytest.mark.parametrize("kind", [object, "string"])
def test_levels_are_counted_and_blanks_are_missing_and_others_unseen(kind: object) -> None:
    bins = Bins.of(pd.Series(["b", "a", None, "b"], dtype=kind), category=True)
    today = pd.Series(["a", "b", "b", "c", " ", None, "c"], dtype=kind)
    found = bins.count(today, customers=customers(7))
    assert bins.levels == ("a", "b")
    assert found.counts.tolist() == [1.0, 2.0]
    assert (found.missing, found.unseen) == (2.0, 2.0)


def test_a_column_that_is_not_there_is_missing_in_every_row() -> None:
    found = Bins.of(pd.Series([1.0, 2.0]), category=False).count(None, customers=customers(5))
    assert (found.known, found.missing, found.rows) == (0.0, 5.0, 5.0)


def test_rows_of_one_customer_count_as_one() -> None:
    bins = Bins.of(pd.Series([1.0, 2.0]), category=False)
    values = pd.Series(np.zeros(6))
    assert bins.count(values, customers=pd.Series([0, 0, 1, 1, 2, 2])).units == 3.0
    assert bins.count(values, customers=pd.Series([0, 0, 0, 0, 1, 2])).units == pytest.approx(36 / 18)


def test_singletons_are_levels_of_one_customer_however_many_rows_it_has() -> None:
    levels = pd.Series(["a", "a", "b", "b", "c", None])
    assert singletons(levels, customers=pd.Series([0, 1, 2, 2, 3, 4])) == 2


def test_nothing_and_one_row_can_be_compared() -> None:
    bins = Bins.of(pd.Series([None, None], dtype=float), category=False)
    found = bins.count(pd.Series([1.0]), customers=customers(1))
    nothing = bins.count(pd.Series([], dtype=float), customers=customers(0))
    assert stability(found, found) == UNCHANGED
    assert stability(nothing, found) == UNCHANGED
    column = ColumnSeen("x", nothing, {TRAINING: nothing, GATE: found})
    for kind in (missing_share, new_category):
        assert not list(kind.measure(MonthSeen(features=(column,))))


def test_a_reference_is_the_same_after_it_was_kept() -> None:
    values, ids = pd.Series(["a", "b", "a"]), customers(3)
    one = KnownColumn.of("plan", {TRAINING: values, GATE: values}, category=True, ids={TRAINING: ids, GATE: ids})
    kept = Reference((one,), (one,), ("2025-01-01",), ("2025-04-01",))
    again = Reference.from_dict(kept.to_dict())
    assert again.to_dict() == kept.to_dict()
    assert again.columns[0].bins == one.bins


def of(counts: list[float]) -> Distribution:
    rows = float(sum(counts))
    return Distribution(np.array(counts), 0.0, 0.0, rows, rows)


def test_the_index_is_the_written_sum_less_its_mean() -> None:
    today, known = of([300, 200, 500]), of([400, 400, 200])
    p, q = ((np.array(one.counts) + 0.5) / 1_001.5 for one in (today, known))
    written = float(((p - q) * np.log(p / q)).sum()) - 2 * (1 / 1_000 + 1 / 1_000)
    found = stability(today, known)
    assert found.value == pytest.approx(written)
    assert found.low < found.value < found.high
    assert found.p < 1e-12


def test_p_is_that_of_pearsons_test() -> None:
    from scipy.stats import chi2_contingency

    a, b = [30.0, 50.0, 20.0, 44.0], [100.0, 190.0, 110.0, 120.0]
    oracle = chi2_contingency(np.array([a, b]), correction=False)
    assert stability(of(a), of(b)).p == pytest.approx(oracle.pvalue)


@pytest.mark.parametrize(("n", "m"), [(200, 1_000), (2_000, 2_000)])
def test_without_a_change_the_index_is_0_on_average_and_p_is_even(n: int, m: int) -> None:
    """By Monte Carlo over 2,000 draws, within four standard errors; the smoothing of few rows lowers it by little."""
    rng, shares = np.random.default_rng(0), np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    draws = [
        stability(of(rng.multinomial(n, shares).tolist()), of(rng.multinomial(m, shares).tolist()))
        for _ in range(2_000)
    ]
    values, p = np.array([one.value for one in draws]), np.array([one.p for one in draws])
    noise = 5 * (1 / n + 1 / m)
    assert abs(values.mean()) <= 4 * values.std() / np.sqrt(2_000) + 0.05 * noise
    for level in (0.05, 0.01):
        assert abs((p <= level).mean() - level) <= 4 * np.sqrt(level * (1 - level) / 2_000)


def test_the_interval_covers_the_true_index() -> None:
    """95 % of 1,000 intervals, within four standard errors and the convention of the docs, [0.90, 0.98]."""
    rng = np.random.default_rng(1)
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])
    true = float(((p - q) * np.log(p / q)).sum())
    draws = (
        stability(of(rng.multinomial(800, p).tolist()), of(rng.multinomial(1_500, q).tolist())) for _ in range(1_000)
    )
    covered = np.mean([one.low <= true <= one.high for one in draws])
    assert 0.90 <= covered <= 0.98
