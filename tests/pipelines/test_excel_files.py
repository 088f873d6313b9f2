"""Excel sheets: what one sees in them is what is read, and what is not there is refused."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from features.errors import DataError
from features.file_format import FileFormat
from features.source import Part
from features.sources.event_log import SOURCE as EVENT_LOG
from features.sources.table import SOURCE as TABLE
from pipelines.raw_data import raw_files


def book(path: Path, *rows: list[Any], **more: list[list[Any]]) -> Path:
    whole = Workbook()
    sheet = whole.active
    for row in rows:
        sheet.append(row)
    for name, lines in more.items():
        other = whole.create_sheet(name)
        for row in lines:
            other.append(row)
    whole.save(path)
    return path


def texts(path: Path, **form: Any) -> list[dict[str, Any]]:
    with raw_files.opened(path.parent, {path.name: FileFormat(**form)} if form else {}) as files:
        return list(files.texts(path.name).to_pylist())


def test_numbers_dates_truths_and_blanks_are_the_texts_that_one_sees(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        ["who", "n", "x", "day", "at", "yes", "客户"],
        ["007", 5, 2.5, date(2024, 1, 5), datetime(2024, 1, 5, 10, 30), True, "甲"],
        [None] * 7,
        ["b", 3.0, None, None, None, False, " "],
    )
    first, second = texts(path)
    assert list(first.values()) == ["007", "5", "2.5", "2024-01-05 00:00:00", "2024-01-05 10:30:00", "True", "甲"]
    assert list(second.values()) == ["b", "3", None, None, None, "False", None]
    assert raw_files.check(path, {}).rows == 2


def test_a_table_of_a_workbook_is_one(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", ["id", "age", "plan", "left"], ["c1", 31, "basic", "yes"], ["c2", None, "plus", "no"])
    columns = {"age": {"type": "integer", "nullable": True}, "plan": {"type": "category"}, "left": {"type": "category"}}
    options = TABLE.options.model_validate({"kind": "table", "file": "a.xlsx", "key": "id", "columns": columns})
    with raw_files.opened(tmp_path) as files:
        [part] = [one for one in TABLE.read(files, options) if isinstance(one, Part)]
    assert [str(column.type) for column in part.rows.columns] == ["string", "int64", "string", "string"]
    assert part.rows.to_pylist()[1] == {"customer_id": "c2", "age": None, "plan": "plus", "left": "no"}


def test_a_log_of_a_workbook_is_one_and_its_days_are_days(tmp_path: Path) -> None:
    book(
        tmp_path / "a.xlsx", ["who", "day", "paid"], ["a", datetime(2024, 7, 1), 5], ["b", datetime(2024, 7, 1, 9), 7.5]
    )
    mapping = {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "paid"}
    plain = {"kind": "event_log", "time_zone": "Europe/London"}
    tables = {"transactions": {"files": "a.xlsx", "columns": mapping, "recorded_in": "UTC"}}
    options = EVENT_LOG.options.model_validate({**plain, "tables": tables})
    with raw_files.opened(tmp_path) as files:
        parts = [one for one in EVENT_LOG.read(files, options) if isinstance(one, Part)]
        rows = [row for part in parts if part.table == "transactions" for row in part.rows.to_pylist()]
    assert [(row["event_at"], row["amount"]) for row in rows] == [
        (datetime(2024, 7, 1), 5.0),
        (datetime(2024, 7, 1, 10), 7.5),
    ]


FAULTS: dict[str, tuple[list[list[Any]], str]] = {
    "a formula without its result": ([["n", "m"], [1, "=A2*2"]], r"cell B2 of 'Sheet': the formula '=A2\*2'.*save it"),
    "a column without a name": ([["n", None], [1, 2]], r"line 1: column 2 of 2 has no name"),
    "a title above": ([["Report"], [], ["a", "b", "c"], [1, 2, 3]], r"column 2 of 3 has no name; is it a title"),
    "pandas wrote its index": ([[None, "n"], [0, 2]], r"column 1 of 2 has no name.*index=False"),
    "a name twice": ([["n", "n"], [1, 2]], r"\['n'\] occur twice"),
    "names alone": ([["n", "m"]], r"holds no rows"),
    "nothing at all": ([], r"holds nothing in any sheet"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_would_be_lost_in_silence_is_refused(tmp_path: Path, fault: str) -> None:
    rows, words = FAULTS[fault]
    path = book(tmp_path / "a.xlsx", *rows)
    with pytest.raises(DataError, match=rf"a\.xlsx.*{words}|a\.xlsx {words}"):
        raw_files.check(path, {})


def test_an_error_of_a_cell_is_a_text_and_no_blank(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ["n"], ["#N/A"], [4])
    assert texts(path) == [{"n": "#N/A"}, {"n": "4"}]


def test_a_sheet_without_names_takes_those_of_the_spec_and_empty_sheets_are_no_second_table(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ["a", 5], ["b", 6], empty=[])
    assert texts(path, header=False, names=("who", "n")) == [{"who": "a", "n": "5"}, {"who": "b", "n": "6"}]
    with pytest.raises(DataError, match="has 2 columns where the spec names 1"):
        texts(path, header=False, names=("who",))
    both = book(tmp_path / "b.xlsx", ["n"], [1], other=[["n"], [2]])
    with pytest.raises(DataError, match=r"has the sheets \['Sheet', 'other'\]"):
        raw_files.check(both, {})


def test_a_number_that_is_shown_with_zeros_in_front_is_read_as_it_is_shown(tmp_path: Path) -> None:
    whole = Workbook()
    for row in (["zip", "n"], [1067, 1067], [80331, 2.5], [7.0, None]):
        whole.active.append(row)
    for cell in whole.active["A"][1:]:
        cell.number_format = "00000"
    whole.save(tmp_path / "a.xlsx")
    found = [list(row.values()) for row in texts(tmp_path / "a.xlsx")]
    assert found == [["01067", "1067"], ["80331", "2.5"], ["00007", None]]
