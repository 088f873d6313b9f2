"""Raw files without some of their rows: the others read as before, and text files keep every other byte."""

import gzip
from pathlib import Path
from zipfile import ZipFile

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from features.file_format import FileFormat
from pipelines.raw_data import raw_files, without_rows

ROWS = [["1", 'a "quoted", one', "é"], ["2", "two\nlines", "ß"], ["3", "", "x"], ["4", "plain", "é"], ["5", "+1", "y"]]
FRAME = pd.DataFrame(ROWS, columns=["id", "text", "letter"])


def texts(path: Path, form: FileFormat | None = None) -> pa.Table:
    with raw_files.opened(path.parent, {path.name: form} if form else {}) as files:
        return files.texts(path.name)


def rewritten(path: Path, rows: set[int], form: FileFormat | None = None) -> Path:
    out = path.parent / f"out of {path.name}" / path.name
    out.parent.mkdir(exist_ok=True)
    with duckdb.connect() as database:
        without_rows.write(path, form, rows, out, database)
    assert [one.name for one in out.parent.iterdir()] == [path.name]
    return out


def put(path: Path, form: FileFormat | None) -> None:
    kind = path.name.split(".")[1]
    if kind == "parquet":
        FRAME.assign(id=FRAME["id"].astype(int)).to_parquet(path, index=False)
    elif kind == "xlsx":
        FRAME.to_excel(path, index=False)
    elif kind == "jsonl":
        FRAME.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        said = form or FileFormat()
        content = FRAME.to_csv(index=False, sep=said.separator, lineterminator="\r\n").encode(said.encoding)
        if path.suffix == ".gz":
            content = gzip.compress(content)
        path.write_bytes(content)
        if path.suffix == ".zip":
            with ZipFile(path, "w") as packed:
                packed.writestr("rows.csv", content)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("rows.csv", None),
        ("rows.csv", FileFormat(separator=";", encoding="latin-1")),
        ("rows.csv", FileFormat(separator="\t", encoding="utf-16")),
        ("rows.csv.gz", None),
        ("rows.csv.zip", FileFormat(encoding="cp1252")),
        ("rows.jsonl", None),
        ("rows.parquet", None),
        ("rows.xlsx", None),
    ],
)
@pytest.mark.parametrize("gone", [{0}, {1, 3}, {4}])
def test_the_others_read_as_before(tmp_path: Path, name: str, form: FileFormat | None, gone: set[int]) -> None:
    path = tmp_path / name
    put(path, form)
    before = texts(path, form)
    mask = pa.array(np.isin(np.arange(len(ROWS)), sorted(gone), invert=True))
    assert texts(rewritten(path, gone, form), form).equals(before.filter(mask))


def test_packed_files_say_nothing_of_when_they_were_written(tmp_path: Path) -> None:
    """So that the same rows are the same bytes, whenever they are written."""
    for name in ("rows.csv.gz", "rows.csv.zip", "rows.xlsx"):
        put(tmp_path / name, None)
        out = rewritten(tmp_path / name, {1})
        if name.endswith("gz"):
            assert out.read_bytes()[4:8] == bytes(4)
        else:
            with ZipFile(out) as packed:
                assert {one.date_time for one in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
                assert not any(b"<dcterms:modified" in packed.read(one) for one in packed.namelist())
    with ZipFile(tmp_path / "rows.xlsx") as made, ZipFile(tmp_path / "bare.xlsx", "w") as bare:
        for name in made.namelist():
            if name != "docProps/core.xml":
                bare.writestr(name, made.read(name))
    with ZipFile(rewritten(tmp_path / "bare.xlsx", {1})) as packed:
        assert b"<dcterms:" not in packed.read("docProps/core.xml")


CELL = st.text(alphabet="ab,\"\n ;'é", max_size=6)


@given(rows=st.lists(st.tuples(CELL, CELL), min_size=2, max_size=8), data=st.data())
def test_a_text_keeps_every_byte_of_the_other_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=len(rows) - 1))
    path = tmp_path_factory.mktemp("rows") / "rows.csv"

    def content(kept: list[tuple[str, str]]) -> bytes:
        lines = ["one,other", *('"' + '","'.join(cell.replace('"', '""') for cell in row) + '"' for row in kept)]
        return "".join(f"{line}\r\n" for line in lines).encode()

    path.write_bytes(content(rows))
    kept = [row for number, row in enumerate(rows) if number not in gone]
    assert rewritten(path, gone).read_bytes() == content(kept)


def test_a_file_without_a_header_and_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbf1,a\n\n2,b\n3,c")
    form = FileFormat(header=False, names=("id", "text"))
    assert rewritten(path, {1}, form).read_bytes() == b"\xef\xbb\xbf1,a\n\n3,c"


def test_what_cannot_be_written_otherwise_is_refused_and_stays(tmp_path: Path) -> None:
    """A workbook that is written again lacks the results of its formulas."""
    path, plain, sheet = tmp_path / "rows.xlsx", tmp_path / "plain.xlsx", "xl/worksheets/sheet1.xml"
    pd.DataFrame({"id": ["1", "2"], "sum": [41, 42]}).to_excel(plain, index=False)
    with ZipFile(plain) as one, ZipFile(path, "w") as other:
        for name in one.namelist():
            content = one.read(name)
            other.writestr(name, content.replace(b"<v>42</v>", b"<f>41+1</f><v>42</v>") if name == sheet else content)
    before = path.read_bytes()
    assert texts(path)["sum"].to_pylist() == ["41", "42"]
    with pytest.raises(DataError, match="take 1 rows out by hand"):
        rewritten(path, {0})
    assert path.read_bytes() == before
    assert list((tmp_path / f"out of {path.name}").iterdir()) == []
