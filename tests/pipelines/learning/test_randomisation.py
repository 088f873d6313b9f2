"""The test of randomisation uses all columns, categories included, and every assignment once."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.feature import FeatureColumn
from pipelines.learning import randomisation
from pipelines.learning.training_data import Learning
from tests.specs import trial_spec

CUSTOMERS, DATES = 2000, pd.date_range("2024-01-01", periods=3, freq="MS")
CONTRACT = Contract(
    (FeatureColumn("noise", "Nothing"), FeatureColumn("town", "The town", type="category", categories=("a", "b")))
)


def spec(*, randomised: bool = True) -> ExperimentSpec:
    return trial_spec(treatment={"arms": {"call": {}}, "randomised": randomised})


def rows(seed: int, *, pull: float = 0.0, dates: int = 1, standing: bool = False) -> pd.DataFrame:
    """Customers of two towns at some dates, half of them called; pull: those of one town rather."""
    rng = np.random.default_rng(seed)
    found = []
    town = rng.choice(["a", "b"], CUSTOMERS)
    once = rng.random(CUSTOMERS)
    for date in DATES[:dates]:
        called = (once if standing else rng.random(CUSTOMERS)) < 0.5 + np.where(town == "a", pull, -pull)
        arm = np.where(called, "call", "control").astype(object)
        found.append(
            pd.DataFrame(
                {
                    "customer_id": np.arange(CUSTOMERS).astype(str),
                    "as_of": date,
                    "noise": rng.normal(size=CUSTOMERS),
                    "town": town,
                    "arm": arm,
                    "probability": 0.5,
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def examined(of: pd.DataFrame, **asked: Any) -> dict[str, Any]:
    told = spec(**asked)
    return randomisation.examined(Learning(told, of, CONTRACT.encode(of), CONTRACT, listed=CUSTOMERS), told.source)


def test_a_randomised_trial_is_recognised() -> None:
    found = examined(rows(0))
    assert found["verdict"] == "randomised"
    assert found["overlap"]["call"] == 1.0


def test_arms_that_a_category_decides_are_not_by_lot() -> None:
    found = examined(rows(0, pull=0.3))
    assert found["verdict"] == "not randomised"
    assert found["largest_difference_in"].startswith("town ")


def test_where_a_category_decides_alone_hardly_anybody_could_have_been_in_either_group() -> None:
    found = examined(rows(0, pull=0.49))
    assert found["overlap"]["call"] < 0.1
    assert "too few customers could have been in either group: call" in found["words"]


def test_a_table_of_categories_alone_can_be_judged() -> None:
    alone = CONTRACT.select(["town"])
    opened = Learning(spec(), rows(1), alone.encode(rows(1)), alone, listed=CUSTOMERS)
    assert randomisation.examined(opened, spec().source)["verdict"] == "randomised"


@pytest.mark.parametrize(
    ("treatment", "verdict", "expected"),
    [
        (None, None, False),
        ({"arms": {"call": {}}}, "randomised", False),
        ({"arms": {"call": {}}}, "not randomised", True),
        ({"arms": {"call": {}}}, "sample ratio mismatch", True),
        ({"arms": {"call": {}}, "randomised": False}, "randomised", True),
    ],
)
def test_a_trial_is_observational_by_the_spec_or_by_what_was_found(
    treatment: dict[str, Any] | None, verdict: str | None, expected: bool
) -> None:
    of = trial_spec(treatment=treatment)
    assert randomisation.is_observational(of, {"verdict": verdict} if verdict else {}) is expected


@pytest.mark.parametrize("standing", [True, False])
def test_an_arm_that_was_drawn_once_counts_once(standing: bool) -> None:
    """Held for three dates, chance imbalances would count three times."""
    found = examined(rows(2, dates=3, standing=standing))
    assert found["assignments"] == (CUSTOMERS if standing else 3 * CUSTOMERS)


def test_a_standing_randomisation_is_rejected_as_rarely_as_any_other() -> None:
    called = [examined(rows(seed, dates=3, standing=True))["verdict"] != "randomised" for seed in range(60)]
    assert sum(called) <= 6  # three questions, each wrong with chance 0.01: more comes once in a thousand times


def test_sizes_that_the_spec_never_gave_name_the_key_to_give_them() -> None:
    found = examined(rows(4).assign(probability=lambda of: np.where(of["arm"] == "call", 0.8, 0.2)))
    assert found["verdict"] == "sample ratio mismatch"
    assert "give source.treatment.probabilities" in found["words"]
    told = trial_spec(
        treatment={"arms": {"call": {}}}, source={"kind": "table", "treatment": {"probabilities": {"call": 0.8}}}
    )
    of = rows(4).assign(probability=lambda of: np.where(of["arm"] == "call", 0.8, 0.2))
    opened = Learning(told, of, CONTRACT.encode(of), CONTRACT, listed=1)
    assert "source.treatment" not in randomisation.examined(opened, told.source)["words"]


def test_shares_that_differ_by_a_category_are_no_finding() -> None:
    of = rows(5, pull=0.3)
    chance = 0.5 + np.where(of["town"] == "a", 0.3, -0.3)
    found = examined(of.assign(probability=np.where(of["arm"] == "call", chance, 1 - chance)))
    assert found["verdict"] == "randomised"
    assert found["largest_difference"] < 0.1


def test_arms_that_nobody_drew_promise_no_sizes() -> None:
    found = examined(rows(3).assign(probability=np.nan), randomised=False)
    assert found["sample_ratio_p"] == pytest.approx(1.0)


def test_the_arms_sizes_are_judged_by_all_draws_and_covariates_by_as_many_of_each_arm() -> None:
    arm = np.array(["control"] * 4000 + ["call"] * 300 + ["mail"] * 59)
    sample = randomisation.sampled(arm, 1000, seed=0)
    assert np.array_equal(sample, np.unique(sample))
    assert {name: int((arm[sample] == name).sum()) for name in set(arm)} == {"mail": 59, "call": 300, "control": 641}
    assert len(randomisation.sampled(arm, 10**9, seed=0)) == len(arm)
    few = randomisation.sampled(arm, 9, seed=0)
    assert {name: int((arm[few] == name).sum()) for name in set(arm)} == {"mail": 59, "call": 100, "control": 100}


def test_a_wide_table_hides_no_wrong_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probabilities say halves, and 55 of 100 were called: all draws show it, few would not."""
    monkeypatch.setattr(randomisation, "MOST_CELLS", 400)
    rng = np.random.default_rng(5)
    of = rows(5).assign(arm=np.where(rng.random(len(rows(5))) < 0.55, "call", "control"), probability=0.5)
    assert examined(of)["verdict"] == "sample ratio mismatch"
