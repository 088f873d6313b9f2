"""How early a model knows, on worlds where that is known."""

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.earliness import ALL, CAUGHT_DAYS, earliness
from experiments.metric import Numbers
from tests.pipelines.reporting.report_world import spec_of

DAYS = (0, 14, 30, 60, 90)
ROWS = 4_000


def world(seed: int) -> tuple[Cohort, dict[tuple[str, int], Numbers]]:
    """Customers of a lasting risk; a lagging feature, such as a call to cancel, moves 20 days before they leave."""
    rng = np.random.default_rng(seed)
    lasting = rng.normal(size=ROWS)
    churned = (rng.random(ROWS) < 1 / (1 + np.exp(1.5 - lasting))).astype(float)
    called = churned * (rng.random(ROWS) < 0.8)
    scores: dict[tuple[str, int], Numbers] = {}
    for days in DAYS:
        seen = called if days < 20 else np.zeros(ROWS)
        scores["lagging", days] = seen + rng.normal(0, 1e-6, ROWS)
        scores["lasting", days] = lasting + rng.normal(0, 0.3 + days / 200, ROWS)
        scores[ALL, days] = scores["lasting", days] + 5 * seen
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{n // 2}" for n in range(ROWS)],
            "as_of": pd.Timestamp("2024-01-01"),
            "churned": churned,
            "arm": np.full(ROWS, None),
            "probability": 1.0,
        }
    )
    return Cohort(rows, spec_of(with_actions=False)), scores


def by_days(found: dict, theme: str) -> dict[int, float]:
    return {point["days"]: point["value"] for point in found["themes"][theme]}


def test_a_planted_lagging_feature_collapses_and_a_lasting_one_does_not() -> None:
    found = earliness(*world(0))
    lagging, lasting, every = (by_days(found, theme) for theme in ("lagging", "lasting", ALL))
    assert min(lagging[0], lagging[14]) > 0.85
    assert all(abs(lagging[days] - 0.5) < 0.05 for days in (30, 60, 90))
    assert lasting[0] - lasting[90] < 0.06
    assert every[14] - every[30] > 0.1


def test_whoever_is_caught_ninety_days_ahead_is_in_the_budget_by_what_was_known_then() -> None:
    cohort, scores = world(1)
    caught = earliness(cohort, scores)["caught"]
    share = cohort.spec.evaluation.contact_share
    top = np.argsort(-scores[ALL, CAUGHT_DAYS])[: int(share * ROWS)]
    assert caught["value"] == pytest.approx(cohort.churned[top].sum() / cohort.churned.sum())
    assert caught["low"] < caught["value"] < caught["high"]


def test_the_interval_counts_customers_and_not_rows() -> None:
    """Every row of a customer twice: the interval is that of half as many, whatever the number of rows."""
    cohort, scores = world(2)
    twice = pd.concat([cohort.rows, cohort.rows], ignore_index=True)
    again = {key: np.concatenate([value, value]) for key, value in scores.items()}
    once = earliness(cohort, scores)["themes"][ALL][0]
    doubled = earliness(Cohort(twice, cohort.spec), again)["themes"][ALL][0]
    assert doubled["high"] - doubled["low"] == pytest.approx(once["high"] - once["low"])


def test_without_dates_nothing_is_said() -> None:
    assert earliness(world(3)[0], {}) == {}
