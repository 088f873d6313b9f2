"""The rules that the demo ships, each at its edge."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from experiments.alerts import lexicon
from experiments.alerts.alert_file import AlertFile
from experiments.logic import truth

DEMO = Path(__file__).parents[3] / "experiments" / "specs" / "alerts" / "demo.yaml"
MISSING = float("nan")


@pytest.fixture(scope="module")
def file() -> AlertFile:
    return AlertFile.model_validate(yaml.safe_load(DEMO.read_text(encoding="utf-8")))


def fires(file: AlertFile, rule: str, **values: Any) -> bool:
    """Whether a rule is true of a customer with these values."""
    arrays = {
        name: np.array([value], dtype=object if value is None or isinstance(value, str) else float)
        for name, value in values.items()
    }
    return bool(file.rules[rule].when.truth(arrays)[0] == truth.TRUE)


@pytest.mark.parametrize(
    ("days_before", "days_now", "last_year", "expected"),
    [
        (90, 12, MISSING, True),  # 12 of 30 days against 90 of 90: exactly 60 % less
        (10_000, 1_337, MISSING, False),  # 59.9 % less
        (90, 12, 0.6, True),
        (90, 12, 0.95, False),  # a dip that last year shows too
        (0, 0, MISSING, False),  # no baseline
    ],
)
def test_use_is_down(file: AlertFile, days_before: int, days_now: int, last_year: float, expected: bool) -> None:
    # As the feature is computed: days of use in 30 days against the mean of the 90 before.
    against = days_now * 90 / (days_before * 30) if days_before else MISSING
    assert fires(file, "use_is_down", use_against_baseline_30d=against, use_against_last_year=last_year) is expected


@pytest.mark.parametrize(("days", "expected"), [(13, False), (14, True), (MISSING, False)])
def test_no_use_for_two_weeks(file: AlertFile, days: float, expected: bool) -> None:
    assert fires(file, "no_use_for_two_weeks", days_since_last_use=days) is expected


@pytest.mark.parametrize(("score", "expected"), [(5, True), (6, False), (MISSING, False)])
def test_low_after_sales_score(file: AlertFile, score: float, expected: bool) -> None:
    assert fires(file, "low_after_sales_score", touchpoint_score_after_sales=score) is expected


@pytest.mark.parametrize(
    ("level", "days", "expected"),
    [("high", 30, True), ("high", 31, False), ("medium", 30, False), (None, 30, False), ("high", MISSING, False)],
)
def test_at_risk_before_renewal(file: AlertFile, level: str | None, days: float, expected: bool) -> None:
    assert fires(file, "at_risk_before_renewal", level=level, days_to_renewal=days) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("速度慢", True), ("速度并不慢", False), ("no complaints", False), ("投訴", True)]
)
def test_complains_in_words(file: AlertFile, text: str, expected: bool) -> None:
    (column,) = file.rules["complains_in_words"].when.columns()
    found = float(lexicon.hits([text], file.lexicons["complaint"].words)[0])
    assert fires(file, "complains_in_words", **{column: found}) is expected
