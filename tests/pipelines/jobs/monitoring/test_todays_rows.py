"""Which rows are a month's, and which are those of a year before, in a matrix made by hand."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import UsageError
from pipelines.jobs.monitoring import todays_rows
from pipelines.workspace import Workspace

QUARTERS = ["2024-10-01", "2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Ten customers at the first date, eleven at the next, and so on; the newest has twenty."""
    found = Workspace(tmp_path, "shop")
    dated = {f"learn/as_of={one}": 10 + place for place, one in enumerate(QUARTERS)} | {"score/as_of=2026-01-01": 20}
    for name, rows in dated.items():
        path = found.matrix / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"customer_id": [f"{name[-10:]} {k}" for k in range(rows)]}), path)
    return found


def test_the_newest_date_has_its_rows_those_of_a_year_ago_and_all_counts(workspace: Workspace) -> None:
    found = todays_rows.read(workspace, asked=None, training_dates=QUARTERS[:3])
    assert found.at == date(2026, 1, 1)
    assert len(found.rows) == 20
    assert found.last_year is not None
    assert set(found.last_year["customer_id"].str[:10]) == {"2025-01-01"}
    assert found.customers.before.tolist() == [10, 11, 12, 13, 14]
    assert found.customers.last_year == 1


def test_a_year_ago_after_training_excuses_nothing(workspace: Workspace) -> None:
    found = todays_rows.read(workspace, asked=None, training_dates=QUARTERS[:1])
    assert found.last_year is None


def test_an_earlier_date_sees_nothing_of_what_came_after(workspace: Workspace) -> None:
    found = todays_rows.read(workspace, asked=date(2025, 7, 1), training_dates=QUARTERS[:3])
    assert len(found.rows) == 13
    assert found.customers.before.tolist() == [10, 11, 12]
    assert found.last_year is None


def test_a_date_that_is_not_there_is_refused_with_those_that_are(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match=r"--at 2025-07-02 is no date of the data of 'shop'; there are \['2024-10-01'"):
        todays_rows.read(workspace, asked=date(2025, 7, 2), training_dates=())


def test_without_rows_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="spec 'shop' has no rows yet; run: python -m pipelines run shop"):
        todays_rows.read(Workspace(tmp_path, "shop"), asked=None, training_dates=())
