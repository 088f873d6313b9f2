"""Files as they come: in every form each cell is read as it was written, and what is damaged is told in one line."""

import csv
import io
import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.file_format import FileFormat
from features.source import Part
from features.sources.table import SOURCE as TABLE
from pipelines.raw_data import raw_files
from pipelines.raw_data.recognising import recognise
from tests.pipelines.file_forms import Written, tables


def read(folder: Path, name: str, form: FileFormat) -> tuple[list[list[str]], list[list[str]]]:
    """A file by both readers, once it was found sound."""
    with raw_files.opened(folder, {name: form}) as files:
        rows = files.check(name).rows
        texts = [list(row.values()) for row in files.texts(name).to_pylist()]
        view = files.database.sql(f"FROM {files.relation(name)}").fetchall()
    assert rows == len(texts) == len(view)
    return texts, [[cell or "" for cell in row] for row in view]


def outcome(act: Callable[[], Any]) -> Any:
    """What it gives, or the words of its refusal; any other error is one."""
    try:
        return act()
    except DataError as error:
        return str(error)


def is_plain(refusal: str, name: str) -> bool:
    """Whether a refusal is one line that names the file, and no place of ours."""
    return name in refusal[:80] and len(refusal.splitlines()) == 1 and "holdfast-" not in refusal


@settings(max_examples=300, deadline=None)
@given(tables())
def test_every_cell_is_read_as_it_was_written_in_every_form(
    tmp_path_factory: pytest.TempPathFactory, written: Written
) -> None:
    folder = tmp_path_factory.mktemp("forms")
    name = written.write(folder)
    found = outcome(lambda: read(folder, name, written.form))
    if isinstance(found, str):
        breaks = "a field holds a line break" in found and written.first_row_breaks_otherwise
        chance = "is UTF-8" in found and written.is_utf8_by_chance
        assert breaks or chance, found
        return
    texts, view = found
    assert texts == written.rows
    assert sorted(view) == sorted(written.rows)


SIGNS = st.sampled_from(
    [(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (",", "\u202f"), (".", "'"), (".", "’")]
)
AMOUNTS = st.decimals(-10_000_000, 10_000_000, places=2, allow_nan=False)


def as_people_write(number: Decimal, decimal: str, thousands: str) -> str:
    return f"{number:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6),
    SIGNS,
    SIGNS,
    st.sampled_from(["csv", "jsonl", "xlsx"]),
)
def test_numbers_are_those_that_were_written_whatever_their_signs(
    tmp_path_factory: pytest.TempPathFactory,
    amounts: list[tuple[Decimal, Decimal]],
    of_file: tuple[str, str],
    of_column: tuple[str, str],
    kind: str,
) -> None:
    """Two columns with signs of their own, an identifier beside them: as a table's columns and as a log's view."""
    folder = tmp_path_factory.mktemp("numbers")
    rows = [
        {"id": f"{n:019d}", "a": as_people_write(one, *of_file), "b": as_people_write(other, *of_column)}
        for n, (one, other) in enumerate(amounts)
    ]
    name = write_rows(folder, rows, kind)
    own = {"decimal": of_column[0], "thousands": of_column[1]}
    form = {"decimal": of_file[0], "thousands": of_file[1]}
    columns = {"a": {"type": "number"}, "b": {"type": "number", **own}}
    table = {"kind": "table", "file": name, "key": "id", "format": form, "columns": columns}
    options = TABLE.options.model_validate(table)
    with raw_files.opened(folder, TABLE.formats(options)) as files:
        [part] = [one for one in TABLE.read(files, options) if isinstance(one, Part)]
        assert "a__unreadable" not in part.rows.column_names
        assert [f"{one:.2f}" for one in part.rows["a"].to_pylist()] == [f"{one + 0:.2f}" for one, _ in amounts]
        assert [f"{one:.2f}" for one in part.rows["b"].to_pylist()] == [f"{one + 0:.2f}" for _, one in amounts]
        assert part.rows["customer_id"].to_pylist() == [row["id"] for row in rows]
    log = FileFormat.model_validate({**form, "numbers": ["a", {"column": "b", **own}]})
    with raw_files.opened(folder, {name: log}) as files:
        query = f"SELECT a::DOUBLE, b::DOUBLE FROM {files.relation(name)} ORDER BY id"
        found = files.database.execute(query).fetchall()
    assert [(f"{one:.2f}", f"{other:.2f}") for one, other in found] == [
        (f"{a + 0:.2f}", f"{b + 0:.2f}") for a, b in amounts
    ]


def write_rows(folder: Path, rows: list[dict[str, str]], kind: str) -> str:
    path = folder / f"a.{kind}"
    if kind == "csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif kind == "xlsx":
        pd.DataFrame(rows).to_excel(path, index=False)
    elif kind == "parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path.name


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl"])
def test_a_number_with_other_signs_is_unreadable_and_never_another_number(tmp_path: Path, kind: str) -> None:
    """12.50 is not twelve and a half where a comma comes before the fraction."""
    name = write_rows(tmp_path, [{"id": "1", "a": "1.234,50"}, {"id": "2", "a": "12.50"}, {"id": "3", "a": "-"}], kind)
    columns = {"a": {"type": "number", "decimal": ",", "thousands": ".", "missing": ["-"]}}
    options = TABLE.options.model_validate({"kind": "table", "file": name, "key": "id", "columns": columns})
    with raw_files.opened(tmp_path, TABLE.formats(options)) as files:
        [part] = [one for one in TABLE.read(files, options) if isinstance(one, Part)]
    assert part.rows["a"].to_pylist() == [1234.5, None, None]
    assert part.rows["a__unreadable"].to_pylist() == [None, "12.50 (decimal ',', thousands '.')", None]


