"""Raw files: whatever their format, the same rows; and one line that names the file when one cannot be read."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, MissingError, UsageError
from pipelines.raw_data import raw_files

ROWS = [
    {"who": "Ann", "customer id": "1", "said": 'two\nlines, and "quotes"', "paid": "12.50"},
    {"who": "Zoë", "customer id": "2", "said": None, "paid": "£7"},
    {"who": None, "customer id": "003", "said": "NA", "paid": "1e3"},
]


def _csv(path: Path) -> None:
    pd.DataFrame(ROWS).to_csv(path, index=False)


def _bom(path: Path) -> None:
    pd.DataFrame(ROWS).to_csv(path, index=False, encoding="utf-8-sig")


def _parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


def _excel(path: Path) -> None:
    pd.DataFrame(ROWS).to_excel(path, index=False)


def _json(path: Path) -> None:
    lines = [{key: value for key, value in row.items() if value is not None} for row in ROWS]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.csv": _csv,
    "b.CSV": _bom,
    "c.parquet": _parquet,
    "d.xlsx": _excel,
    "e.jsonl": _json,
    "f.ndjson": _json,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    (tmp_path / "versions.json").write_text("{}")
    with raw_files.opened(tmp_path) as files:
        assert files.names == (name,)
        found = files.database.sql(f"FROM {files.relation(name)}").to_arrow_table().to_pylist()
        assert sorted(found, key=str) == sorted(ROWS, key=str)  # a view's rows are in no order
        texts = files.texts(name).to_pylist()
        assert [{key: value or None for key, value in row.items()} for row in texts] == ROWS
    assert raw_files.count(tmp_path / name) == 3


def test_a_file_of_json_is_read_in_its_order(tmp_path: Path) -> None:
    """Large enough to be read in several pieces."""
    path = tmp_path / "long.jsonl"
    path.write_text("".join(f'{{"number": {number}, "filling": "{"x" * 200}"}}\n' for number in range(200_000)))
    with raw_files.opened(tmp_path) as files:
        assert files.texts(path.name)["number"].to_pylist() == [str(number) for number in range(200_000)]


def test_numbers_of_excel_and_of_json_are_the_texts_that_one_sees(tmp_path: Path) -> None:
    pd.DataFrame({"n": [17850, 2], "x": [2.5, 3.25]}).to_excel(tmp_path / "a.xlsx", index=False)
    (tmp_path / "b.jsonl").write_text('{"n": 17850, "x": 2.5}\n{"n": 2, "x": 3.25, "more": {"k": [1]}}\n')
    with raw_files.opened(tmp_path) as files:
        for name in files.names:
            found = files.database.sql(f"FROM {files.relation(name)} SELECT n, x").fetchall()
            assert found == [("17850", "2.5"), ("2", "3.25")]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1], "x": [2.5]}), tmp_path / "a.parquet")
    with raw_files.opened(tmp_path) as files:
        assert files.database.sql(f"FROM {files.relation('a.parquet')}").fetchall() == [(1, 2.5)]


def test_a_cast_that_fails_within_try_ends_nothing(tmp_path: Path) -> None:
    """DuckDB 2.0 moves casts into the reader of a file, out of their TRY; the event log forbids it to."""
    (tmp_path / "a.csv").write_text("n\n1\n£2\n")
    with raw_files.opened(tmp_path) as files:
        files.database.execute("SET disabled_optimizers = 'common_subexpressions,type_pushdown,scalar_fn_pushdown'")
        query = f"FROM {files.relation('a.csv')} SELECT TRY(n::DOUBLE), TRY(n::DOUBLE IS NULL) IS NULL"
        assert sorted(files.database.sql(query).fetchall(), key=str) == [(1.0, False), (None, True)]


BAD: dict[str, tuple[str, bytes, str]] = {
    "open quotes": ("a.csv", b'n,m\n1,"2\n', r"a\.csv, line 2: a quote .* is opened in this row and never closed"),
    "too many cells": ("a.csv", b"n,m\n1,2\n1,2,3\n", r"a\.csv, line 3: 3 fields where the header names 2"),
    "another encoding": ("a.csv", "n\ncafé\n".encode("latin-1"), r"a\.csv, line 2: not UTF-8, perhaps Windows-1252"),
    "a name twice": ("a.csv", b"n,n\n1,2\n", r"a\.csv needs.*\['n'\] occur twice"),
    "semicolons": ("a.csv", b"n;m\n1;2\n", r"a\.csv is separated by ';'; save it with commas"),
    "nothing": ("a.csv", b"", r"a\.csv needs a first line of names"),
    "names alone": ("a.csv", b"n,m\n", r"a\.csv holds no rows"),
    "no Parquet": ("a.parquet", b"n,m\n1,2\n", r"cannot read a\.parquet"),
    "no JSON": ("a.jsonl", b"{n:\n", r"cannot read a\.jsonl"),
    "no workbook": ("a.xlsx", b"n,m\n", r"cannot read a\.xlsx"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_file_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, fault: str) -> None:
    name, content, words = BAD[fault]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        raw_files.count(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1


def test_a_workbook_of_several_sheets_is_no_single_table(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        for sheet in ("first", "second"):
            pd.DataFrame({"n": [1]}).to_excel(book, sheet_name=sheet, index=False)
    with pytest.raises(DataError, match=re.escape("a.xlsx has the sheets ['first', 'second']")):
        raw_files.count(tmp_path / "a.xlsx")


def test_a_file_of_another_kind_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(UsageError, match=r"a\.pdf is none of \.csv"):
        raw_files.count(tmp_path / "a.pdf")
    with pytest.raises(MissingError, match=r"no file .*b\.csv"):
        raw_files.count(tmp_path / "b.csv")
