"""Reasons: what adds up to them, which are named, and no text without a translation."""

import re

import numpy as np
import pytest

from features import definitions
from features.catalog import all_features
from features.feature import FeatureDefinition
from features.plugins import discover, names
from pipelines.outreach import reasons

DESCRIBED = [
    {"name": "actions_30d", "meaning": "Things done in the last 30 days", "type": "number", "categories": ()},
    {"name": "active_days_30d", "meaning": "Days of use", "type": "number", "categories": ()},
    {"name": "complaints_30d", "meaning": "Complaints; none is 0", "type": "number", "categories": ()},
    {"name": "segment", "meaning": "The market segment", "type": "category", "categories": ("home", "work")},
    {"name": "Monthly Charges", "meaning": "Charges a month", "type": "number", "categories": ()},
]
X = np.array([[2.0, 1.0, 3.0, 0.0, 70.5]])


def said(*contributions: float) -> list[str]:
    found = reasons.reasons(np.array([contributions]), X, described=DESCRIBED)
    return found.filter(like="_en").to_numpy()[0].tolist()


def test_themes_are_named_by_what_they_add_together_with_their_strongest_column() -> None:
    assert said(0.3, 0.4, 0.6, 0.0, 0.1) == [
        "Uses the product less (Days of use: 1)",
        "Trouble with support or complaints (Complaints: 3)",
        "Charges a month: 70.5",
    ]


def test_what_nobody_can_act_on_and_what_lowers_the_risk_are_not_named() -> None:
    assert said(-0.5, 0.2, 0.0, 9.0, 0.0) == ["", "", ""]
    assert said(0.0, 0.0, 0.1, 9.0, -1.0) == ["Trouble with support or complaints (Complaints: 3)", "", ""]


def test_a_missing_value_is_shown_as_none() -> None:
    found = reasons.reasons(np.array([[1.0, 0.0, 0.0, 0.0, 0.0]]), np.full((1, 5), np.nan), described=DESCRIBED)
    assert found.loc[0, "reason_1_en"].endswith(": –)")


def test_both_languages_say_the_same_numbers() -> None:
    found = reasons.reasons(np.array([[0.3, 0.4, 0.6, 0.0, 0.1]]), X, described=DESCRIBED)
    assert found.loc[0, "reason_2_zh"] == "客服问题或投诉（最近30天的投诉次数：3）"


def test_every_theme_and_feature_has_its_words_in_both_languages() -> None:
    words = reasons.words()
    assert set(words["themes"]) == set(names(definitions))
    assert set(words["effects"]) == set(names(definitions))
    for said in words["effects"].values():
        assert said["en"]
        assert re.search("[\u4e00-\u9fff]", said["zh"])
    assert set(words["features"]) == set(discover(definitions, FeatureDefinition))
    for theme in words["themes"].values():
        assert isinstance(theme["acts"], bool)
        assert theme["en"]
        assert re.search("[\u4e00-\u9fff]", theme["zh"])


@pytest.mark.parametrize("name", list(all_features()))
def test_every_column_is_said_in_chinese(name: str) -> None:
    text = reasons.in_chinese(name)
    assert re.search("[\u4e00-\u9fff]", text)
    assert "{" not in text


def why(*parts: float) -> list[str]:
    return list(reasons.why(np.array([parts]), X, described=DESCRIBED).to_numpy()[0])


def test_an_effect_rests_on_the_two_strongest_themes_that_raise_it_whoever_can_act_on_them() -> None:
    assert why(0.03, 0.01, -0.2, 0.1, 0.02) == [
        "Who the customer is (The market segment: home); Use of the product (Things done in the last 30 days: 2)",
        "客户属性（客户细分：home）；产品使用情况（最近30天在产品中的操作次数：2）",
    ]


@pytest.mark.parametrize("parts", [(0.0,) * 5, (-0.1,) * 5, (1e-12,) * 5, (np.nan,) * 5], ids=str)
def test_there_is_silence_where_nothing_raises_an_effect_or_nothing_is_known(parts: tuple[float, ...]) -> None:
    assert why(*parts) == ["", ""]
