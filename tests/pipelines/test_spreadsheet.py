"""What people open runs nothing, and comes back as it was."""

import csv
import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.files import spreadsheet
from pipelines.raw_data import raw_files

DANGEROUS = [
    "=1+1",
    "@SUM(A1)",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-1+1",
    "＝1+1",
    "＠x",
    "－1",
    "＋1",
    "−1",
    "\t=1",
]
DANGEROUS += ["\r=1", "\n=1", "\ttext", "\rtext", " =1", "\ufeff=1", "\u200b=1", '"=1', "'=1", "''=1", "a;=1", "a\t@x"]
DANGEROUS += [
    "a\n=1",
    'a;"=1',
    "=cmd|' /C calc'!A0",
    "-5",
    "+49 170",
    "=",
    "-",
    "a;'=1",
    "\r\n\t;=1",
    "\u00a0=1",
    "﹦1",
]
HARMLESS = [
    "",
    "C0001",
    "'",
    "'tis",
    "a=b",
    "1-2",
    "x; y",
    "a;'b",
    "näme",
    "5",
    "0.5",
    "Change: -0.3 (typical 5)",
    "'5",
]
TEXTS = st.one_of(
    st.sampled_from([*DANGEROUS, *HARMLESS]),
    st.text(st.sampled_from("=+-@＝'\";,\t\r\n a1\ufeff"), max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
# A cell as a spreadsheet may see it: the text, or what stands behind a sign that may separate.
CELL = re.compile(r"[;\t\r\n]")


def runs(text: str) -> bool:
    """Whether a spreadsheet may run a part of a text: a second, simpler account of what is dangerous."""
    parts = [part.lstrip(' \t\r\n\f\v"\u00a0\u200b\u3000\ufeff') for part in CELL.split(text)]
    return text[:1] in ("\t", "\r", "\n") or any(part[:1] in tuple("=+-@＝＋－＠−﹦") and part for part in parts)


def guarded(*texts: str | None, numbers: bool = False) -> list[str | None]:
    return spreadsheet.guarded(pa.array(texts, pa.string()), numbers=numbers).to_pylist()


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert runs(text) or text.startswith("'") or ";'" in text
    assert not runs(guarded(text)[0] or "")
    assert guarded(text) != [text]


def test_what_is_harmless_stays_as_it_is() -> None:
    assert guarded(*HARMLESS, None) == [*HARMLESS, None]


@settings(max_examples=500, deadline=None)
@given(st.lists(TEXTS, max_size=6))
@example([*DANGEROUS, *HARMLESS])
def test_nothing_runs_and_every_text_comes_back(texts: list[str]) -> None:
    for numbers in (False, True):
        safe = guarded(*texts, numbers=numbers)
        assert spreadsheet.unguarded(pa.array(safe, pa.string())).to_pylist() == texts
        assert not [
            one for one, text in zip(safe, texts, strict=True) if runs(one or "") and not (numbers and is_number(text))
        ]


def is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text))


def test_texts_that_are_numbers_may_stay() -> None:
    assert guarded("-5", "+1.5e3", "-5+1", "-", "-5\n", numbers=True) == ["-5", "+1.5e3", "'-5+1", "'-", "'-5\n"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), TEXTS)
def test_a_file_that_is_read_again_is_what_was_written(
    tmp_path_factory, cells: list[tuple[str, str]], name: str
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "list.csv"
    rows = pd.DataFrame({"id": [one for one, _ in cells], f"{name}.": [other for _, other in cells]}, dtype="str")
    spreadsheet.write(path, rows.assign(worth=-0.25))
    with path.open(newline="", encoding="utf-8") as lines:
        assert not [cell for line in list(csv.reader(lines)) for cell in line if runs(cell) and cell != "-0.25"]
    back = spreadsheet.read(path)
    assert list(back) == ["id", f"{name}.", "worth"]
    assert back.iloc[:, :2].to_numpy().tolist() == rows.to_numpy().tolist()
    assert set(back["worth"]) == {"-0.25"}


def test_numbers_dates_and_what_is_missing_are_written_as_before(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"id": ["a", None], "n": [-1.5, np.nan], "k": [-1, 2], "at": pd.to_datetime(["2026-01-01"] * 2)}
    )
    spreadsheet.write(tmp_path / "list.csv", rows)
    assert (tmp_path / "list.csv").read_text() == rows.to_csv(index=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_a_mapping_can_take_it_off(texts: list[str]) -> None:
    rows = pa.table({"id": guarded(*(text.replace("\x00", "") for text in texts))})
    with duckdb.connect() as database:
        database.execute(spreadsheet.macro())
        database.register("rows", rows)
        found = [row[0] for row in database.execute("SELECT unguarded(id) FROM rows").fetchall()]
    assert found == [text.replace("\x00", "") for text in texts]


def test_raw_files_know_the_macro(tmp_path: Path) -> None:
    spreadsheet.write(tmp_path / "a.csv", pd.DataFrame({"id": ["=1+1", "b"]}))
    with raw_files.opened(tmp_path) as files:
        asked = files.database.execute(f"SELECT id, unguarded(id) FROM {files.relation('a.csv')} ORDER BY ALL")
        assert asked.fetchall() == [("'=1+1", "=1+1"), ("b", "b")]


def test_every_csv_file_is_written_here(root: Path) -> None:
    """Of pipelines: a file for people that is written by itself would not be guarded.

    Without a path first, `to_csv` gives a text, of which readers of texts take a hash.
    """
    writers = [
        path.relative_to(root).as_posix()
        for path in (root / "pipelines").rglob("*.py")
        if re.search(r"\.to_csv\((?!index=)|csv\.writer\(|CSVWriter\(|write_csv\(|to_excel\(", path.read_text())
    ]
    # Those two hand what they write to `guarded_rows`, as the tests of bad rows and of unmapped rows show.
    assert sorted(writers) == [
        "pipelines/files/spreadsheet.py",
        "pipelines/raw_data/csv_rows.py",  # for Arrow and DuckDB, in a scratch folder that nobody opens
        "pipelines/raw_data/unmapped.py",
        "pipelines/validation/findings.py",
    ]
