"""Parquet, Excel and JSON lines, packed or in parts: every cell is read as the value that was put into the file."""

import gzip
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from features.errors import DataError
from features.file_format import FileFormat
from features.source import Part
from features.sources.event_log import SOURCE as EVENT_LOG
from pipelines.raw_data import raw_files

Rows = list[dict[str, Any]]
# No letter that XML has not, and no surrogates.
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])
TEXTS = st.one_of(st.text(LETTERS, max_size=6), st.sampled_from(["007", "1,5", "NULL", "nan", "0x10", "1e5", "true"]))
IDENTIFIERS = st.integers(10**18, 10**19 - 1).map(str)
WHOLE = st.integers(-(2**63), 2**63 - 1)
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(datetime(1900, 3, 1), datetime(2200, 1, 1))
PACKED = st.sampled_from(["", ".gz", ".zip", "folder"])


def put(folder: Path, parts: Sequence[bytes], suffix: str, packed: str) -> str:
    """A file of one content, packed or as it is, or a folder of several."""
    name = f"a{suffix}"
    if packed == "folder":
        (folder / "a").mkdir()
        for number, content in enumerate(parts):
            (folder / "a" / f"part-{number}{suffix}").write_bytes(content)
        return "a"
    [content] = parts
    if packed == ".gz":
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    elif packed == ".zip":
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr(name, content)
    else:
        (folder / name).write_bytes(content)
    return name + packed


def halves(rows: Rows, packed: str) -> list[Rows]:
    """The rows of each part, none without a row."""
    half = (len(rows) + 1) // 2
    return [one for one in (rows[:half], rows[half:]) if one] if packed == "folder" else [rows]


def read(folder: Path, name: str, form: FileFormat | None = None) -> tuple[Rows, Rows]:
    """A file as texts, and as the view that a log's expressions are asked of, once it was found sound."""
    with raw_files.opened(folder, {name: form} if form else {}) as files:
        rows = files.check(name).rows
        texts = files.texts(name).to_pylist()
        view = files.database.sql(f"FROM {files.relation(name)}").to_arrow_table().to_pylist()
    assert rows == len(texts) == len(view)
    return texts, view


def sorted_by_text(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: repr(sorted(row.items())))


KEYS = st.sampled_from(["id", "a b", 'q"q', "it's", "客户", "x.y", "$", "json", "file"])
CELLS = st.one_of(TEXTS, IDENTIFIERS, WHOLE, st.integers(10**25, 10**26), FRACTIONS, st.booleans(), st.none())
NESTED = st.one_of(st.lists(WHOLE, max_size=2), st.dictionaries(st.sampled_from("ab"), TEXTS, max_size=2))
OBJECTS = st.lists(st.dictionaries(KEYS, st.one_of(CELLS, NESTED), max_size=4), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(OBJECTS, PACKED, st.sampled_from(["utf-8", "utf-16", "gb18030", "utf-8-sig"]), st.booleans(), st.booleans())
def test_every_cell_of_json_lines_is_the_value_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, packed: str, encoding: str, is_ascii: bool, is_crlf: bool
) -> None:
    """Texts as they are, whole numbers with all their digits, fractions as the same double, nothing as nothing."""
    folder = tmp_path_factory.mktemp("json")
    names = list(dict.fromkeys(key for row in rows for key in row)) or ["id"]
    rows = [{name: row.get(name) for name in names} for row in rows] if packed == "folder" else [*rows, {names[0]: "z"}]
    end = "\r\n" if is_crlf else "\n"
    contents = [
        "".join(json.dumps(row, ensure_ascii=is_ascii) + end for row in one).encode(encoding)
        for one in halves(rows, packed)
    ]
    form = FileFormat(encoding=encoding) if encoding != "utf-8" else None
    texts, view = read(folder, put(folder, contents, ".jsonl", packed), form or FileFormat(kind="json_lines"))
    assert sorted_by_text(view) == sorted_by_text(texts)
    assert set(texts[0]) == set(names)
    for row, found in zip(rows, texts, strict=True):
        for name in names:
            assert is_same_of_json(row.get(name), found[name]), (row, found)


