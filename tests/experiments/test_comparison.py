import numpy as np
import pytest

from experiments import comparison
from experiments.cohort import Cohort
from experiments.comparison import Pair, SlicePair, shown_worse
from experiments.evaluation import Predictions
from experiments.intervals import Interval
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
    return SlicePair(name, 900, Pair(0.8 + gap, 0.8, Interval(gap, gap - error, gap + error, error, "normal")))


def test_a_slice_is_shown_worse_by_holm_and_by_hand() -> None:
    # One-sided p-values beyond the margin of 0.05: 0.0013 <= 0.05/3, 0.0082 <= 0.05/2, but 0.1587 > 0.05.
    slices = [_slice("east", -0.06), _slice("north", -0.08), _slice("south", -0.074)]
    found = shown_worse(slices, margin=0.05, alpha=0.05)
    assert [worse for _, worse in found] == [False, True, True]
    assert [p for p, _ in found] == pytest.approx([0.158655, 0.001350, 0.008198], abs=1e-6)


def test_no_slice_is_shown_worse_where_one_has_no_figure() -> None:
    found = shown_worse([_slice("north", -0.5), SlicePair("east", 900, Pair(0.8))], margin=0.05, alpha=0.05)
    assert [worse for _, worse in found] == [False, False]
    assert np.isnan(found[1][0])


def test_equal_models_are_worse_nowhere() -> None:
    assert shown_worse([_slice("north", 0.0, error=0.0)], margin=0.05, alpha=0.05) == ((1.0, False),)
