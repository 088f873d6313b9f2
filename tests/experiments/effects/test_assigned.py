"""What rows of rounds must be: each fault is refused by its own sentence, and what is right is taken as it is."""

import numpy as np
import pandas as pd
import pytest

from experiments.effects.assigned import NOBODY, assigned
from features.errors import DataError
from tests.experiments.effects.round_worlds import World, small

FAULTS = {
    "do not sum to one": {"p_call": [0.5, 0.5, 0.5, 0.4]},
    "dated before the action": {"churned_at": [None, None, pd.Timestamp("2025-12-31"), None]},
    "convert them to one currency": {"currency": ["eur", "eur", "usd", "eur"]},
    "the action is unknown": {"action": ["call", "letter", "none", "none"]},
    "in the round twice": {"customer": ["a", "b", "a", "d"]},
    "had probability 0": {"p_call": [1.0, 1.0, 1.0, 0.5], "p_none": [0.0, 0.0, 0.0, 0.5]},
    "a probability is not in": {"p_call": [1.5, 0.5, 0.5, 0.5], "p_none": [-0.5, 0.5, 0.5, 0.5]},
    "some probabilities are missing": {"p_call": [0.5, np.nan, 0.5, 0.5]},
    "the round is mature, and the outcome is missing": {"churned": [0.0, 0.0, 1.0, np.nan]},
    "churned is neither": {"churned": [0.0, 0.0, 1.0, 2.0]},
    "reached is neither": {"reached": [0.0, 0.0, 1.0, 2.0]},
    "mature differs within the round": {"mature": [True, True, True, False]},
    "as_of differs within the round": {"as_of": pd.to_datetime(["2026-01-01"] * 3 + ["2026-02-01"])},
    "risk is missing": {"risk": [0.1, 0.2, np.nan, 0.4]},
    "value is missing": {"value": [1.0, -1.0, 1.0, 1.0]},
    "cost is missing": {"cost": [1.0, np.inf, 1.0, 1.0]},
    "holds no numbers: ": {"mature": ["True", "True", "False", "False"]},
    "mature is neither": {"mature": [1, 1, 2, 2]},
    "the customer is in the round twice": {"customer": ["1", "b", 1, "d"]},
    "customer is missing": {"customer": ["a", None, "c", "d"]},
    "holds no numbers": {"risk": ["high", "low", "low", "low"]},
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_each_fault_has_its_own_sentence(sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as refused:
        assigned(small(**FAULTS[sentence]))
    assert "\n" not in str(refused.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="p_none"):
        assigned(small().drop(columns="p_none"))


def test_what_is_right_is_taken_as_it_is() -> None:
    found = assigned(small(segment=["x", "y", "x", "y"]))
    assert found.actions == ("call",)
    assert found.action.tolist() == [0, 0, NOBODY, NOBODY]
    assert found.stayed.tolist() == [1, 1, 0, 1]
    assert found.reached[:2].tolist() == [1, 0]
    assert np.isnan(found.reached[2:]).all()
    assert list(found.labels) == ["round", "as_of", "customer", "stratum", "segment"]
    assert found.where(found.action == 0).labels["segment"].tolist() == ["x", "y"]


def test_leaving_on_the_day_of_the_list_is_an_outcome() -> None:
    assert assigned(small(churned_at=[None, None, pd.Timestamp("2026-01-01"), None])).churned.tolist() == [0, 0, 1, 0]


def test_an_early_outcome_of_a_pending_round_is_not_used() -> None:
    found = assigned(small(mature=False))
    assert np.isnan(found.churned).all()


def test_an_action_or_label_that_is_not_there_is_named() -> None:
    found = assigned(small())
    with pytest.raises(DataError, match="no action 'letter'"):
        found.place("letter")
    with pytest.raises(DataError, match="no label 'segment'"):
        found.label("segment")


def test_other_types_of_the_same_rows_are_the_same() -> None:
    plain = small(churned_at=[None, None, pd.Timestamp("2026-01-05"), None])
    typed = plain.assign(
        churned=plain["churned"].astype("Int64"),
        mature=plain["mature"].astype(object),
        action=plain["action"].astype("category"),
        risk=plain["risk"].astype("Float64"),
        churned_at=pd.to_datetime(plain["churned_at"]).dt.tz_localize("UTC"),
    )
    typed.index = [7, 7, 7, 7]
    one, other = assigned(plain), assigned(typed)
    for name in ("action", "probability", "risk", "reached", "churned", "value", "cost", "mature", "customers"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_no_rows_are_no_fault() -> None:
    assert assigned(small().iloc[:0]).action.size == 0


def test_frames_with_missing_records_of_every_kind_are_read() -> None:
    for column in (
        pd.Series([True, False, None, None], dtype="boolean"),
        pd.Series([1.0, 0.0, None, None]),
        pd.Series([True, False, None, None], dtype=object),
    ):
        found = assigned(small(reached=column)).reached
        np.testing.assert_array_equal(found, [1, 0, np.nan, np.nan])


def test_the_world_of_the_tests_is_what_its_frame_says() -> None:
    world = World(customers=200)
    quick, read = world.rows(3), assigned(world.frame(3))
    for name in ("action", "probability", "risk", "reached", "churned", "value", "cost", "mature"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(read, name))
