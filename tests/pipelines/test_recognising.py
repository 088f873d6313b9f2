"""What a file seems to be: the guess reads it, is the same each time, and names the line that decided it."""

import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError, MissingError
from features.file_format import FileFormat
from features.source import Part
from features.sources.table import SOURCE as TABLE
from pipelines.raw_data import raw_files
from pipelines.raw_data.recognising import recognise
from tests.pipelines.file_forms import Written

CITIES = {
    "utf-8": ["Zürich", "Besançon", "Köln", "Málaga"],
    "utf-16": ["Zürich", "Besançon", "北京", "Málaga"],
    "utf-16-le": ["Zürich", "Besançon", "Köln", "Málaga"],
    "utf-16-be": ["Zürich", "Besançon", "Köln", "Málaga"],
    "cp1252": ["Zürich", "Besançon", "Köln", "Málaga"],
    "mac-roman": ["Zürich", "Besançon", "Köln", "Málaga"],
    "gb18030": ["北京市", "上海市", "客户投诉", "广州"],
    "cp1251": ["Москва", "Казань", "Самара", "Омск"],
}
SIGNS = [(".", ""), (",", ""), (",", "."), (",", " "), (".", ","), (".", "'")]


@st.composite
def customers(draw: st.DrawFn) -> tuple[Written, tuple[str, str]]:
    """Customers with an identifier, a city, an amount and a day, as some program exports them."""
    encoding = draw(st.sampled_from(sorted(CITIES)))
    decimal, thousands = draw(st.sampled_from(SIGNS))
    amounts = draw(st.lists(st.decimals(1000, 99_999, places=2), min_size=12, max_size=20))
    rows = [
        [
            f"{7000 + n:07d}",
            draw(st.sampled_from(CITIES[encoding])),
            f"{amount:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands),
            f"{1 + n:02d}.03.2024",
        ]
        for n, amount in enumerate(amounts)
    ]
    names = ("customer", "city", "amount", "day")
    header = draw(st.booleans())
    made = () if header else tuple(f"column_{n}" for n in range(1, 5))
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    form = FileFormat(encoding=encoding, separator=separator, header=header, names=made)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return Written(names, rows, form, end, False, draw(st.sampled_from(["", ".gz", ".zip"])), False), (
        decimal,
        thousands,
    )


@settings(max_examples=120, deadline=None)
@given(customers())
def test_what_is_recognised_reads_the_file_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[Written, tuple[str, str]]
) -> None:
    written, (decimal, thousands) = made
    folder = tmp_path_factory.mktemp("guessed")
    name = written.write(folder)
    guess = recognise(folder / name)
    assert guess == recognise(folder / name)
    assert (guess.form.encoding, guess.form.separator) == (written.form.encoding, written.form.separator)
    assert (guess.form.header, guess.form.decimal, guess.form.thousands) == (written.form.header, decimal, thousands)
    assert guess.columns == (written.names if written.form.header else written.form.names)
    said = FileFormat.model_validate(yaml.safe_load(guess.line)["format"])
    assert said == guess.form
    with raw_files.opened(folder, {name: said}) as files:
        texts = [list(row.values()) for row in files.texts(name).to_pylist()]
    plain = [[*row[:2], row[2].replace(thousands or "\0", "").replace(decimal, "."), row[3]] for row in written.rows]
    assert texts == plain
    columns = {"amount": {"type": "number"}, "city": {"type": "category"}}
    for one, held in zip(written.names, guess.columns, strict=True):
        if one in columns and one != held:
            columns[one]["column"] = held
    table = {"kind": "table", "file": name, "key": guess.columns[0], "columns": columns}
    options = TABLE.options.model_validate(
        yaml.safe_load(yaml.safe_dump({**table, "format": guess.keys(of_table=True)}))
    )
    assert not options.format.numbers
    with raw_files.opened(folder, TABLE.formats(options)) as files:
        [part] = [one for one in TABLE.read(files, options) if isinstance(one, Part)]
    assert [f"{one:.2f}" for one in part.rows["amount"].to_pylist()] == [row[2] for row in plain]
    assert part.rows["customer_id"].to_pylist() == [row[0] for row in written.rows]
    lines = written.content(written.rows).decode(written.form.encoding).removeprefix("\ufeff").split(written.end)
    assert all(one.text in lines[one.line - 1] for one in guess.decided if one.what != "kind")


