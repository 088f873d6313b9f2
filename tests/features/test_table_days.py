"""Days of a table, counted to one day."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.table_days import days_until
from features.table_options import ColumnOptions

AS_OF = date(2025, 7, 1)


@given(
    days=st.lists(st.integers(-9000, 9000) | st.none(), min_size=1),
    form=st.sampled_from([None, "%d.%m.%Y", "%m/%d/%Y"]),
)
def test_the_days_are_those_that_were_written(days: list[int | None], form: str | None) -> None:
    texts = [None if n is None else (AS_OF - timedelta(days=n)).strftime(form or "%Y-%m-%d") for n in days]
    values, bad = days_until(pa.array(texts, pa.string()), AS_OF, written=form)
    assert values.to_pylist() == days
    assert bad.null_count == len(days)


def test_a_time_of_day_does_not_count_and_what_is_no_day_is_kept() -> None:
    texts = ["2025-06-30T23:59", "2025-06-30 00:00:00", "2025-06-31", "soon", "2025-06-301", None]
    values, bad = days_until(pa.array(texts), AS_OF)
    assert values.to_pylist() == [1, 1, None, None, None, None]
    assert bad.to_pylist() == [None, None, "2025-06-31", "soon", "2025-06-301", None]


@pytest.mark.parametrize("said", [{"type": "category", "as_of": "2025-07-01"}, {"written": "%d.%m.%Y"}])
def test_days_are_counted_for_numbers_only(said: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ColumnOptions.model_validate(said)
