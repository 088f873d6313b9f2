import numpy as np
import pandas as pd
import pytest

from experiments.money.limits import UNLIMITED, Limits, barred, contacts_within, free, limits_of, open_to
from experiments.sections.policy import FatigueSpec, PolicySpec
from features.errors import DataError, MetricError, SpecError

ACTIONS = ("call", "coupon")


@pytest.mark.parametrize(("share", "n_rows", "expected"), [(0.29, 100, 29), (0.2, 7, 1), (0, 9, 0), (1, 9, 9)])
def test_a_share_is_rounded_down(share: float, n_rows: int, expected: int) -> None:
    assert contacts_within(share, n_rows) == expected


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(MetricError, match=r"budget share is 1\.2"):
        contacts_within(1.2, 10)


def test_what_is_not_said_does_not_limit() -> None:
    found = limits_of(PolicySpec(), actions=ACTIONS, n_rows=50)
    assert found == Limits(50, (UNLIMITED, UNLIMITED))
    assert found.only_contacts
    assert not limits_of(PolicySpec(capacity={"call": 1.0}), actions=ACTIONS, n_rows=50).only_contacts


def test_one_is_one_contact_and_one_point_zero_is_everybody() -> None:
    for said, expected in ((1, 1), (1.0, 50), (0.1, 5), (30, 30), (30.0, 30), (0, 0)):
        assert limits_of(PolicySpec(capacity={"call": said}), actions=ACTIONS, n_rows=50).by_action[0] == expected
    assert type(PolicySpec.model_validate(PolicySpec(capacity={"a": 1.0}).model_dump()).capacity["a"]) is float


def test_a_cohort_of_another_size_has_its_part_of_what_the_list_has() -> None:
    asked = PolicySpec(budget_money=1000.0, capacity={"call": 300, "coupon": 0.1}, budget_share=0.5)
    assert limits_of(asked, actions=ACTIONS, n_rows=250, listed=1000) == Limits(125, (75, 25), 250.0)
    assert limits_of(asked, actions=ACTIONS, n_rows=2000, listed=1000) == Limits(1000, (600, 200), 2000.0)
    assert limits_of(asked, actions=ACTIONS, n_rows=1000) == Limits(500, (300, 100), 1000.0)


def test_what_one_action_alone_can_afford() -> None:
    found, cost = Limits(50, (30, UNLIMITED), 100.0), np.array([2.0, 5.0])
    assert [found.affords(action, cost=cost, wanted=40) for action in (0, 1)] == [30, 20]
    assert found.affords(1, cost=np.zeros(2), wanted=60) == 50


def test_who_is_barred_and_why() -> None:
    rows = pd.DataFrame({"stop": [1, 0, None, 0], "calls": [9.0, 3.0, None, 2.0]})
    found = barred(rows, PolicySpec(opt_out="stop", fatigue=FatigueSpec(column="calls", at_most=2)))
    assert {name: mask.tolist() for name, mask in found.items()} == {
        "opted out": [True, False, False, False],
        "contacted too often": [True, True, False, False],
    }
    assert free(found, 4).tolist() == [False, False, True, True]
    assert free(barred(rows, PolicySpec()), 4).tolist() == [True] * 4


def test_which_actions_each_may_get() -> None:
    rows = pd.DataFrame({"stop": [1, 0, None, 0], "no_calls": [0, 1, None, 1], "calls": [0.0, 0.0, 0.0, 9.0]})
    fatigue = FatigueSpec(column="calls", at_most=2)
    policy = PolicySpec(opt_out={"all": "stop", "call": "no_calls"}, fatigue=fatigue)
    assert policy.columns == ("stop", "no_calls", "calls")
    found = open_to(rows, policy, ("call", "mail"))
    assert found.tolist() == [[False, False], [False, True], [True, True], [False, False]]
    assert open_to(rows, PolicySpec(opt_out="stop"), ("call",))[:, 0].tolist() == [False, True, True, True]
    assert open_to(rows, policy, ()).shape == (4, 0)
    with pytest.raises(DataError, match=r"policy.opt_out 'calls' holds \[9.0\]"):
        open_to(rows, PolicySpec(opt_out={"call": "calls"}), ("call",))


def test_a_column_that_is_not_there_or_says_something_else_is_refused() -> None:
    rows = pd.DataFrame({"stop": ["1", "never"], "twice": [2, 0]})
    with pytest.raises(SpecError, match=r"'calls'.*matrix has"):
        barred(rows, PolicySpec(fatigue=FatigueSpec(column="calls", at_most=2)))
    with pytest.raises(DataError, match="never"):
        barred(rows, PolicySpec(opt_out="stop"))
    with pytest.raises(DataError, match=r"2\.0.*must be 1"):
        barred(rows, PolicySpec(opt_out="twice"))