def test_numbers_that_are_numbers_already_have_no_signs(tmp_path: Path) -> None:
    """Of Parquet, JSON and a cell in Excel: 1.234 is no thousand there, however the texts beside it are written."""
    pq.write_table(pa.table({"a": [1.234], "b": ["1.234"]}), tmp_path / "a.parquet")
    pd.DataFrame({"a": [1.234, "1.234"]}).to_excel(tmp_path / "b.xlsx", index=False)
    (tmp_path / "c.jsonl").write_text('{"a": 1.234, "b": "1.234"}\n')
    (tmp_path / "d.jsonl").write_text('{"a": 1.234}\n{"a": "1.234"}\n')
    form = FileFormat.model_validate({"decimal": ",", "thousands": ".", "numbers": ["a"]})
    both = FileFormat.model_validate({"decimal": ",", "thousands": ".", "numbers": ["a", "b"]})
    formats = {"a.parquet": both, "b.xlsx": form, "c.jsonl": both, "d.jsonl": form}
    with raw_files.opened(tmp_path, formats) as files:
        assert files.texts("a.parquet").to_pylist() == [{"a": "1.234", "b": "1234"}]
        assert files.database.execute(f"FROM {files.relation('a.parquet')}").fetchall() == [(1.234, "1234")]
        assert files.texts("b.xlsx")["a"].to_pylist() == ["1.234", "1234"]
        assert files.texts("c.jsonl").to_pylist() == [{"a": "1.234", "b": "1234"}]
        with pytest.raises(DataError, match="'a' holds 1 texts and 1 numbers"):
            files.texts("d.jsonl")


def test_a_marker_of_a_missing_value_is_one_however_the_file_writes_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,a\n1,"-999,00"\n2,"1,5"\n3,-999\n')
    for marker in ("-999,00", "-999"):
        columns = {"a": {"type": "number", "missing": [marker]}}
        plain = {"kind": "table", "file": "a.csv", "key": "id", "format": {"decimal": ","}, "columns": columns}
        options = TABLE.options.model_validate(plain)
        with raw_files.opened(tmp_path, TABLE.formats(options)) as files:
            [part] = [one for one in TABLE.read(files, options) if isinstance(one, Part)]
        assert part.rows["a"].to_pylist() == [None, 1.5, None]


def damaged(content: bytes, seed: int) -> bytes:
    """Cut, doubled, with bytes changed, put in and taken out, with other line ends and separators."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(rng.randint(1, 3)):
        at, other = sorted((rng.randint(0, len(content)), rng.randint(0, len(content))))
        piece = rng.choice(
            [
                b"\0",
                b'"',
                b",",
                b";",
                b"\r",
                b"\n",
                b"\r\n",
                b"\xff",
                b"\xe9",
                b"\x80",
                b" ",
                b'" ',
                b' "',
                b"\xef\xbb\xbf",
                b"\xc3\xa9",
                b"'",
                b"\\",
                b"\x1a",
                b"\t",
            ]
        )
        content = rng.choice(
            [
                content[:at],
                content[:other] + content[at:],
                content[:at] + piece + content[at:],
                content[:at] + content[other:],
                content[:at] + piece + content[min(at + 1, len(content)) :],
                content.replace(b"\n", b"\r\n", rng.randint(0, 3)),
            ]
        )
    return content


SOUND = 'id,name,paid\n1,"Zoë, A.",12.5\n2,"say ""hi""",3\n3,"two\nlines",\n4,x,"1,5"\n'


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["utf-8", "cp1252", "utf-16", "gb18030"]), st.booleans(), st.booleans())
def test_a_damaged_text_gives_its_rows_or_one_line_that_says_what_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, seed: int, encoding: str, is_said: bool, is_crlf: bool
) -> None:
    """Where it is found sound, both readers give what Python's csv gives of it."""
    folder = tmp_path_factory.mktemp("damaged")
    content = damaged(SOUND.replace("\n", "\r\n" if is_crlf else "\n").encode(encoding), seed)
    (folder / "a.csv").write_bytes(content)
    form = FileFormat(encoding=encoding if is_said else "utf-8")
    found = outcome(lambda: read(folder, "a.csv", form))
    if isinstance(found, str):
        assert is_plain(found, "a.csv"), found
        return
    texts, view = found
    text = content.decode(form.encoding).removeprefix("\ufeff")
    _, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert texts == rows
    assert sorted(view) == sorted(rows)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["csv", "xlsx", "parquet", "jsonl", "csv.gz", "csv.zip"]))
def test_any_damaged_file_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str) -> None:
    folder = tmp_path_factory.mktemp("broken")
    rows = [{"id": f"{n:03d}", "a": f"{n},5", "b": "é" * n} for n in range(5)]
    if "." in kind:
        pd.DataFrame(rows).to_csv(folder / f"a.{kind}", index=False)
        name = f"a.{kind}"
    else:
        name = write_rows(folder, rows, kind)
    (folder / name).write_bytes(damaged((folder / name).read_bytes(), seed))
    for act in (lambda: read(folder, name, FileFormat()), lambda: recognise(folder / name)):
        found = outcome(act)
        assert not isinstance(found, str) or is_plain(found, name), found
