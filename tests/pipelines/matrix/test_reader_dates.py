"""A reader of texts is of the past of those who use it: it knows no text from the first gate date on."""

from datetime import datetime
from typing import Any

import pytest

from experiments.spec import ExperimentSpec
from features.errors import SpecError
from pipelines.matrix.reader_dates import check_reader, first_judging
from pipelines.models.text_readers.pinned import Pinned
from tests.specs import REQUIRED

END = datetime(2025, 1, 1)


def spec(**changes: Any) -> ExperimentSpec:
    """Observed every month of 2024; the window closes 30 days after a date."""
    plain = {
        **REQUIRED,
        "name": "shop",
        "title": "A shop",
        "source": {"kind": "simulated"},
        "label": {"kind": "cancelled", "lead_time_days": 0, "horizon_days": 30},
        "observations": {"first": "2024-01-01", "every_months": 1},
        "split": {"kind": "time", "gate_dates": 2, "folds": 2},
        **changes,
    }
    return ExperimentSpec.model_validate(plain)


def reader(known_before: str) -> Pinned:
    return Pinned("tone", 3, "d", known_before)


def test_the_first_gate_date_is_the_earliest_of_the_last_mature_ones() -> None:
    assert first_judging(spec(), END) == datetime(2024, 11, 1)
    assert first_judging(spec(split={"kind": "time", "gate_dates": 4, "folds": 2}), END) == datetime(2024, 9, 1)
    assert first_judging(spec(split={"kind": "time", "folds": 2}), END) == datetime(2024, 10, 1)  # a quarter of twelve


def test_later_data_judge_later_and_too_few_judge_nobody() -> None:
    assert first_judging(spec(), datetime(2025, 3, 1)) == datetime(2024, 12, 1)
    assert first_judging(spec(), datetime(2024, 1, 15)) is None


def test_where_rows_are_drawn_at_random_every_date_judges() -> None:
    assert first_judging(spec(split={"kind": "random"}), END) == datetime(2024, 1, 1)


@pytest.mark.parametrize("known", ["2024-11-01", "2024-11-01T00:00:00", "2024-11-01T01:00:00+01:00", "2023-05-05"])
def test_texts_known_before_the_first_gate_date_are_allowed(known: str) -> None:
    check_reader(spec(), reader(known), END)


@pytest.mark.parametrize("known", ["2024-11-02", "2024-11-01T00:00:01", "2024-11-01T00:00:00-01:00", "2026-01-01"])
def test_a_moment_too_late_is_refused_in_one_line(known: str) -> None:
    with pytest.raises(SpecError, match=r"texts: tone 3 knows texts up to .* first gate date is 2024-11-01") as refused:
        check_reader(spec(), reader(known), END)
    assert "\n" not in str(refused.value)
