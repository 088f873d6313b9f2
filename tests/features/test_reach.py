"""How far back a feature must see, which decides whether a look-back is long enough for it."""

import re

import pytest

from features.catalog import all_features, features_for
from features.tables import CANONICAL

FEATURES = all_features()


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_reaches_as_far_as_its_meaning_says(name: str) -> None:
    """What is told of contracts is never cut, and the season looks at a year before by itself."""
    one = FEATURES[name]
    told = sum(int(days) for days in re.findall(r"(\d+) days", one.column.meaning))
    assert one.reach == (0 if one.table in ("contract_changes", "usage_seasons") else told)


@pytest.mark.parametrize("days", [1, 30, 97, 180])
def test_what_the_look_back_does_not_reach_is_left_out(days: int) -> None:
    chosen = {one.column.name for one in features_for((), CANONICAL, look_back_days=days)}
    assert chosen == {name for name, one in FEATURES.items() if one.reach <= days}
    assert ("use_against_baseline_7d" in chosen) == (days >= 97)
