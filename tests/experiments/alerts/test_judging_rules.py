"""A file of rules is judged like code: columns that are not there, contradictions, what another rule covers."""

from typing import Any

import pytest
from pydantic import ValidationError

from experiments.alerts import judging_rules
from experiments.alerts.alert_file import AlertFile, Rule
from experiments.conditions.words import column_of
from experiments.logic.condition import KnownColumn
from tests.experiments.logic.random_conditions import COLUMNS

SAYS = {"en": "used less", "zh": "使用减少"}


def rule(when: Any, **other: Any) -> Rule:
    return Rule(says=SAYS, when=when, owner="desk", **other)


def told(**rules: Any) -> list[tuple[str, str, bool]]:
    words = {column_of("complaint", 30): KnownColumn("number", 0.0)}
    found = judging_rules.remarks({name: rule(when) for name, when in rules.items()}, {**COLUMNS, **words})
    return [(one.rule, one.text, one.is_mistake) for one in found]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"feature": "usage", "below": 3}, "there is no feature 'usage'"),
        ({"feature": "plan", "below": 3}, "is a category"),
        ({"feature": "use", "is": "pro"}, "is a number"),
        ({"feature": "plan", "is": "gold"}, r"has no \['gold'\]"),
        ({"words": "anger", "days": 30}, "there is no lexicon 'anger'"),
        ({"all": [{"feature": "use", "at_least": 5}, {"feature": "use", "below": 5}]}, "can never be true"),
        ({"feature": "score", "above": 10}, "can never be true"),
        ({"all": [{"feature": "score", "missing": True}, {"feature": "score", "below": 3}]}, "can never be true"),
    ],
)
def test_mistakes(when: Any, said: str) -> None:
    import re

    found = told(wrong=when, right={"feature": "use", "below": 1})
    assert [name for name, text, is_mistake in found if is_mistake and re.search(said, text)] == ["wrong"]
    assert all(name == "wrong" for name, _, _ in found)


def test_a_rule_that_another_always_covers_is_said_to() -> None:
    found = told(
        narrow={"feature": "score", "at_most": 3},
        wide={"feature": "score", "at_most": 5},
        other={"feature": "use", "below": 1},
    )
    assert found == [("narrow", "wherever it is true, 'wide' is true as well", False)]


def test_words_and_numbers_may_stand_together() -> None:
    assert told(one={"all": [{"words": "complaint", "days": 30}, {"feature": "use", "below": 1}]}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"owner": None}, "owner, or a route"),
        ({"route": "by_region"}, "owner, or a route"),
        ({"owner": None, "route": "by_region"}, "there is no route 'by_region'"),
        ({"says": {"en": "used less"}}, "zh"),
        ({"level": "urgent"}, "level"),
        ({"when": {"feature": "use"}}, "bounds"),
        ({"due_hours": 0}, "due_hours"),
        ({"whom": "desk"}, "whom"),
    ],
)
def test_what_no_rule_can_be(change: dict[str, Any], said: str) -> None:
    good = {"says": SAYS, "when": {"feature": "use", "below": 1}, "owner": "desk"}
    with pytest.raises(ValidationError, match=said):
        AlertFile.model_validate({"title": "Warnings", "rules": {"one": {**good, **change}}})
