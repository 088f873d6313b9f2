"""The section `monitoring`: where a spec says nothing of it, the spec is the same as before, to its hash."""

import pytest
from pydantic import ValidationError

from experiments.sections.monitoring import MonitoringSpec
from tests.specs import trial_spec


@pytest.mark.parametrize("said", [{}, {"monitoring": {}}, {"monitoring": {"false_alarms": 0.02, "thresholds": {}}}])
def test_what_a_spec_does_not_say_is_not_in_it(said: dict[str, object]) -> None:
    assert "monitoring" not in trial_spec(**said).model_dump()
    assert trial_spec(**said).monitoring == MonitoringSpec()


def test_what_it_says_is_in_it() -> None:
    told = trial_spec(monitoring={"thresholds": {"feature_shift": 0.5}}).model_dump()["monitoring"]
    assert told["thresholds"] == {"feature_shift": 0.5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"false_alarms": 0.0},
        {"false_alarms": 0.5},
        {"thresholds": {"volume": 0}},
        {"accept": {"feature_shift": {"plan": " "}}},
        {"accept": ["plan"]},
        {"of": {}},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MonitoringSpec.model_validate(wrong)


def test_an_accepted_name_without_its_kind_is_refused_with_what_to_write() -> None:
    with pytest.raises(
        ValidationError, match=r"'plan' stands without its kind; write such as \{feature_shift: \{plan: "
    ):
        MonitoringSpec.model_validate({"accept": {"plan": "a new plan"}})
