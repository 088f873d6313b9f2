"""The service's copy of the tables: the rows of few are all found, and old and half-made copies go."""

import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.schema import Column, Table
from pipelines.files import storage
from pipelines.jobs.service.online import sorted_tables
from pipelines.jobs.service.online.sorted_tables import SortedTable, leftovers, of_batch, tidy

NAMES = ["", "C1", "C10", "C2", "Ä", "客户", "\U0001f600", "c"]
COLUMNS = Column("customer_id", "text", "who"), Column("actions", "integer", "what")
USAGE = Table("usage", "what was done", ("actions",), COLUMNS)


@given(
    whose=st.lists(st.sampled_from(NAMES), max_size=40),
    asked=st.lists(st.sampled_from([*NAMES, "A", "C11", "z", "\U0010ffff"]), unique=True),
    together=st.integers(1, 9),
)
def test_all_rows_of_the_customers_are_found_and_no_others(
    whose: list[str], asked: list[str], together: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("batch")
    rows = pa.table({"customer_id": pa.array(whose, pa.string()), "actions": pa.array(range(len(whose)), pa.int64())})
    for part, some in enumerate((rows.slice(0, 7), rows.slice(7))):
        (root / "tables" / "usage").mkdir(parents=True, exist_ok=True)
        pq.write_table(some, root / "tables" / "usage" / f"{part}.parquet")
    storage.write_json(root / "tables" / "about.json", {"extracted_at": "2026-01-01T00:00:00"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_tables, "ROWS", together)
        batch = of_batch(root / "tables", {"usage": USAGE}, folder=root / "service")
    found = SortedTable(batch.path, "usage").of(asked)
    expected = rows.filter(pc.is_in(rows["customer_id"], pa.array(asked, pa.string())))
    assert sorted(found["actions"].to_pylist()) == expected["actions"].to_pylist()
    assert set(found["customer_id"].to_pylist()) == set(expected["customer_id"].to_pylist())
    assert of_batch(root / "tables", {"usage": USAGE}, folder=root / "service") == batch


def test_a_copy_that_a_power_cut_broke_is_made_anew_and_rows_of_nobody_are_left_out(tmp_path: Path) -> None:
    whose = pa.array([None, "C1", None, "C1"], pa.string())
    (tmp_path / "tables" / "usage").mkdir(parents=True)
    rows = pa.table({"customer_id": whose, "actions": pa.array([1, 2, 3, 4], pa.int64())})
    pq.write_table(rows, tmp_path / "tables" / "usage" / "1.parquet")
    storage.write_json(tmp_path / "tables" / "about.json", {"extracted_at": "2026-01-01T00:00:00"})
    for broken in ("usage.arrow", "usage.firsts", None):
        batch = of_batch(tmp_path / "tables", {"usage": USAGE}, folder=tmp_path / "service")
        assert list((tmp_path / "service").iterdir()) == [batch.path]
        table = SortedTable(batch.path, "usage")
        assert sorted(table.of(["C1", "C2"])["actions"].to_pylist()) == [2, 4]
        table.close()
        if broken:
            (batch.path / broken).write_bytes(b"")


def made(path: Path, *, hours_ago: float = 0) -> Path:
    path.mkdir()
    then = time.time() - hours_ago * 3600
    (path / "usage.arrow").write_text("rows")
    for one in (path / "usage.arrow", path):
        os.utime(one, (then, then))
    return path


def test_earlier_copies_go_and_so_does_what_a_kill_left_but_not_what_is_being_made(tmp_path: Path) -> None:
    keep, other = made(tmp_path / "history-b"), made(tmp_path / "other", hours_ago=9)
    making, left = made(tmp_path / ".history-b-7.making.tmp"), made(tmp_path / ".history-b-6.making.tmp", hours_ago=1.1)
    made(tmp_path / "history-a")
    os.utime(making, (0, 0))  # a folder changes when a file is begun in it, not while that is written
    assert leftovers(tmp_path) == [left, making]
    tidy(tmp_path, keep=keep)
    assert set(tmp_path.iterdir()) == {keep, making, other}
    tidy(tmp_path / "none", keep=keep)