CASES: dict[str, tuple[bytes, str, str]] = {
    "a decimal comma without names": (b"1;1,5\n2;2,75\n", 'separator: ";", decimal: ","', "likely"),
    "only thousands or fractions": (b'id,a\n1,"1,234"\n2,"2,345"\n', 'thousands: ","', "open"),
    "texts alone": (b"name,city\nAnn,Paris\nBob,Rome\n", "{}", "likely"),
    "one column": (b"name\nAnn\nBob\n", "{}", "open"),
    "single quotes": (b"a;b\n'x;y';1\n'z;w';2\n", """separator: ";", quote: "'\"""", "likely"),
    "backslashes": (b'a,b\n"x\\"y",1\n"z",2\n', 'escape: "\\\\"', "likely"),
    "carets": (b"a^b\nx^2\ny^3\n", 'separator: "^"', "certain"),
    "a title above": (b"Report\na;b;c\n1;2;3\n4;5;6\n", 'separator: ";"', "open"),
    "a mark": (b"\xef\xbb\xbfa,b\nx,2\n", "{}", "certain"),
    "blanks": (b"1 2 A11\n3 4 A12\n", 'separator: " "', "likely"),
    "one accent": ("id;name\n1;Ann\n2;Zoë\n".encode("cp1252"), 'encoding: "cp1252"', "open"),
    "a column of each sort": (b"a;b\n12,5;12.50\n3,0;1.75\n", '{column: "b", decimal: ".", thousands: ""}', "likely"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_guess_says_how_sure_it_is(tmp_path: Path, case: str) -> None:
    content, words, sure = CASES[case]
    (tmp_path / "a.csv").write_bytes(content)
    guess = recognise(tmp_path / "a.csv")
    assert words in guess.line
    assert guess.sure == max((sure, "likely"), key=["certain", "likely", "open"].index)


def test_what_is_written_into_a_spec_is_what_is_not_said_of_itself(tmp_path: Path) -> None:
    """A table's columns are numbers by their type, a log's by name; what is certain needs no remark."""
    (tmp_path / "a.csv").write_text("id;a;b\n1;12,5;12.50\n2;3,0;1.75\n")
    guess = recognise(tmp_path / "a.csv")
    own = {"column": "b", "decimal": ".", "thousands": ""}
    assert guess.keys(of_table=True) == {"separator": ";", "decimal": ",", "numbers": [own]}
    assert guess.keys(of_table=False) == {"separator": ";", "decimal": ",", "numbers": ["id", "a", own]}
    assert [one for one in guess.remarks if "numbers of a " in one and "line 2, '12,5'" in one]
    (tmp_path / "b.csv").write_text("id,a\n1,2\n2,x\n")
    assert recognise(tmp_path / "b.csv").keys(of_table=True) == {}


def test_a_decision_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id;paid\n7;12\n8;1,5\n9;Zoë\n".replace("9;Zoë", "9;3").encode())
    told = {one.what: one for one in recognise(tmp_path / "a.csv").decided}
    assert (told["numbers of paid"].line, told["numbers of paid"].text) == (3, "1,5")
    assert (told["separator"].line, told["separator"].text) == (1, "id;paid")
    assert "';' give all 4 rows 2 fields" in str(told["separator"])


def test_kinds_are_recognised_by_what_stands_in_them(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": ["1", "2"], "paid": ["1,5", "2,25"], "n": [1.5, 2.5]})
    content: dict[str, Any] = {}
    for kind, write in (("parquet", rows.to_parquet), ("excel", rows.to_excel)):
        write(buffer := io.BytesIO(), **({"index": False} if kind == "excel" else {}))
        content[kind] = buffer.getvalue()
    content["json_lines"] = rows.to_json(orient="records", lines=True).encode()
    for kind, held in content.items():
        (tmp_path / "a.dat").write_bytes(held)
        guess = recognise(tmp_path / "a.dat")
        assert guess.form.kind == kind
        assert guess.columns == ("id", "paid", "n")
        assert guess.form.decimal == ","
        with raw_files.opened(tmp_path, {"a.dat": guess.form}) as files:
            assert files.texts("a.dat").to_pylist() == [
                {"id": "1", "paid": "1.5", "n": "1.5"},
                {"id": "2", "paid": "2.25", "n": "2.5"},
            ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0 old", r"workbook of an old Excel \(\.xls\); save it as \.xlsx"),
        (b'[{"a": 1}, {"a": 2}]', r"one list of JSON; .*jq -c '\.\[\]'"),
        (b'{\n  "a": 1\n}\n', r"JSON of several lines; .*jq -c \."),
        (b"%PDF-1.7", "is not text, Parquet, Excel or JSON lines"),
    ],
)
def test_what_is_not_read_is_told_with_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.dat").write_bytes(content)
    with pytest.raises(DataError, match=words):
        recognise(tmp_path / "a.dat")
    with pytest.raises(MissingError):
        recognise(tmp_path / "b.dat")


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_format_that_a_refusal_shows_reads_the_file(tmp_path: Path, encoding: str, separator: str) -> None:
    """A run guesses nothing; its refusal says what to write."""
    rows = [[f"{n}", city, f"{n},5"] for n, city in enumerate(CITIES[encoding])]
    written = Written(
        ("id", "city", "paid"), rows, FileFormat(encoding=encoding, separator=separator), "\n", False, "", False
    )
    name = written.write(tmp_path)
    with pytest.raises(DataError, match=r"`format: \{.*\}`") as caught:
        raw_files.check(tmp_path / name, {})
    line = re.search(r"`format: (\{.*\})`", str(caught.value))
    assert line is not None
    form = FileFormat.model_validate(yaml.safe_load(line[1]))
    with raw_files.opened(tmp_path, {name: form}) as files:
        assert [list(row.values()) for row in files.texts(name).to_pylist()] == [
            [id_, city, paid.replace(",", ".")] for id_, city, paid in rows
        ]