def is_same_of_json(value: Any, text: str | None) -> bool:
    if value is None or text is None:
        return value is None and text is None
    if isinstance(value, str):
        return text == value
    if isinstance(value, float):
        return float(text) == value
    return bool(json.loads(text) == value)


# Arrow's types, what may stand in them, and what is to be read as a text.
PARQUET: dict[str, tuple[pa.DataType, st.SearchStrategy[Any], Callable[[str], Any]]] = {
    "text": (pa.string(), TEXTS, str),
    "long text": (pa.large_string(), TEXTS, str),
    "category": (pa.dictionary(pa.int32(), pa.string()), TEXTS, str),
    "whole": (pa.int64(), WHOLE, int),
    "unsigned": (pa.uint64(), st.integers(0, 2**64 - 1), int),
    "fraction": (pa.float64(), FRACTIONS, float),
    "exact": (pa.decimal128(20, 3), st.decimals(-(10**16), 10**16, places=3, allow_nan=False), Decimal),
    "truth": (pa.bool_(), st.booleans(), {"true": True, "false": False}.__getitem__),
    "day": (pa.date32(), st.dates(date(1900, 1, 1), date(2200, 1, 1)), date.fromisoformat),
    "moment": (pa.timestamp("us"), MOMENTS, datetime.fromisoformat),
    "zoned": (pa.timestamp("us", tz="UTC"), MOMENTS.map(lambda one: one.replace(tzinfo=UTC)), datetime.fromisoformat),
}


@settings(max_examples=150, deadline=None)
@given(st.data(), PACKED)
def test_every_cell_of_parquet_is_the_value_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, packed: str
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    names = data.draw(st.lists(st.sampled_from(sorted(PARQUET)), min_size=1, max_size=4, unique=True))
    row = st.fixed_dictionaries({name: st.one_of(st.none(), PARQUET[name][1]) for name in names})
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    schema = pa.schema([(name, PARQUET[name][0]) for name in names])
    contents = []
    for one in halves(rows, packed):
        pq.write_table(pa.Table.from_pylist(one, schema), buffer := pa.BufferOutputStream())
        contents.append(buffer.getvalue().to_pybytes())
    texts, view = read(folder, put(folder, contents, ".parquet", packed))
    assert [
        {name: None if cell is None else PARQUET[name][2](cell) for name, cell in row.items()} for row in texts
    ] == rows
    assert sorted_by_text(plain(view)) == sorted_by_text(plain(rows))


def plain(rows: Rows) -> Rows:
    """Moments with a zone as those of UTC."""
    return [
        {
            name: cell.astimezone(UTC).replace(tzinfo=None) if isinstance(cell, datetime) and cell.tzinfo else cell
            for name, cell in row.items()
        }
        for row in rows
    ]


SHEET_CELLS = st.one_of(
    TEXTS.filter(lambda text: not text.startswith("=")),
    IDENTIFIERS,
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.floats(-1e12, 1e12).map(lambda one: float(f"{one:.15g}")),  # of more digits none is kept
    st.booleans(),
    MOMENTS.map(lambda one: one.replace(microsecond=0)),
    st.none(),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(SHEET_CELLS, min_size=3, max_size=3), min_size=1, max_size=6), PACKED, st.booleans())
def test_every_cell_of_a_sheet_is_the_value_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[Any]], packed: str, is_one_of_two: bool
) -> None:
    """Identifiers with 19 digits as texts, whole numbers without a point, moments to the second; the sheet is named."""
    folder = tmp_path_factory.mktemp("sheet")
    names = ["id", "b c", "客户"]
    cells = [[f"{number:019d}", *row[1:]] for number, row in enumerate(cells)]
    rows = [dict(zip(names, row, strict=True)) for row in cells]
    contents = []
    for one in halves(rows, packed):
        book = Workbook()
        book.active.title = "here"
        for line in (names, *(list(row.values()) for row in one)):
            book.active.append(line)
        if is_one_of_two:
            book.create_sheet("there").append(["other"])
        path = folder / "book"
        book.save(path)
        contents.append(path.read_bytes())
        path.unlink()
    form = FileFormat(sheet="here") if is_one_of_two else FileFormat(kind="excel")
    texts, view = read(folder, put(folder, contents, ".xlsx", packed), form)
    assert sorted_by_text(view) == sorted_by_text(texts)
    for row, found in zip(rows, texts, strict=True):
        assert all(is_same_of_excel(row[name], found[name]) for name in names), (row, found)


