"""How an arm of a plain table was drawn: once in the spec or row by row in the file, and never believed blindly."""

from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from features.arm_column import ArmColumn, arms_of, declared, probabilities_of, strata_of

PLAIN: dict[str, Any] = {"column": "group", "control": "none", "arms": {"call": "phoned", "mail": "posted"}}
STRATA = {"column": "band", "shares": {"high": {"control": 0.5, "call": 0.5}, "low": {"control": 0.2, "mail": 0.8}}}


def given(**how: Any) -> ArmColumn:
    return ArmColumn(**PLAIN, **how)


def test_without_a_word_all_arms_are_equally_likely() -> None:
    assert probabilities_of(["call", None, "control"], given()) == [1 / 3, None, 1 / 3]


def test_shares_are_those_of_the_spec_and_sum_to_one_exactly() -> None:
    found = probabilities_of(
        ["control", "call", "mail"], given(probabilities={"control": 0.3334, "call": 0.3333, "mail": 0.3334})
    )
    assert sum(found) == pytest.approx(1.0, abs=1e-12)  # type: ignore[arg-type]
    assert probabilities_of(["mail"], given(probabilities={"control": 0.5, "call": 0.3, "mail": 0.2})) == [0.2]


def test_shares_are_those_of_the_row_s_own_stratum() -> None:
    treatment = given(strata=STRATA)
    arms = arms_of(pa.array(["none", "phoned", "posted", "phoned", "Xmas", "none"]), treatment)
    strata = strata_of(pa.array(["low", "high", "low", "low", "high", "middle"]), treatment)
    assert strata == ["low", "high", "low", "low", "high", None]
    assert probabilities_of(arms, treatment, strata) == [0.2, 0.5, 0.8, None, None, None]


def test_the_file_needs_the_columns_that_are_named() -> None:
    assert given().columns == ["group"]
    assert given(probability="p").columns == ["group", "p"]
    assert given(strata=STRATA).columns == ["group", "band"]
    assert [one.name for one in declared(given(strata=STRATA))] == ["arm", "stratum", "probability"]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"probabilities": {"control": 0.4, "call": 0.4, "mail": 0.4}}, "sum to 1.2, not to 1"),
        ({"probabilities": {"control": 0.4, "cal": 0.3, "mail": 0.3}}, r"no arm is called \['cal'\]; the arms are"),
        ({"probabilities": {"control": 0.5, "call": 0.5}}, r"no share of \['mail'\]"),
        ({"probabilities": {"control": 1.2, "call": -0.1, "mail": -0.1}}, "must be above 0 and at most 1"),
        ({"probabilities": {"control": 0.6, "call": 0.4, "mail": 0.0}}, "'mail': 0.0"),
        ({"probabilities": {"control": float("nan"), "call": 0.4, "mail": 0.3}}, "should be a finite number"),
        (
            {"strata": {"column": "band", "shares": {"high": {"control": 0.5, "call": 0.4}}}},
            "strata.shares.high: .* sum",
        ),
        ({"strata": {"column": "band", "shares": {"high": {"none": 0.5, "call": 0.5}}}}, "no arm is called"),
        ({"strata": {"column": "band", "shares": {}}}, "at least 1"),
        ({"strata": STRATA, "probability": "p"}, "probability and strata are given"),
    ],
)
def test_shares_that_cannot_be_true_are_refused_with_what_is_wrong(how: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        given(**how)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arms": {"control": "a", "call": "b"}}, "arm without action"),
        ({"arms": {"call": "none"}}, "stands for more than one arm"),
    ],
)
def test_arms_that_are_not_told_apart_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ArmColumn(**(PLAIN | change))
