from datetime import timedelta

import numpy as np
import pytest

from experiments.rows.gate_dates import closed_before, judging_dates
from experiments.sections.split import SplitSpec

WINDOW = timedelta(days=74)


def months(count: int) -> np.ndarray:
    return (np.datetime64("2024-01") + np.arange(count)).astype("datetime64[us]")


@pytest.mark.parametrize("said", [1, 2, 9])
def test_what_the_spec_says_is_taken(said: int) -> None:
    assert judging_dates(months(24), SplitSpec(kind="time", gate_dates=said), WINDOW) == said


def test_where_it_says_nothing_the_cohort_grows_with_the_data_and_training_never_lacks_dates_for_it() -> None:
    spec = SplitSpec(kind="time", folds=3)
    found = {count: judging_dates(months(count), spec, WINDOW) for count in range(2, 60)}
    assert list(found.values()) == sorted(found.values())
    assert (found[12], found[24], found[48]) == (3, 6, 12)
    for count, judged in found.items():
        dates = months(count)
        learnt = len(closed_before(dates, dates[-judged], WINDOW))
        assert learnt >= spec.folds + 1 or judged == 1
