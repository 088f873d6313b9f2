"""Packed files, folders of parts, encodings and sheets: what is read, and what is refused with which words."""

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from features.errors import DataError, SchemaError, SpecError
from features.file_format import FileFormat, said
from features.sources.event_log import SOURCE as EVENT_LOG
from features.sources.table import SOURCE as TABLE
from pipelines.raw_data import raw_files
from tests.pipelines.test_excel_files import book


def rows_of(folder: Path, name: str, form: FileFormat | None = None) -> list[dict[str, Any]]:
    with raw_files.opened(folder, {name: form} if form else {}) as files:
        files.check(name)
        return list(files.texts(name).to_pylist())


def test_a_packed_file_is_read_by_what_is_in_it(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": ["0012345678901234567"], "n": ["1"]})
    rows.to_csv(tmp_path / "a.csv.gz", index=False)
    rows.to_parquet(tmp_path / "b.parquet")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(tmp_path / "b.parquet", "inner/b.parquet")
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(rows.to_json(orient="records", lines=True).encode()))
    rows.to_excel(tmp_path / "e.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.write(tmp_path / "e.xlsx", "e.xlsx")
    names = raw_files.files_in(tmp_path)
    assert names == ("a.csv.gz", "b.parquet", "c.zip", "d.jsonl.gz", "e.xlsx", "e.zip")
    assert all(rows_of(tmp_path, name) == [{"id": "0012345678901234567", "n": "1"}] for name in names)


def test_an_archive_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "n\n1\n")
        archive.writestr("b.csv", "n\n1\n")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"n\n1\n" * 100)[:-9])
    (tmp_path / "no.csv.gz").write_bytes(b"n\n1\n")
    with pytest.raises(DataError, match=r"two\.zip holds 2 files \(a\.csv, b\.csv\); pack one, or unpack it"):
        raw_files.count(tmp_path / "two.zip")
    for name in ("cut.csv.gz", "no.csv.gz"):
        with pytest.raises(DataError, match=rf"{name} cannot be unpacked .*fetch it again"):
            raw_files.count(tmp_path / name)


def test_a_fault_within_an_archive_or_a_folder_is_told_with_its_part_and_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/a.csv", "n,m\n1,2\n3\n")
    with pytest.raises(DataError, match=r"^a\.zip/in/a\.csv, line 3: 1 fields where the header names 2"):
        raw_files.count(tmp_path / "a.zip")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "1.csv").write_text("n,m\n1,2\n")
    (tmp_path / "parts" / "2.csv").write_text("n,m\n3,4,5\n")
    with pytest.raises(DataError, match=r"^parts/2\.csv, line 2: 3 fields"):
        raw_files.count(tmp_path / "parts")


def test_the_parts_of_a_folder_are_one_table_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for number in (2, 10, 1):
        (tmp_path / "a" / f"part-{number:02d}.csv").write_text(f"n\n{number}\n")
    (tmp_path / "a" / "_SUCCESS").touch()
    (tmp_path / "a" / ".part-01.csv.crc").write_bytes(b"\0")
    assert rows_of(tmp_path, "a") == [{"n": "1"}, {"n": "2"}, {"n": "10"}]
    assert raw_files.count(tmp_path / "a") == 3


