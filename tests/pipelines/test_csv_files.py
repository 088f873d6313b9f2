"""Text files read whole before they are used: what is sound is read alike by both readers, what is not is told."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError, SpecError, UsageError
from features.file_format import FileFormat
from pipelines.raw_data import raw_files

FIELDS = st.text(st.sampled_from('ab1,;\t|" \n客é'), max_size=5)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), min_size=1, max_size=5)
)
SEPARATORS = st.sampled_from([",", ";", "\t", "|"])


def written(rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    return text.getvalue()


def names(width: int) -> tuple[str, ...]:
    return tuple(f"column {n}" for n in range(width))


@settings(max_examples=40, deadline=None)
@given(TABLES, SEPARATORS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_sound_file_is_read_as_it_was_written_with_or_without_a_header(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], separator: str, end: str, header: bool
) -> None:
    """Fields hold separators, quotes, line breaks and Chinese; each reader gives what the csv module was given."""
    folder, width = tmp_path_factory.mktemp("sound"), len(rows[0])
    (folder / "a.dat").write_text(
        written([list(names(width))] * header + rows, separator, end), encoding="utf-8", newline=""
    )
    form = FileFormat(separator=separator, header=header, names=() if header else names(width))
    if not header and end != "\n" and any("\n" in cell for cell in rows[0]):
        with pytest.raises(DataError, match="line 1: a field holds a line break"):
            raw_files.check(folder / "a.dat", {"*.dat": form})
        return
    with raw_files.opened(folder, {"*.dat": form}) as files:
        assert files.names == ("a.dat",)
        assert files.check("a.dat").rows == len(rows)
        assert [list(row.values()) for row in files.texts("a.dat").to_pylist()] == rows
        found = files.database.sql(f"FROM {files.relation('a.dat')}").fetchall()
        assert sorted([cell or "" for cell in row] for row in found) == sorted(rows)


@settings(max_examples=40, deadline=None)
@given(TABLES, st.data())
def test_a_row_of_another_width_is_told_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], data: st.DataObject
) -> None:
    folder, width = tmp_path_factory.mktemp("torn"), len(rows[0])
    at, more = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from([-1, 1]))
    torn = [*rows[:at], (["x", *rows[at]])[: width + more], *rows[at + 1 :]]
    (folder / "a.csv").write_text(written([list(names(width)), *torn]), encoding="utf-8", newline="")
    line = 1 + written([list(names(width)), *torn[:at]]).count("\n")
    with pytest.raises(DataError, match=rf"a\.csv, line {line}: {width + more} fields where the header names {width}"):
        raw_files.check(folder / "a.csv", {})


CHINESE = "客户,地区,备注\n甲一,北京市,上次来电投诉\n乙二,上海市,续约\n"
FAULTS: dict[str, tuple[bytes, str]] = {
    "pandas wrote its index": (b",a,b\n0,1,2\n", r"line 1: column 1 of 3 has no name; .*index=False"),
    "a blank name": (b"a, ,c\n1,2,3\n", r"line 1: column 2 of 3 has no name; give it a name"),
    "a comma at the end of every line": (b"a,b,\n1,2,\n", r"line 1: column 3 of 3.*sed 's/,\\r\*\$//'"),
    "a comma at the end of every row": (b"a,b\n1,2,\n3,4,\n", r"line 2: 3 fields where the header names 2, and every"),
    "R wrote its row names": (b"a,b\n1,5,6\n2,7,8\n", r"line 2: 3 fields.*name of one column is missing"),
    "a short row": (b"a,b,c\n1,2,3\n1,2\n", r"line 3: 2 fields where the header names 3; 1 of 2 rows"),
    "mixed line ends": (b"a,b\r\n1,2\r\n3,4\n", r"line 3: it ends with LF where line 1 ends with CR LF.*dos2unix"),
    "a lone CR": (b"a,b\n1,2\r3,4\n", r"line 2: it ends with CR where line 1 ends with LF"),
    "forty megabytes": (b"a,b\n1," + b"x" * 40_000_000 + b"\n", r"line 2: more than 500,000 characters in one row"),
    "fields of a megabyte together": (
        b"a,b,c\n1," + b"x" * 300_000 + b"," + b"y" * 300_000 + b"\n",
        r"line 2: more than",
    ),
    "a title above": (b"Report\na,b\n1,2\n", r"line 2: 2 fields where the header names 1: is the first line a title"),
    "no text": (bytes(range(256)) * 9, r"is not a text file"),
    "a quote that is left open": (b'a,b\n1,2\n3,"4\n5,6\n', r"line 3: a quote .* never closed"),
    "text after a quote": (b'a,b\n1,"x"y\n', r"line 2: text follows a closing quote.*twice"),
    "UTF-16": ("a,b\n1,é\n".encode("utf-16"), r"is UTF-16.*iconv -f UTF-16"),
    "UTF-16 without a mark": ("a,b\n1,é\n".encode("utf-16-le"), r"is UTF-16"),
    "Latin-1": ("a,b\n1,caf\u00e9\n".encode("latin-1"), r"line 2: not UTF-8, perhaps Windows-1252 .*'1,café'"),
    "GB18030": (CHINESE.encode("gb18030"), r"line 1: not UTF-8, perhaps GB18030 \('客户,地区.*iconv -f GB18030"),
    "Big5": ("客戶,地區\n甲,臺灣來電投訴\n".encode("big5"), r"line 1: not UTF-8, perhaps (Big5|GB18030)"),
    "a name on two lines": (b'a,"b\nc"\r\n1,2\r\n', r"line 1: a field holds a line break \(LF\) of another kind"),
    "tabs": (b"a\tb\n1\t2\n", r'is separated by a tab; .*`format: \{separator: "\\t"\}`'),
    "the same name twice": (b"a,a\n1,2\n", r"\['a'\] occur twice"),
    "nothing": (b"", r"needs a first line of names: it is empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_one_line_with_what_to_do(tmp_path: Path, fault: str) -> None:
    content, words = FAULTS[fault]
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        raw_files.check(tmp_path / "a.csv", {})
    assert str(caught.value).startswith("a.csv")
    assert "strict_mode" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


def test_the_line_that_a_message_says_makes_the_file_readable(tmp_path: Path) -> None:
    """The separator of a file with tabs, as the message names it; the file with its commas taken off."""
    (tmp_path / "a.csv").write_bytes(FAULTS["tabs"][0])
    assert raw_files.check(tmp_path / "a.csv", {"a.csv": FileFormat(separator="\t")}).rows == 1
    (tmp_path / "a.csv").write_text(re.sub(r",\r*$", "", "a,b,\n1,2,\n", flags=re.MULTILINE))
    assert raw_files.check(tmp_path / "a.csv", {}).rows == 1


def test_names_that_differ_in_capitals_only_are_refused_where_sql_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Who,who\n1,2\n")
    with raw_files.opened(tmp_path) as files:
        assert files.texts("a.csv").to_pylist() == [{"Who": "1", "who": "2"}]
        with pytest.raises(DataError, match=r"differ by capital letters only: \[\('Who', 'who'\)\]"):
            files.relation("a.csv")


@pytest.mark.parametrize(
    ("first", "like"),
    [("id,spent", []), ("c1,2024-01-05", ["2024-01-05"]), ("17,x@y.de", ["17", "x@y.de"]), ("a,3.5", ["3.5"])],
)
def test_a_first_line_that_looks_like_data_is_noticed(tmp_path: Path, first: str, like: list[str]) -> None:
    (tmp_path / "a.csv").write_text(f"{first}\nc2,2024-01-06\n")
    assert raw_files.check(tmp_path / "a.csv", {}).looks_like_data == like


def test_a_file_of_another_kind_is_read_where_the_spec_says_how(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1|2\n3|4\n")
    with pytest.raises(UsageError, match=r'a\.txt is none of \.csv.*`format: \{header: false, .*separator: "\|"\}`'):
        raw_files.check(tmp_path / "a.txt", {})
    form = FileFormat(header=False, names=("n", "m"), separator="|")
    assert raw_files.check(tmp_path / "a.txt", {"*.txt": form}).rows == 2
    with pytest.raises(SpecError, match=r"a\.txt is to be read in two ways, by \['\*\.txt', 'a\.txt'\]"):
        raw_files.check(tmp_path / "a.txt", {"*.txt": form, "a.txt": FileFormat()})
    with pytest.raises(DataError, match=r"a\.txt, line 1: 2 fields where the spec names 3"):
        raw_files.check(tmp_path / "a.txt", {"a.txt": FileFormat(header=False, names=("a", "b", "c"), separator="|")})


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"header": False}, "without a header the columns need names"),
        ({"names": ["a"]}, "say `header: false`"),
        ({"header": False, "names": ["a", "a"]}, "twice or blank"),
        ({"separator": '"'}, "which separates nothing"),
        ({"separator": ", "}, "at most 1 character"),
    ],
)
def test_a_format_that_cannot_be_is_refused_with_the_spec(plain: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FileFormat.model_validate(plain)
