"""Playbooks: the first row that fits, and what is refused before any data."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from experiments.logic import truth
from experiments.playbooks import judging_playbooks, row_of_customer
from experiments.playbooks.playbook_file import PlaybookFile
from tests.experiments.logic.random_conditions import COLUMNS, CONDITIONS

SAYS = {"en": "because", "zh": "因为"}
ACTIONS = ("call", "coupon")


def playbook(*rows: tuple[Any, str]) -> PlaybookFile:
    """Rows of a condition and an action, each with a segment of its own."""
    return PlaybookFile.model_validate(
        {
            "title": "Playbook",
            "segments": {f"s{place}": when for place, (when, _) in enumerate(rows)},
            "rows": {
                f"r{place}": {"segment": f"s{place}", "action": action, "says": SAYS}
                for place, (_, action) in enumerate(rows)
            },
        }
    )


def told(*rows: tuple[Any, str]) -> list[tuple[str, bool]]:
    found = judging_playbooks.remarks(playbook(*rows), actions=ACTIONS, columns=COLUMNS)
    return [(one.rule, one.is_mistake) for one in found]


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_each_customer_meets_the_first_row_that_is_true_of_them(conditions: list[Any]) -> None:
    values = {
        "use": np.array([0.0, 1.0, np.nan, 7.0]),
        "score": np.array([5.0, np.nan, 0.0, 10.0]),
        "plan": np.array(["basic", "pro", None, "plus"], dtype=object),
    }
    of = playbook(*((when, "call") for when in conditions))
    met = row_of_customer.first_met(of, values, size=4)
    truths = np.array([segment.truth(values) for segment in of.segments.values()]) == truth.TRUE
    for customer, row in enumerate(met):
        assert not truths[: row if row >= 0 else None, customer].any()
        assert row == row_of_customer.NO_ROW or truths[row, customer]


def test_a_row_behind_one_that_takes_all_its_customers_is_a_mistake_if_the_actions_differ() -> None:
    wide, narrow = {"feature": "score", "at_most": 5}, {"feature": "score", "at_most": 3}
    assert told((wide, "call"), (narrow, "coupon")) == [("r1", True)]
    assert told((wide, "call"), (narrow, "call")) == [("r1", False)]
    assert told((narrow, "coupon"), (wide, "call")) == []


@pytest.mark.parametrize(
    ("when", "action", "rule"),
    [
        ({"feature": "usage", "below": 1}, "call", "s0"),
        ({"feature": "score", "above": 10}, "call", "s0"),
        ({"feature": "use", "below": 1}, "gift", "r0"),
    ],
)
def test_mistakes(when: Any, action: str, rule: str) -> None:
    assert told((when, action)) == [(rule, True)]


def test_doing_nothing_needs_no_cost() -> None:
    assert told(({"feature": "use", "below": 1}, "none")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": {}}, "rows"),
        ({"segments": {}}, "segments"),
        ({"segments": ["use"]}, "a name each"),
        ({"rows": {"r": {"segment": "other", "action": "call", "says": SAYS}}}, "no segment 'other'"),
        ({"rows": {"r": {"segment": "s", "action": "call", "says": {"en": "because"}}}}, "zh"),
        ({"segments": {"s": {"feature": "use"}}}, "bounds"),
    ],
)
def test_what_is_no_playbook(change: dict[str, Any], said: str) -> None:
    good = {
        "title": "Playbook",
        "segments": {"s": {"feature": "use", "below": 1}},
        "rows": {"r": {"segment": "s", "action": "call", "says": SAYS}},
    }
    with pytest.raises(ValidationError, match=said):
        PlaybookFile.model_validate({**good, **change})
