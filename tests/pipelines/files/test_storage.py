"""Files: what is written is read again, equal rows are equal bytes, and each column takes the form that suits it."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.files import storage


@pytest.fixture
def rows() -> pa.Table:
    rng = np.random.default_rng(1)
    size = 150_000  # more than a group of rows
    gaps = np.cumsum(rng.integers(1, 600, size))
    return pa.table(
        {
            "customer_id": [f"C{place // 8:05}" for place in range(size)],
            "transaction_id": [f"T{place}" for place in rng.permutation(size)],
            "happened_at": [datetime(2026, 1, 1) + timedelta(seconds=int(gap)) for gap in gaps],
            "days": pa.array(rng.random(size) * 180, mask=rng.random(size) < 0.3),
            "contacts": pa.array(rng.poisson(2, size).astype(float), mask=rng.random(size) < 0.3),
            "never": pa.nulls(size, pa.float64()),
        }
    )


def test_rows_are_read_as_they_were_written_and_equal_rows_are_equal_bytes(rows: pa.Table, tmp_path: Path) -> None:
    pieces = pa.concat_tables([rows.slice(0, 7), rows.slice(7)])

    storage.write_parquet(tmp_path / "one.parquet", rows)
    storage.write_parquet(tmp_path / "other.parquet", pieces)

    assert storage.read_parquet(tmp_path / "one.parquet").equals(rows)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


def test_values_that_come_again_have_a_dictionary_and_only_those(rows: pa.Table, tmp_path: Path) -> None:
    storage.write_parquet(tmp_path / "rows.parquet", rows)

    group = pq.ParquetFile(tmp_path / "rows.parquet").metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    assert [one.path_in_schema for one in columns if one.has_dictionary_page] == ["customer_id", "contacts"]


@pytest.mark.parametrize("always", [True, False])
def test_files_are_smaller_than_with_all_dictionaries_or_none(rows: pa.Table, tmp_path: Path, always: bool) -> None:
    numbers = rows.select(["days", "contacts", "transaction_id"])
    storage.write_parquet(tmp_path / "ours.parquet", numbers)
    pq.write_table(
        numbers,
        tmp_path / "other.parquet",
        compression="lz4",
        use_dictionary=always,
        row_group_size=storage.ROWS,
        write_statistics=[],
    )

    assert (tmp_path / "ours.parquet").stat().st_size < (tmp_path / "other.parquet").stat().st_size
