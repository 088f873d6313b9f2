"""Files that are joined to a table: a row stays one row, whatever the keys, and what is left out is counted."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError, SchemaError
from features.source import Part, Reconciled
from features.sources.table import SOURCE
from features.table_options import TableOptions
from pipelines.raw_data import raw_files

MAIN = {"id": ["a", "b", "c"], "zip": ["1", "2", "9"], "left": ["y", "n", "n"]}
LABEL = {"left": {"type": "category", "role": "label"}}


def rows(
    folder: Path, options: dict[str, Any], **files: dict[str, Sequence[Any]]
) -> tuple[pd.DataFrame, list[Reconciled]]:
    for name, columns in {"main": MAIN, **files}.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    read = TableOptions.model_validate({"kind": "table", "file": "main.csv", "key": "id", **options})
    with raw_files.opened(folder) as raw:
        found = list(SOURCE.read(raw, read))
    parts = [one for one in found if isinstance(one, Part)]
    return parts[0].rows.to_pandas(), [one for one in found if isinstance(one, Reconciled)]


def test_a_column_of_another_file_is_found_by_key_and_is_missing_where_the_key_is(tmp_path: Path) -> None:
    options = {
        "joins": [{"file": "bills.csv", "key": "who"}],
        "columns": {**LABEL, "owed": {"file": "bills.csv", "type": "number", "nullable": True}},
    }
    found, _ = rows(tmp_path, options, bills={"who": ["c", "a", "z"], "owed": [3, 1, 7]})
    assert found["owed"].fillna(-1).tolist() == [1, -1, 3]


def test_a_join_leads_on_to_the_next(tmp_path: Path) -> None:
    options = {
        "joins": [
            {"file": "homes.csv", "key": "id"},
            {"file": "towns.csv", "key": "plz", "by": "postcode", "of": "homes.csv"},
        ],
        "columns": {**LABEL, "people": {"file": "towns.csv", "type": "integer"}},
    }
    homes = {"id": ["a", "b", "c"], "postcode": ["x", "y", "x"]}
    found, _ = rows(tmp_path, options, homes=homes, towns={"plz": ["x", "y"], "people": [10, 20]})
    assert found["people"].tolist() == [10, 20, 10]


def test_several_rows_of_a_key_are_refused_with_what_to_write(tmp_path: Path) -> None:
    options = {
        "joins": [{"file": "bills.csv", "key": "id"}],
        "columns": {**LABEL, "owed": {"file": "bills.csv", "type": "number", "nullable": True}},
    }
    with pytest.raises(DataError, match=r"joins\[0\].*'a' in 2.*aggregate"):
        rows(tmp_path, options, bills={"id": ["a", "a", "b"], "owed": [1, 2, 3]})


def test_several_rows_of_a_key_that_nobody_asks_for_do_no_harm(tmp_path: Path) -> None:
    options = {
        "joins": [{"file": "bills.csv", "key": "id"}],
        "columns": {**LABEL, "owed": {"file": "bills.csv", "type": "number", "nullable": True}},
    }
    found, _ = rows(tmp_path, options, bills={"id": ["z", "z", "b"], "owed": [1, 2, 3]})
    assert found["owed"].fillna(0).tolist() == [0, 3, 0]


@settings(max_examples=25, deadline=None)
@given(
    bills=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-50, 50) | st.none()), min_size=1, max_size=12),
)
def test_sums_and_their_like_are_those_of_a_plain_loop(bills: list[tuple[str, int | None]]) -> None:
    how = ("count", "sum", "mean", "minimum", "maximum")
    options = {
        "joins": [{"file": "bills.csv", "key": "id"}],
        "columns": {
            **LABEL,
            **{
                name: {"column": "owed", "file": "bills.csv", "type": "number", "aggregate": name, "nullable": True}
                for name in how
            },
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        found, _ = rows(
            Path(folder), options, bills={"id": [key for key, _ in bills], "owed": [owed for _, owed in bills]}
        )
    assert len(found) == len(MAIN["id"])
    for key, row in zip(MAIN["id"], found.to_dict("records"), strict=True):
        held = [owed for one, owed in bills if one == key and owed is not None]
        assert row["count"] == sum(one == key for one, _ in bills)
        for name, of in {"sum": sum, "minimum": min, "maximum": max}.items():
            assert (row[name] == of(held)) if held else pd.isna(row[name])
        assert (abs(row["mean"] - sum(held) / len(held)) < 1e-9) if held else pd.isna(row["mean"])


def test_a_text_among_numbers_that_are_summed_is_unreadable_and_not_left_out(tmp_path: Path) -> None:
    options = {
        "joins": [{"file": "bills.csv", "key": "id"}],
        "columns": {**LABEL, "owed": {"file": "bills.csv", "type": "number", "aggregate": "sum", "nullable": True}},
    }
    found, _ = rows(tmp_path, options, bills={"id": ["a", "a", "b"], "owed": ["1", "1,5", "3"]})
    assert found["owed__unreadable"].fillna("").tolist() == ["1,5", "", ""]


def test_rows_that_are_left_out_are_counted_and_add_up(tmp_path: Path) -> None:
    found, counts = rows(tmp_path, {"leave_out": {"zip": ["9", "8"]}, "columns": LABEL})
    assert found["customer_id"].tolist() == ["a", "b"]
    assert [(one.read_rows, one.kept, one.adds_up) for one in counts] == [(3, 2, True)]


def test_leaving_out_every_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all 3 rows"):
        rows(tmp_path, {"leave_out": {"zip": ["1", "2", "9"]}, "columns": LABEL})


@pytest.mark.parametrize(
    ("join", "said"),
    [({"key": "nobody"}, "no column 'nobody'"), ({"key": "id", "by": "nobody"}, "no column 'nobody'")],
)
def test_a_key_that_a_file_has_not_is_named(tmp_path: Path, join: dict[str, str], said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        rows(tmp_path, {"joins": [{"file": "bills.csv", **join}], "columns": LABEL}, bills={"id": ["a"], "owed": [1]})


@pytest.mark.parametrize(
    "options",
    [
        {"joins": [{"file": "main.csv", "key": "id"}], "columns": LABEL},
        {"joins": [{"file": "b.csv", "key": "id", "by": "x", "of": "c.csv"}], "columns": LABEL},
        {"columns": {**LABEL, "x": {"file": "b.csv"}}},
        {"columns": {**LABEL, "x": {"aggregate": "sum"}}},
        {"joins": [{"file": "b.csv", "key": "id"}],
         "columns": {**LABEL, "x": {"file": "b.csv"}, "y": {"file": "b.csv", "aggregate": "sum"}}},
    ],
)  # fmt: skip
def test_joins_that_do_not_agree_are_refused_with_the_spec(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TableOptions.model_validate({"kind": "table", "file": "main.csv", "key": "id", **options})
