"""What the log says of its draws: who was drawn when, and what chance every arm had."""

import numpy as np
import pandas as pd
import pytest

from experiments.randomisation.campaign_draws import chances, of_groups, own_draws

ARMS = ["control", "call", "mail"]
SHARES = np.array([0.2, 0.4, 0.4])


def drawn(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.choice(ARMS, p=SHARES, size=size)


def rows(of_dates: list[np.ndarray]) -> pd.DataFrame:
    """The rows of customers 0, 1, ... at as many dates, in an order that must not matter."""
    parts = [
        pd.DataFrame(
            {
                "customer_id": np.arange(arm.size).astype(str),
                "as_of": pd.Timestamp("2024-01-01") + pd.DateOffset(months=date),
                "arm": arm.astype(object),
                "probability": SHARES[[ARMS.index(one) for one in arm]],
            }
        )
        for date, arm in enumerate(of_dates)
    ]
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=0)


def kept(of_dates: list[np.ndarray]) -> list[int]:
    """How many rows of each date are draws of their own."""
    found = rows(of_dates)
    return (
        found[own_draws(found)].groupby("as_of").size().reindex(sorted(found["as_of"].unique()), fill_value=0).to_list()
    )


def test_rows_of_new_draws_all_count_and_of_a_held_arm_the_first() -> None:
    rng = np.random.default_rng(0)
    once, again = drawn(rng, 500), drawn(rng, 500)
    assert kept([once, again]) == [500, 500]
    assert kept([once, once, once]) == [500, 0, 0]


def test_one_who_switches_makes_no_new_draw_of_the_others() -> None:
    once = drawn(np.random.default_rng(1), 500)
    switched = once.copy()
    switched[0] = "call" if once[0] != "call" else "mail"
    assert kept([once, switched, switched]) == [500, 0, 0]


def test_a_new_draw_half_way_counts_once_more() -> None:
    rng = np.random.default_rng(2)
    once, again = drawn(rng, 500), drawn(rng, 500)
    assert kept([once, once, again, again]) == [500, 0, 500, 0]


def test_a_standing_control_is_drawn_once_whatever_the_others_draw() -> None:
    rng = np.random.default_rng(3)
    standing = rng.random(500) < 0.2
    monthly = [np.where(standing, "control", rng.choice(["call", "mail"], 500)) for _ in range(4)]
    assert kept(monthly) == [500, 0, 0, 0]


def test_arms_that_take_turns_are_no_new_draws() -> None:
    once = drawn(np.random.default_rng(4), 500)
    turned = np.array([ARMS[(ARMS.index(one) + 1) % 3] for one in once])
    assert kept([once, turned]) == [500, 0]


def test_whoever_comes_later_is_drawn_then_and_a_new_arm_is_a_new_draw() -> None:
    rng = np.random.default_rng(5)
    once = drawn(rng, 500)
    assert kept([once, np.append(once, drawn(rng, 100))]) == [500, 100]
    two = np.where(once == "mail", "call", once)
    assert kept([two, once]) == [500, 500]


def test_shares_of_arms_tell_the_chances_of_all_rows() -> None:
    arm = np.array(["control", "call", "mail", "call"])
    found = chances(arm, np.array([0.3, 0.3, 0.4, 0.3]), arms=ARMS, groups=())
    assert found == pytest.approx(np.tile([0.3, 0.3, 0.4], (4, 1)))


def test_shares_that_differ_by_a_group_are_found_by_it() -> None:
    arm = np.array(["control", "call", "mail", "control", "call", "control"])
    own, group = np.array([0.5, 0.25, 0.25, 0.9, 0.1, 0.9]), np.array(["a", "a", "a", "b", "b", "b"])
    found = chances(arm, own, arms=ARMS, groups=[np.arange(6), group])
    assert found is not None
    assert found[0] == pytest.approx([0.5, 0.25, 0.25])
    assert found[5] == pytest.approx([0.9, 0.1, 0.0])
    assert chances(arm, own, arms=ARMS, groups=()) is None


def test_of_two_arms_the_other_has_what_is_left() -> None:
    found = chances(np.array(["call", "control"]), np.array([0.3, 0.6]), arms=["control", "call"], groups=())
    assert found == pytest.approx(np.array([[0.7, 0.3], [0.6, 0.4]]))


def test_rounded_shares_are_made_whole_and_others_are_not_believed() -> None:
    arm = np.array(ARMS)
    assert of_groups(arm, np.full(3, 0.3333), arms=ARMS) == pytest.approx(np.full((3, 3), 1 / 3))
    assert of_groups(arm, np.full(3, 0.4), arms=ARMS) is None