def test_parts_of_other_columns_kinds_or_types_are_refused(tmp_path: Path) -> None:
    """An identifier that is a double in one part would lose its last digits in all of them."""
    for name, first, second in (
        ("names", "n,m\n1,2\n", "n,k\n1,2\n"),
        ("order", "n,m\n1,2\n", "m,n\n1,2\n"),
        ("more", "n,m\n1,2\n", "n,m,k\n1,2,3\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.csv").write_text(first)
        (tmp_path / name / "2.csv").write_text(second)
        with pytest.raises(DataError, match=rf"{name}/2\.csv has other columns than {name}/1\.csv: "):
            raw_files.count(tmp_path / name)
    (tmp_path / "types").mkdir()
    pq.write_table(pa.table({"id": [2**60 + 1]}), tmp_path / "types" / "1.parquet")
    pq.write_table(pa.table({"id": [1.5]}), tmp_path / "types" / "2.parquet")
    with pytest.raises(
        DataError, match=r"types/2\.parquet has other columns .*'id' \(double\) where that has 'id' \(int64\)"
    ):
        raw_files.count(tmp_path / "types")
    (tmp_path / "types" / "2.csv").write_text("id\n1\n")
    with pytest.raises(DataError, match="the parts of one table must be of one kind"):
        raw_files.count(tmp_path / "types")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none is a folder without files"):
        raw_files.check(tmp_path / "none", {"none": FileFormat()})


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (
            "n\nZoë\n".encode(),
            "cp1252",
            r"line 2: the file is UTF-8 \('Zoë'\) and would be read as 'ZoÃ«'.*take that out",
        ),
        ("n\nZoë\n".encode("cp1252"), "gb18030", r"line 2: not gb18030, .* the bytes .* after 'Zo'"),
        (b"n\nx\n\x81\n", "cp1252", r"line 3: not cp1252, .* the bytes 81 after ''"),
        (
            b"n\n\x80 5\n",
            "latin-1",
            r'line 2: .*the byte 80, for which latin-1 has no letter; say `encoding: "cp1252"`',
        ),
        ("n\n1\n".encode("utf-16-le"), "utf-16", "line 1: no mark says which utf-16 it is"),
        ("n\n1\n".encode("utf-16"), "latin-1", "is UTF-16|zero byte"),
        (b"n\n1\0\n", "utf-8", "line 2: found a zero byte"),
    ],
)
def test_a_file_in_another_encoding_than_it_is_said_to_be_is_refused(
    tmp_path: Path, content: bytes, encoding: str, words: str
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.csv.*(?:{words})"):
        raw_files.check(tmp_path / "a.csv", {"a.csv": FileFormat(encoding=encoding)})


def test_a_sheet_is_named_and_digits_that_excel_lost_are_told(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", ["n"], [1], other=[["m"], ["007"]])
    assert rows_of(tmp_path, "a.xlsx", FileFormat(sheet="other")) == [{"m": "007"}]
    with pytest.raises(DataError, match=r"has the sheets \['Sheet', 'other'\]; say .*`format: \{sheet: \"Sheet\"\}`"):
        rows_of(tmp_path, "a.xlsx")
    with pytest.raises(DataError, match=r"has no sheet 'third' that holds anything; it has \['Sheet', 'other'\]"):
        rows_of(tmp_path, "a.xlsx", FileFormat(sheet="third"))
    book(tmp_path / "b.xlsx", ["id"], [1.23456789012346e18])
    with pytest.raises(
        DataError, match=r"cell A2 of 'Sheet': the number 1\.23456789012346e\+18 has more than 15 digits"
    ):
        rows_of(tmp_path, "b.xlsx")


def test_what_a_format_says_of_a_kind_that_has_no_such_thing_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": ["1"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet is Parquet, which has no encoding, separator; take it out"):
        rows_of(tmp_path, "a.parquet", FileFormat(separator=";", encoding="cp1252"))
    with pytest.raises(SchemaError, match=r"a\.parquet has no column \['m'\], which `numbers`"):
        rows_of(tmp_path, "a.parquet", FileFormat.model_validate({"decimal": ",", "numbers": ["m"]}))
    (tmp_path / "b").write_bytes((tmp_path / "a.parquet").read_bytes())
    assert rows_of(tmp_path, "b", FileFormat(kind="parquet")) == [{"n": "1"}]


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"encoding": "utf-7"}, "encoding is 'utf-7'; it is one of utf-8, utf-16"),
        ({"decimal": ";"}, "decimal is ';'; it is one of '.', ','"),
        ({"decimal": ",", "thousands": ","}, "has ',' for decimal and for thousands"),
        ({"numbers": ["a", {"column": "a", "decimal": ","}]}, "names a column twice"),
        ({"quote": "x"}, "quote is 'x'"),
        ({"quote": "", "escape": "\\"}, "escape is a backslash before a quote"),
        ({"separator": "'", "quote": "'"}, "no separator"),
        ({"kind": "xml"}, "Input should be 'csv', 'parquet', 'excel' or 'json_lines'"),
    ],
)
def test_a_format_that_cannot_be_is_refused(plain: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FileFormat.model_validate(plain)


def test_names_of_encodings_are_those_that_people_use() -> None:
    names = {
        "Windows-1252": "cp1252",
        "ISO-8859-1": "latin-1",
        "GBK": "gb18030",
        "macroman": "mac-roman",
        "UTF8": "utf-8",
    }
    assert {name: FileFormat(encoding=name).encoding for name in names} == names
    assert said(FileFormat(encoding="GB2312", separator="\t")) == '{encoding: "gb18030", separator: "\\t"}'


def test_signs_are_said_of_numbers_only_and_of_named_columns_in_a_log() -> None:
    column = {"type": "category", "decimal": ","}
    with pytest.raises(ValidationError, match="decimal say how numbers are written, and the type is 'category'"):
        TABLE.options.model_validate({"kind": "table", "file": "a.csv", "columns": {"a": column}})
    columns = {"a": {"type": "number", "decimal": ","}}
    with pytest.raises(ValidationError, match="'a' have ',' for decimal and for thousands"):
        TABLE.options.model_validate(
            {"kind": "table", "file": "a.csv", "format": {"thousands": ","}, "columns": columns}
        )
    mapping = {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "paid"}
    tables = {"transactions": {"files": "a.csv", "format": {"decimal": ","}, "columns": mapping}}
    with pytest.raises(ValidationError, match=r"transactions\.format: of which columns\? Say `numbers: "):
        EVENT_LOG.options.model_validate({"kind": "event_log", "time_zone": "UTC", "tables": tables})


def test_a_logged_probability_is_a_number_of_the_file_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;left;arm;p\n1;yes;a;0,25\n2;no;b;0,75\n")
    treatment = {"column": "arm", "control": "a", "arms": {"call": "b"}, "probability": "p"}
    form = {"separator": ";", "decimal": ","}
    plain = {"kind": "table", "file": "a.csv", "key": "id", "format": form, "treatment": treatment}
    options = TABLE.options.model_validate({**plain, "columns": {"left": {"type": "category"}}})
    with raw_files.opened(tmp_path, TABLE.formats(options)) as files:
        [part] = list(TABLE.read(files, options))
    assert part.rows["probability"].to_pylist() == [0.25, 0.75]  # type: ignore[union-attr]


def test_two_formats_of_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.csv").write_text("n\n1\n")
    with pytest.raises(SpecError, match="a is to be read in two ways"):
        raw_files.check(tmp_path / "a", {"a": FileFormat(separator=";"), "a*": FileFormat()})
