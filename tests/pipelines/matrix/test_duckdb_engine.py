"""The engine within its memory: what does not fit goes to disk and comes back the same."""

import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from features.errors import UsageError
from features.tables import CANONICAL
from pipelines.files import storage
from pipelines.matrix import duckdb_engine

ROWS, LIMIT = 400_000, "45MB"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400,000 payments of as many customers, in no order: more than LIMIT to group and to sort."""
    folder, rng = tmp_path_factory.mktemp("tables"), np.random.default_rng(0)
    moments = np.datetime64("2024-01-01", "us") + rng.integers(0, 3e13, ROWS).astype("timedelta64[us]")
    names = [f"a customer of a rather long name, number {n:06}" for n in rng.permutation(ROWS)]
    rows = {
        "customer_id": names,
        "transaction_id": [name[-6:] for name in names],
        "kind": ["payment"] * ROWS,
        "amount": rng.random(ROWS).round(2),
        "event_at": moments,
        "known_at": moments,
    }
    storage.write_parquet(folder / "transactions" / "all.parquet", pa.table(rows))
    return folder


def sums(tables: Path, *, spill: str = "1GB") -> pa.Table:
    """The sum of each customer; what goes to disk on the way may take so much there."""
    with duckdb_engine.opened(tables, CANONICAL) as opened:
        opened.connection.raw_sql(f"SET max_temp_directory_size = '{spill}'")
        paid = opened.known_today.tables["transactions"]
        return opened.rows(paid.group_by("customer_id").aggregate(total=paid.amount.sum()).order_by("customer_id"))


def test_what_does_not_fit_in_memory_goes_to_disk_and_comes_back_the_same(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = sums(tables, spill="1KB")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("HOLDFAST_MEMORY_LIMIT", LIMIT)
    assert sums(tables).equals(roomy)
    with pytest.raises(duckdb.OutOfMemoryException):
        sums(tables, spill="1KB")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asked", ["0", "two", "-1", "1.5", ""])
def test_cores_are_a_whole_number_of_at_least_one(tables: Path, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("HOLDFAST_CORES", asked)
    with pytest.raises(UsageError, match=f"HOLDFAST_CORES is '{asked}'"):
        sums(tables)


def test_a_limit_that_nothing_fits_in_is_an_error(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_MEMORY_LIMIT", "1MB")
    with pytest.raises(duckdb.OutOfMemoryException):
        sums(tables)
