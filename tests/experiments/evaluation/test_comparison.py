import numpy as np
import pytest

from experiments.evaluation import comparison
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.comparison import Pair, SliceJudgement, SlicePair, judged_slices
from experiments.evaluation.model_figures import Predictions
from experiments.statistics.intervals import Interval
from tests.pipelines.reporting.report_world import rows_of, spec_of


def test_the_areas_of_the_curves_are_the_figures_that_are_compared() -> None:
    cohort = Cohort(rows_of(np.random.default_rng(7), with_actions=True), spec_of(with_actions=True))
    x = cohort.rows["x"].to_numpy()
    noise = np.random.default_rng(1).normal(size=x.size)
    challenger, champion = (
        Predictions(one, 1 / (1 + np.exp(-one)), dict.fromkeys(cohort.actions, one)) for one in (x, noise)
    )
    curves = comparison.curves(cohort, challenger, champion)
    pairs = comparison.compare(cohort, challenger, champion, alpha=0.025)
    for who in ("challenger", "champion"):
        roc = [(one["false_positive_rate"], one["true_positive_rate"]) for one in curves["roc"][who]]
        assert np.trapezoid([y for _, y in roc], [x for x, _ in roc]) == pytest.approx(
            getattr(pairs["auc"], who), abs=0.005
        )
        for action in cohort.actions:
            rows = curves["gain"][action][who]
            share, gain = (np.array([row[name] for row in rows]) for name in ("share", "gain"))
            above = np.trapezoid(gain - share * gain[-1], share)
            assert above == pytest.approx(getattr(pairs[f"qini_{action}"], who), abs=0.002)
            assert all(row["low"] <= row["gain"] <= row["high"] for row in rows)


def _slice(name: str, gap: float, error: float = 0.01) -> SlicePair:
    return SlicePair(name, 900, 90, Pair(0.8 + gap, 0.8, Interval(gap, gap - error, gap + error, error, "normal")))


def test_a_slice_is_worse_by_holm_and_by_hand() -> None:
    # One-sided p-values of no difference: 0.0013 <= 0.05/3, 0.0228 <= 0.05/2, but 0.1587 > 0.05; the margin is 0.015.
    slices = [_slice("east", -0.01), _slice("north", -0.03), _slice("south", -0.02), SlicePair("west", 9, 2, None)]
    found = judged_slices(slices, margin=0.015, alpha=0.05)
    assert [one.worse for one in found] == [False, True, True, False]
    assert [one.no_worse for one in found] == [False] * 4
    assert [one.p for one in found[:3]] == pytest.approx([0.158655, 0.001350, 0.022750], abs=1e-6)
    assert np.isnan(found[3].p)


def test_a_slice_that_is_worse_within_the_margin_is_not_held_against_the_challenger() -> None:
    (found,) = judged_slices([_slice("north", -0.03, error=0.005)], margin=0.05, alpha=0.05)
    assert (found.worse, found.no_worse) == (False, True)


def test_no_slice_is_worse_where_one_has_no_figure() -> None:
    found = judged_slices([_slice("north", -0.5), SlicePair("east", 900, 90, Pair(0.8))], margin=0.05, alpha=0.05)
    assert [one.worse for one in found] == [False, False]
    assert np.isnan(found[1].p)


def test_equal_models_are_worse_nowhere() -> None:
    assert judged_slices([_slice("north", 0.0, error=0.0)], margin=0.05, alpha=0.05) == (
        SliceJudgement(1.0, False, True),
    )
