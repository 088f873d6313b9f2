"""The section `kpis` of a spec: what it refuses, and that a spec without it keeps its hash."""

import json

import pytest
from pydantic import ValidationError

from experiments.sections.kpis import KpisSpec
from tests.specs import trial_spec


def test_targets_by_window() -> None:
    asked = KpisSpec.model_validate({"days": [365, 30], "target": {"30": 0.99}})
    assert asked.days == (30, 365)
    assert [asked.target_of(days) for days in (30, 365)] == [0.99, None]
    assert KpisSpec().target_of(182) == 0.85


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"target": 85}, "less than 1"),
        ({"target": {"31": 0.9}}, "target names \\['31'\\] days"),
        ({"target": {"a": 0.9}}, "match pattern"),
        ({"days": []}, "at least 1 item"),
        ({"days": [30, 30]}, "occurs twice"),
        ({"days": [0]}, "greater than or equal to 1"),
        ({"margin_share": 0}, "greater than 0"),
        ({"discount": -0.1}, "greater than or equal to 0"),
    ],
)
def test_what_is_refused(said: dict, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        KpisSpec.model_validate(said)


def test_a_spec_without_the_section_is_the_same_as_before_there_was_one() -> None:
    assert "kpis" not in trial_spec().model_dump()
    assert trial_spec(kpis={}).model_dump() == trial_spec().model_dump()
    other = trial_spec(kpis={"target": {"365": 0.9}})
    again = type(other).model_validate(json.loads(other.model_dump_json()))
    assert again == other
    assert other.model_dump()["kpis"]["target"] == {"365": 0.9}
