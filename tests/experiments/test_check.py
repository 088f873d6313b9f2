from experiments import checks
from experiments.leaks.check import Check, Severity, examined, refused
from features.plugins import discover
from tests.experiments.checks.test_l001_target_copy import planted

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
