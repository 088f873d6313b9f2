"""A slice that is served worse does not pass without a remark, and equal models are hardly ever blocked."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import binom

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.comparison import SliceJudgement, compare_slices, judged_slices
from experiments.evaluation.model_figures import Predictions
from experiments.spec import ExperimentSpec
from tests.specs import REQUIRED

MARGIN, ALPHA, RUNS, BANDS = 0.05, 0.05, 300, 10
# A blur of so much in a slice costs it 1.5 margins of AUC (0.075 in a million rows).
WORSE = 0.955
SPEC = ExperimentSpec.model_validate(
    {
        **REQUIRED,
        "name": "tiny",
        "title": "A tiny world",
        "source": {"kind": "table"},
        "label": {"kind": "column"},
        "split": {"kind": "random"},
        "evaluation": {"draws": 100, "slices": {"band": {"column": "band"}}},
    }
)


def judged(seed: int, n_rows: int, *, blur: float = 0.0) -> tuple[SliceJudgement, ...]:
    """Ten bands of equal size; both models err a little, each in its way, and the challenger more in the first band."""
    rng = np.random.default_rng(seed)
    x, ours, theirs, worse = rng.normal(size=(4, n_rows))
    band = np.arange(n_rows) % BANDS
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(n_rows),
            "as_of": pd.NaT,
            "churned": (rng.random(n_rows) < expit(1.2 * x - 1.2)).astype(float),
            "arm": None,
            "probability": np.nan,
            "value": 1.0,
            "band": band,
        }
    )
    seen = x + 0.2 * ours + np.where(band == 0, blur, 0.0) * worse
    models = (Predictions(score, expit(score), {}) for score in (seen, x + 0.2 * theirs))
    return judged_slices(compare_slices(Cohort(rows, SPEC), *models, alpha=ALPHA), margin=MARGIN, alpha=ALPHA)


def at_most(share: float) -> float:
    return float(binom.ppf(0.999, RUNS, share)) / RUNS


@pytest.mark.slow
@pytest.mark.parametrize(("n_rows", "blocked"), [(10_000, 0.8), (4_000, 0.35)])
def test_a_slice_that_is_one_and_a_half_margins_worse_is_blocked_or_remarked_upon(n_rows: int, blocked: float) -> None:
    """By the margin alone, 84 % passed at 10,000 rows; at 4,000 rows the slice was not looked at in 99 %."""
    found = [judged(seed, n_rows, blur=WORSE)[0] for seed in range(RUNS)]
    assert np.mean([one.no_worse for one in found]) <= at_most(ALPHA)
    assert np.mean([one.worse for one in found]) > blocked


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [10_000, 4_000, 2_000])
def test_equal_models_are_blocked_by_any_slice_in_at_most_alpha_of_worlds(n_rows: int) -> None:
    found = [any(one.worse for one in judged(seed, n_rows)) for seed in range(RUNS)]
    assert np.mean(found) <= at_most(ALPHA)
