"""`new` on a folder: the parts of one table, several tables that share a key, or neither in one clear line."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import DataError, UsageError
from pipelines.jobs.proposing.drafts import Draft
from tests.pipelines.jobs.proposing.proposals import columns, draft, faults, plain, write_frame

SAID: dict[str, Any] = {"label": "gone", "churned": "yes"}


def customers(size: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:04d}" for number in range(size)],
            "age": rng.integers(18, 80, size),
            "plan": rng.choice(["basic", "plus", "old"], size),
            "paid": rng.normal(50, 9, size).round(2),
            "gone": rng.choice(["yes", "no"], size, p=[0.3, 0.7]),
        }
    )


def in_parts(folder: Path, kind: str, rows: pd.DataFrame) -> Path:
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, len(rows), 200)):
        part, name = rows.iloc[start : start + 200], f"part-{number:05d}"
        if kind == "parquet":
            part.to_parquet(folder / f"{name}.snappy.parquet", index=False)
        elif kind == "csv.gz":
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(part.to_csv(index=False).encode()))
        else:
            part.to_csv(folder / f"{name}.csv", index=False, sep=";" if kind == "csv with semicolons" else ",")
    (folder / "_SUCCESS").touch()
    (folder / ".part-00000.csv.crc").write_bytes(b"crc")
    return folder


def without_first_lines(found: Draft) -> dict[str, Any]:
    read = plain(found)
    read["source"] = {name: one for name, one in read["source"].items() if name not in ("file", "format")}
    return {name: one for name, one in read.items() if name != "title"}


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "csv with semicolons"])
def test_files_with_the_same_columns_are_one_table_as_if_they_were_one_file(tmp_path: Path, kind: str) -> None:
    rows = customers()
    folder = in_parts(tmp_path / "raw" / "members", kind, rows)
    found = draft(folder, **SAID)
    assert plain(found)["source"]["file"] == "members"
    assert faults(found, tmp_path / "raw") == []
    assert "members: 3 files with the same columns, read as the parts of one table" in found.found
    whole = tmp_path / "whole" / ("members.parquet" if kind == "parquet" else "members.csv")
    whole.parent.mkdir()
    _ = rows.to_parquet(whole, index=False) if kind == "parquet" else rows.to_csv(whole, index=False)
    assert without_first_lines(found) == without_first_lines(draft(whole, **SAID))
    assert sorted(columns(found)["plan"]["values"]) == ["basic", "old", "plus"]


def test_a_part_without_rows_is_refused_by_its_name_as_a_run_would(tmp_path: Path) -> None:
    folder = in_parts(tmp_path / "members", "parquet", customers())
    customers().head(0).to_parquet(folder / "part-00009.snappy.parquet", index=False)
    with pytest.raises(DataError, match=r"members/part-00009\.snappy\.parquet holds no rows"):
        draft(folder, **SAID)


def test_parts_are_joined_with_another_table(tmp_path: Path) -> None:
    rows = customers()
    folder = in_parts(tmp_path / "raw" / "members", "csv", rows.drop(columns="paid"))
    bills = write_frame(tmp_path / "raw", rows[["customer_id", "paid"]], "bills.csv")
    found = draft(folder, bills, **SAID)
    assert [one["file"] for one in plain(found)["source"]["joins"]] == ["bills.csv"]
    assert faults(found, tmp_path / "raw") == []
    # The same in one folder: a folder of parts beside a file.
    assert plain(draft(tmp_path / "raw", **SAID))["source"]["joins"] == plain(found)["source"]["joins"]


def test_files_with_different_columns_are_several_tables(tmp_path: Path) -> None:
    rows = customers()
    write_frame(tmp_path / "raw", rows.drop(columns="paid"), "members.csv")
    write_frame(tmp_path / "raw", rows[["customer_id", "paid"]], "bills.csv")
    found = draft(tmp_path / "raw", **SAID)
    assert plain(found)["source"]["file"] == "members.csv"
    assert not [line for line in found.found if "parts" in line]


def test_a_folder_of_parts_and_other_files_is_refused_in_one_line(tmp_path: Path) -> None:
    rows = customers()
    folder = in_parts(tmp_path / "raw", "csv", rows)
    write_frame(folder, rows[["customer_id", "paid"]].rename(columns={"paid": "due"}), "bills.csv")
    with pytest.raises(UsageError, match=r"same columns, and bills\.csv not\. Give the parts of one table a folder of"):
        draft(folder, **SAID)


def test_the_same_columns_in_another_order_are_refused_with_the_part(tmp_path: Path) -> None:
    rows = customers()
    folder = in_parts(tmp_path / "raw", "csv", rows)
    rows[list(rows)[::-1]].to_csv(folder / "part-9.csv", index=False)
    with pytest.raises(DataError, match=r"raw/part-9\.csv has other columns than raw/part-00000\.csv"):
        draft(folder, **SAID)


def test_files_that_are_named_one_by_one_are_tables_each(tmp_path: Path) -> None:
    folder = in_parts(tmp_path / "raw", "csv", customers())
    with pytest.raises(UsageError, match="which file holds the label"):
        draft(folder / "part-00000.csv", folder / "part-00001.csv", **SAID)


def test_a_folder_of_months_of_a_log_stays_a_glob(tmp_path: Path) -> None:
    """A new month's file is then one more, and needs no change of the spec."""
    rng = np.random.default_rng(2)
    for month in range(1, 10):
        days = pd.Timestamp(f"2024-{month:02d}-01") + pd.to_timedelta(rng.integers(0, 27, 900), unit="D")
        rows = pd.DataFrame({"customer_id": rng.integers(1, 900, 900), "day": days.strftime("%Y-%m-%d"), "amount": 3.5})
        write_frame(tmp_path / "raw", rows, f"orders_2024_{month:02d}.csv")
    found = draft(tmp_path / "raw", inactive_days=20)
    assert plain(found)["source"]["kind"] == "event_log"
    assert "orders_*.csv" in found.text