def is_same_of_excel(value: Any, text: str | None) -> bool:
    if value is None or (isinstance(value, str) and not value.strip()):
        return text is None
    if text is None or isinstance(value, str):
        return text == value
    if isinstance(value, bool):
        return text == str(value)
    if isinstance(value, datetime):
        return datetime.fromisoformat(text) == value
    if isinstance(value, int):
        return text == str(value)
    return float(text) == value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"A": 1}\n{"a": 2}\n', r"keys that differ by capital letters only: \[\('A', 'a'\)\]"),
        (b'{"a": 1}\n{"a": 1, "a": 2}\n', r"line 2: \['a'\] occur twice"),
        (b'{"a": 1234567890123456789.0}\n', r"line 1: the number 1234567890123456789\.0 has more digits"),
        (b'{"a": 1.234567890123456789e+18}\n', r"line 1: the number .* write it as a text"),
        (b'{"a": 1}\n[1]\n', r"line 2: '\[1\]' is no object"),
        (b'{"a": 1}\n\nfoo\n', "line 3: not JSON"),
        (b'{"a": "\\ud800"}\n', r"line 1: \\ud800 is half of a letter"),
        ('{"a": "é"}\n'.encode("cp1252"), "line 1: not UTF-8; .*encoding"),
        (b'{"": 1}\n', "a key is empty"),
    ],
)
def test_json_of_which_something_would_be_lost_is_refused_with_its_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=rf"^(cannot read )?a\.jsonl.*{words}"):
        raw_files.check(tmp_path / "a.jsonl", {})


def test_digits_that_change_no_number_are_no_fault(tmp_path: Path) -> None:
    """A double that a program wrote in full, in a text or as a number."""
    (tmp_path / "a.jsonl").write_text('{"a": 0.1000000000000000055511151231257827, "b": "1234567890123456789.5"}\n')
    assert read(tmp_path, "a.jsonl")[0] == [{"a": "0.1", "b": "1234567890123456789.5"}]


def test_keys_that_each_object_has_of_its_own_are_columns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(f'{{"k{number}": {number}}}\n' for number in range(300)))
    texts, _ = read(tmp_path, "a.jsonl")
    assert [row[f"k{number}"] for number, row in enumerate(texts)] == [str(number) for number in range(300)]


def test_a_text_of_parquet_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    array = pa.array([b"ok", b"Zo\xeb"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"a": array}), tmp_path / "a.parquet")
    with raw_files.opened(tmp_path) as files, pytest.raises(DataError, match=r"cannot read a\.parquet: .*UTF"):
        files.texts("a.parquet")
    with pytest.raises(DataError, match=r"cannot read a\.parquet"):
        raw_files.check(tmp_path / "a.parquet", {})


def test_bytes_of_parquet_are_texts_in_a_log_too(tmp_path: Path) -> None:
    """Hive and older Sparks write texts as bytes; a cast gives \\xC3\\xA9 for an é."""
    rows = {"who": [b"Zo\xc3\xab", b"ann", b"\xff"], "day": ["2024-07-01"] * 3}
    pq.write_table(pa.table({"who": pa.array(rows["who"], pa.binary()), "day": rows["day"]}), tmp_path / "a.parquet")
    mapping = {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "1"}
    tables = {"transactions": {"files": "a.parquet", "columns": mapping}}
    options = EVENT_LOG.options.model_validate({"kind": "event_log", "time_zone": "UTC", "tables": tables})
    with raw_files.opened(tmp_path) as files:
        parts = [one for one in EVENT_LOG.read(files, options) if isinstance(one, Part)]
        found = {part.table: part.rows.to_pylist() for part in parts}
    assert {row["customer_id"] for row in found["transactions"]} == {"Zoë", "ann"}
