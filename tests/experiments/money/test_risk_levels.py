"""Risk levels: monotone in the score, by segment where the spec says so, and which cuts are in use."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from experiments.money.risk_levels import BY_DEFAULT, BY_PROFIT, BY_SPEC, RiskCuts, in_use
from experiments.sections.score import ScoreSpec

cut = st.floats(0.01, 1)
pairs = st.tuples(cut, cut).map(lambda two: (min(two), max(two)))
BY_PLAN = {"by": "plan", "cuts": {"basic": {"medium_from": 0.3, "high_from": 0.6}, "plus": {"high_from": 0.2}}}


@given(pairs, pairs, st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["a", "b", None])), min_size=1, max_size=20))
def test_levels_rise_with_the_score_and_fall_with_the_cuts(whole, own, rows) -> None:
    used = RiskCuts(*whole, BY_SPEC, "plan", {"a": own})
    score, segments = (
        np.array(each, dtype=kind) for each, kind in zip(zip(*rows, strict=True), (float, object), strict=True)
    )
    places = used.places(score, segments)
    for (p, segment), place in zip(rows, places, strict=True):
        medium, high = own if segment == "a" else whole
        assert place == (2 if p >= high else 1 if p >= medium else 0)
    assert (used.places(np.minimum(score + 0.1, 1.0), segments) >= places).all()
    assert (RiskCuts(*whole, BY_SPEC).places(score) >= RiskCuts(whole[0], 1.0, BY_SPEC).places(score)).all()


def test_a_score_that_is_missing_has_no_level() -> None:
    assert RiskCuts(0.1, 0.2, BY_SPEC).places(np.array([np.nan, 0.1, 0.2])).tolist() == [-1, 1, 2]


def test_what_the_spec_says_goes_before_what_is_derived_and_that_before_the_default() -> None:
    said = in_use(ScoreSpec(high_from=0.5), (0.03, 0.04))
    assert (said.medium_from, said.high_from, said.origin) == (0.1, 0.5, BY_SPEC)
    assert in_use(ScoreSpec(), (0.03, 0.04)) == RiskCuts(0.03, 0.04, BY_PROFIT)
    assert in_use(ScoreSpec(), None) == RiskCuts(0.1, 0.25, BY_DEFAULT)
    by_plan = in_use(ScoreSpec(**BY_PLAN), (0.03, 0.04))
    assert (by_plan.medium_from, by_plan.origin) == (0.03, BY_PROFIT)
    assert by_plan.of == {"basic": (0.3, 0.6), "plus": (0.1, 0.2)}
    assert by_plan.text == "0.03/0.04 (highest expected profit); basic: 0.3/0.6; plus: 0.1/0.2"
    assert by_plan.to_dict()["of"] == {"basic": [0.3, 0.6], "plus": [0.1, 0.2]}
    assert set(said.to_dict()) == {"medium_from", "high_from", "origin"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"medium_from": 0.5, "high_from": 0.2}, "score.high_from is 0.2, below score.medium_from, 0.5"),
        ({"medium_from": 0.5}, "score.high_from is 0.25, below score.medium_from, 0.5"),
        ({"by": "plan"}, "score.by and score.cuts go together"),
        ({"cuts": {"basic": {}}}, "score.by and score.cuts go together"),
        ({"by": "plan", "cuts": {"basic": {"medium_from": 0.9, "high_from": 0.2}}}, "high_from is 0.2, below medium"),
        ({"high_from": 0.0}, "greater than 0"),
    ],
)
def test_cuts_that_contradict_are_refused(asked, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ScoreSpec(**asked)


def test_a_section_of_before_segments_is_written_as_it_was() -> None:
    said = {"medium_from": 0.1, "high_from": 0.25, "reasons": 3}
    assert ScoreSpec(**said).model_dump() == said
    assert ScoreSpec().model_dump() == {"reasons": 3}
    assert ScoreSpec.model_validate(ScoreSpec(**BY_PLAN).model_dump()) == ScoreSpec(**BY_PLAN)
