"""When rows can judge at all: both outcomes without action, and every arm; whatever else the columns are called."""

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from tests.specs import trial_spec

SPEC = trial_spec()


def rows(*, times: int = 3, **changes: object) -> pd.DataFrame:
    """Eight customers, so many times over: without action, two of them with each outcome each time."""
    plain = {
        "customer_id": list("abcdefgh"),
        "as_of": pd.NaT,
        "churned": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
        "arm": ["control", "control", None, None, "call", "call", "coupon", "coupon"],
    }
    one = pd.DataFrame({**plain, **changes})
    return pd.concat([one.assign(customer_id=one["customer_id"] + str(n)) for n in range(times)], ignore_index=True)


def test_rows_of_both_outcomes_and_every_arm_can_judge() -> None:
    assert Cohort(rows(), SPEC).can_judge


@pytest.mark.parametrize(
    "changes",
    [
        {"arm": ["control", "control", None, None, "call", "call", None, None]},
        {"arm": [None] * 8},
        {"churned": [0.0] * 8},
        {"churned": [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0]},
        {"times": 2},
    ],
    ids=["an arm is missing", "no campaign", "nobody left", "three left without action", "four of each outcome"],
)
def test_rows_that_lack_an_arm_or_an_outcome_cannot(changes: dict[str, object]) -> None:
    assert not Cohort(rows(**changes), SPEC).can_judge


def test_many_rows_of_the_same_few_customers_cannot() -> None:
    many = rows()
    assert not Cohort(many.assign(customer_id=many["customer_id"].str[0]), SPEC).can_judge


def test_a_column_that_is_called_like_a_score_is_none() -> None:
    scored = rows(
        times=1,
        churn_score=np.arange(8.0),
        churn_probability=0.5,
        uplift_call=0.1,
        churn_reason_last_year="price",
        uplift_of_spirits=1.0,
    )
    found = Predictions.of(scored, SPEC.actions)
    assert list(found.uplift) == ["call"]
    assert found.score.tolist() == list(range(8))
