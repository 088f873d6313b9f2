"""Too few dates are told with the choices that would do, and each of them does."""

import re
from datetime import datetime
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from experiments.spec import ExperimentSpec
from features.errors import DataError
from pipelines.matrix.enough_dates import check_dates
from tests.specs import REQUIRED

END = datetime(2024, 7, 1)


def spec(**changes: Any) -> ExperimentSpec:
    plain: dict[str, Any] = {
        **REQUIRED,
        "name": "shop",
        "title": "A shop",
        "source": {"kind": "event_log"},
        "label": {"kind": "inactive", "horizon_days": 90, "active_days": 90},
        "observations": {"first": "2023-07-01", "every_months": 3, "look_back_days": 90},
        "split": {"kind": "time", "folds": 3, "gate_dates": 1},
    }
    for key, value in changes.items():
        section, name = key.split("__")
        plain[section] = {**plain[section], name: value}
    return ExperimentSpec.model_validate(plain)


def changed(of: ExperimentSpec, lines: list[str]) -> ExperimentSpec:
    """The spec with lines such as `split.folds: 2`."""
    plain = of.model_dump(mode="json")
    for line in lines:
        [(key, value)] = yaml.safe_load(line).items()
        section, name = key.split(".")
        plain[section][name] = value
    return ExperimentSpec.model_validate(plain)


def test_dates_that_are_enough_are_not_spoken_of() -> None:
    check_dates(spec(observations__every_months=1), END)


def test_the_choices_are_named() -> None:
    with pytest.raises(DataError) as caught:
        check_dates(spec(), END)
    told = str(caught.value)
    assert told.startswith("spec 'shop': 4 mature observation dates are too few: 3 folds and a gate cohort of 1 need")
    assert "on data that end at 2024-07-01 00:00:00: `observations.every_months: 1`" in told


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4), st.integers(2, 5), st.one_of(st.none(), st.integers(1, 4)), st.integers(1, 6), st.integers(0, 18)
)
def test_whatever_is_named_would_do(months: int, folds: int, gate: int | None, horizons: int, ago: int) -> None:
    """The choices are parted by `or`; those that only do together are joined by `and`."""
    first = f"{2024 - (ago + 6) // 12}-{12 - (ago + 5) % 12:02d}-01"
    asked = {"observations__every_months": months, "observations__first": first}
    of = spec(**asked, split__folds=folds, split__gate_dates=gate, label__horizon_days=30 * horizons)
    try:
        check_dates(of, END)
    except DataError as error:
        told = str(error).split("What would do")[1]
    else:
        assume(False)
        return
    choices = [re.findall(r"`([^`]+)`", one) for one in told.split(" or ")]
    assert all(choices) or "add data" in told
    for lines in choices:
        check_dates(changed(of, lines), END)
