import pytest
from pydantic import TypeAdapter, ValidationError

from experiments import checks
from experiments.leaks.check import Check, LeakEvidence, Result, Severity, examined, refused
from experiments.sections.checks import CheckSays, accepted, off
from features.plugins import discover
from tests.experiments.checks.test_l001_target_copy import planted
from tests.experiments.checks.worlds import of_training, renamed

CHECKS = discover(checks, Check)


def test_a_check_that_is_switched_off_is_not_asked_and_says_why() -> None:
    results = examined(CHECKS, planted(1), off={"L001": "the code is known before"})
    (off,) = [one for one in results if one.off]
    assert (off.code, off.findings, off.off) == ("L001", (), "the code is known before")
    assert refused(results) == []


def test_every_refusing_finding_is_a_line_with_its_code_and_a_warning_is_none() -> None:
    (line,) = refused(examined(CHECKS, planted(1), off={}))
    assert line.startswith("L001 column 'planted'")
    warning = {"L001": Check("L001", Severity.WARN, CHECKS["L001"].examine)}
    assert refused(examined(warning, planted(1), off={})) == []


def test_an_accepted_finding_refuses_nothing_and_is_kept_with_its_reason_while_others_are_found() -> None:
    world = planted(1)
    both = of_training(renamed(world, [*world.contract.names[:-1], "other"]), world.training.X[:, -1])
    names = ("other", "planted")
    assert {one.subject for one in results(both)["L001"].findings} == {*names}
    for name in names:
        found = examined(CHECKS, both, off={}, accepted={"L001": {name: "known before"}})
        (line,) = [line for line in refused(found) if line.startswith("L001")]
        assert f"'{({*names} - {name}).pop()}'" in line
        (kept,) = found[0].to_dict()["accepted"]
        assert (kept["subject"], kept["reason"]) == (name, "known before")
        assert kept["finding"]["sentence"].startswith(f"column '{name}'")


def results(world: LeakEvidence) -> dict[str, Result]:
    return {one.code: one for one in examined(CHECKS, world, off={})}


def test_an_acceptance_in_which_nothing_is_found_any_more_is_still_shown() -> None:
    found = examined(CHECKS, planted(1), off={}, accepted={"L005": {"shard": "it matters"}})
    (result,) = [one.to_dict() for one in found if one.code == "L005"]
    assert result["accepted"] == [{"subject": "shard", "reason": "it matters", "finding": None}]
    assert result["findings"] == []


def test_a_spec_says_why_a_check_is_off_or_why_a_finding_stands() -> None:
    said = {"L005": " the shard ", "L003": {"accept": {"score": "ours "}}}
    plain = TypeAdapter(dict[str, CheckSays]).validate_python(said)
    assert off(plain) == {"L005": "the shard"}
    assert accepted(plain) == {"L003": {"score": "ours"}}


@pytest.mark.parametrize(
    "said",
    [
        *(" ", 1, None, True, [], {}, {"accept": {}}, {"accept": "score"}, {"accept": {"score": " "}}),
        *({"accept": {"score": None}}, {"accept": {1: "why"}}, {"accept": {"score": "why"}, "off": "why"}),
    ],
)
def test_anything_else_is_an_error(said: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(dict[str, CheckSays]).validate_python({"L003": said})
