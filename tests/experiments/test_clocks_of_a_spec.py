"""The time zone of the company's clocks: one in a spec, wherever it is said."""

import pytest

from experiments.spec import ExperimentSpec
from tests.specs import trial_spec

LOG = {"kind": "event_log", "time_zone": "Europe/Berlin"}


def test_an_event_log_has_its_clocks_in_its_source_and_any_other_beside_it() -> None:
    assert trial_spec().clocks == "UTC"
    assert trial_spec(time_zone="Asia/Shanghai").clocks == "Asia/Shanghai"
    assert trial_spec(source=LOG).clocks == "Europe/Berlin"
    assert trial_spec(source=LOG, time_zone="Europe/Berlin").clocks == "Europe/Berlin"


@pytest.mark.parametrize("other", ["UTC", "Europe/London"])
def test_two_that_differ_are_refused(other: str) -> None:
    with pytest.raises(ValueError, match=f"time_zone is {other}, source.time_zone Europe/Berlin"):
        trial_spec(source=LOG, time_zone=other)


def test_a_spec_that_is_written_and_read_again_is_the_same() -> None:
    spec = trial_spec(source=LOG)
    assert "time_zone" not in spec.model_dump(), "or the hashes of older specs would change"
    assert ExperimentSpec.model_validate(spec.model_dump()).clocks == spec.clocks
