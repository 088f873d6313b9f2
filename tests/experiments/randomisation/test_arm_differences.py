"""The plain differences of a trial: an oracle for the value, and rows of one customer that tell no more than one."""

import numpy as np
import pandas as pd
import pytest

from experiments.randomisation.arm_differences import differences


def trial(seed: int = 0, size: int = 800) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    arm = rng.choice(["control", "call"], size)
    rows = pd.DataFrame({"customer_id": np.arange(size).astype(str), "arm": arm, "probability": 0.5})
    return rows, 3.0 * (arm == "call") + rng.normal(size=size)


def test_it_is_the_difference_of_means_with_its_usual_error() -> None:
    rows, y = trial()
    called, kept = y[rows["arm"] == "call"], y[rows["arm"] == "control"]
    found = differences(rows, ("call",), y)["call"]
    assert found["value"] == pytest.approx(called.mean() - kept.mean())
    assert found["standard_error"] == pytest.approx(np.sqrt(called.var() / len(called) + kept.var() / len(kept)))


def test_the_same_customers_seen_again_tell_nothing_new() -> None:
    rows, y = trial()
    once = differences(rows, ("call",), y)["call"]
    again = differences(pd.concat([rows] * 4), ("call",), np.tile(y, 4))["call"]
    assert again["value"] == pytest.approx(once["value"])
    assert again["standard_error"] == pytest.approx(once["standard_error"])


def test_a_customer_who_was_in_both_groups_is_her_own_control() -> None:
    """Where customers differ much and effects little, the difference within them is sure."""
    rng = np.random.default_rng(1)
    level = 100 * rng.normal(size=500)
    rows = pd.DataFrame(
        {"customer_id": np.tile(np.arange(500), 2), "arm": ["call"] * 500 + ["control"] * 500, "probability": 0.5}
    )
    y = np.concatenate([level + 1 + rng.normal(size=500), level + rng.normal(size=500)])
    found = differences(rows, ("call",), y)["call"]
    assert found["low"] < 1 < found["high"]
    assert found["high"] - found["low"] < 0.4
