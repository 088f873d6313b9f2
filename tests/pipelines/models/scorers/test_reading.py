"""Rows as senders have them: what can be read without loss is read, the rest is refused, each row by itself."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.models.scorers.reading import Reader, table

CODED = {"name": "plan", "type": "category", "categories": ["1", "2", "3", "10", "2.5", "basic", "Yes"]}
COLUMNS = [{"name": "usage", "type": "number", "categories": []}, CODED]
READER = Reader(COLUMNS)
MISSING = [None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), np.float32("nan"), Decimal("NaN"), "", "  "]


def one(column: str, value: Any, categories: list[str] | None = None) -> float:
    """What one cell is read as, in a column of objects."""
    asked = {"name": column, "type": "number" if column == "usage" else "category", "categories": categories or []}
    return float(Reader([asked]).read(pd.DataFrame({column: pd.Series([value], dtype=object)}))[0, 0])


NUMBERS = [
    *[(value, 3.0) for value in (3, 3.0, "3", " 3.0 ", "+3", "3e0", "003", np.int8(3), np.uint64(3), np.float32(3))],
    *[
        (Decimal("3"), 3.0),
        (True, 1.0),
        (np.False_, 0.0),
        ("TRUE", 1.0),
        ("false", 0.0),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("1e308", 1e308),
    ],
    *[(2**53, 2.0**53), (2**60, 2.0**60), (str(2**60), 2.0**60), (np.float32(0.1), float(np.float32(0.1)))],
    *[(value, np.nan) for value in MISSING],
]


@pytest.mark.parametrize(("value", "expected"), NUMBERS, ids=repr)
def test_a_number_is_read_however_it_was_sent(value: Any, expected: float) -> None:
    assert one("usage", value) == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


NO_NUMBERS = ["x", "1,5", "1.000,5", "1_000", "0x10", "NA", "nan", "inf", "1e400", "٣", "yes", 2**53 + 1, 10**400]
NO_NUMBERS += [str(2**53 + 1), float("inf"), -np.float32("inf"), 1j, b"3", [3], {}, dt.date(2026, 1, 1)]
NO_NUMBERS += [pd.Timestamp("2026-01-01"), pd.Timedelta("1D"), Decimal("Infinity"), Decimal(2**53 + 1)]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:20])
def test_what_is_no_number_or_would_lose_digits_is_refused_with_its_place(value: Any) -> None:
    rows = pd.DataFrame({"usage": pd.Series([1.0, value], ["a", "b"], dtype=object), "plan": ["basic", "basic"]})
    with pytest.raises(ValueError, match=r"column 'usage', row 1 \(index 'b'\): .* cannot be read; expected a finite"):
        READER.read(rows)


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", " 3 ", np.int16(3), np.float32(3), Decimal("3.00")], ids=repr)
def test_an_integer_coded_category_is_read_however_it_was_sent(value: Any) -> None:
    assert one("plan", value, ["1", "2", "3"]) == 2
    assert one("plan", value, ["1", "2", "3.0"]) == 2


CATEGORIES = [
    *[(2.5, ["2.5"], 0), (np.float32(2.1), ["2.1"], 0), (0.0, ["0"], 0), (-0.0, ["0"], 0), (-1, ["-1"], 0)],
    *[(1e22, ["1e22"], None), (10**30, ["1", str(10**30)], 1), (7, ["1", "2"], np.nan), (7, ["basic"], np.nan)],
    *[("basic ", ["basic"], 0), ("Basic", ["basic"], np.nan), ("basic ", ["basic", "basic "], 1)],
    *[(7, ["007"], None), (7, ["7", "007"], None), ("7", ["007"], np.nan), ("007", ["7"], np.nan)],
    *[(3, ["3", "3.0"], None), ("3", ["3", "3.0"], 0), (1.1, ["1.10"], None), ("1.1", ["1.10"], np.nan)],
    *[(2.0**53, [str(2**53)], None), (2**53 + 1, [str(2**53 + 1)], 0), (np.float32(2**24), ["16777216"], None)],
    *[(True, ["true", "false"], 0), (False, ["True"], np.nan), (True, ["True", "TRUE"], None), (True, ["0", "1"], 1)],
    *[(True, ["Yes", "No"], None), (False, ["1", "2"], np.nan), ("True", ["true"], 0), ("true", ["Yes"], np.nan)],
    *[(np.inf, ["a"], None), (b"a", ["a"], None), (["a"], ["a"], None), (pd.Timestamp(0), ["a"], None)],
    *[(value, ["a"], np.nan) for value in MISSING],
]


@pytest.mark.parametrize(("value", "categories", "place"), CATEGORIES, ids=lambda value: repr(value)[:20])
def test_a_category_is_read_where_one_only_can_be_meant(value: Any, categories: list[str], place: float | None) -> None:
    if place is None:
        with pytest.raises(ValueError, match=r"column 'plan', row 0 .* expected one of the texts '"):
            one("plan", value, categories)
    else:
        assert one("plan", value, categories) == pytest.approx(place, nan_ok=True)


DTYPES = ["int8", "int64", "uint64", "float16", "float32", "float64", "bool", "Int64", "UInt8", "Float64", "boolean"]
DTYPES += ["object", "str", "string", "category", "Float32", "int64[pyarrow]", "double[pyarrow]", "string[pyarrow]"]
DTYPES += ["bool[pyarrow]", "Sparse[float64]", "datetime64[ns]", "timedelta64[s]"]
CELLS = st.one_of(
    st.sampled_from([*MISSING, True, False, "3", "3.0", "007", "basic", "Yes", "x", 2**53 + 1, np.inf, b"1", "2,5"]),
    st.sampled_from([1, 2.5, np.float32(2.5), 10, 10.0, np.int64(7), Decimal("2.5"), pd.Timestamp("2026-01-01")]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=3),
)


@st.composite
def columns(draw: st.DrawFn, size: int) -> pd.Series:
    """A column in any type that takes its cells, or of objects."""
    cells = draw(st.lists(CELLS, min_size=size, max_size=size))
    dtype = draw(st.sampled_from(DTYPES))
    try:
        return pd.Series(cells, dtype=object).astype(dtype)
    except (ValueError, TypeError, OverflowError, ArithmeticError, NotImplementedError):
        pass
    some = [0, 1] if "bool" in dtype else [0, 1, 2, 3, 7, 10]
    numbers = draw(st.lists(st.sampled_from(some), min_size=size, max_size=size))
    made = pd.Series(numbers).astype("int64" if "date" in dtype or "delta" in dtype else "object")
    return made.astype(dtype)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    # Of columns of 64 rows and more, texts are looked up as a whole.
    size = draw(st.sampled_from([1, 2, 5, 70]))
    frame = pd.DataFrame({"plan": draw(columns(size)), "more": 1, "usage": draw(columns(size))})
    return frame.set_axis(draw(st.permutations(range(size))) if size < 10 else range(size))


def answer(rows: pd.DataFrame) -> Any:
    """What is read of the rows, or the refusal without the row and the count of more."""
    try:
        return READER.read(rows)
    except ValueError as error:
        return re.sub(r"; \d+ more cells cannot be read$", "", re.sub(r"row \d+ ", "row ", str(error)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # casts of what the column's type does not hold
@settings(max_examples=400, deadline=None)
@given(tables())
def test_a_row_is_read_alike_alone_and_in_any_batch(rows: pd.DataFrame) -> None:
    alone = [answer(rows.iloc[[place]]) for place in range(len(rows))]
    together = answer(rows)
    refused = [one for one in alone if isinstance(one, str)]
    if refused:
        assert together == refused[0]
    else:
        assert np.array_equal(together, np.vstack(alone), equal_nan=True)
    half = answer(rows.iloc[len(rows) // 2 :])
    later = [one for one in alone[len(rows) // 2 :] if isinstance(one, str)]
    assert (half == later[0]) if later else np.array_equal(half, np.vstack(alone[len(rows) // 2 :]), equal_nan=True)


SENT = st.lists(st.one_of(st.integers(-(2**40), 2**40), st.none()), min_size=1, max_size=80)


@settings(max_examples=150, deadline=None)
@given(SENT, st.sampled_from(["Int64", "float64", "object", "int64[pyarrow]", "str", "texts", "floats as texts"]))
def test_the_type_of_a_column_changes_nothing(cells: list[int | None], dtype: str) -> None:
    known = [str(cell) for cell in dict.fromkeys(cells[::2]) if cell is not None]
    reader = Reader([COLUMNS[0], {**CODED, "categories": known}])
    expected = [[np.nan if cell is None else float(cell) for cell in cells]]
    expected += [[known.index(str(cell)) if str(cell) in known else np.nan for cell in cells]]
    texts = [None if cell is None else f"{cell}.0" if dtype.startswith("floats") else str(cell) for cell in cells]
    sent = pd.Series(texts, dtype="str") if "text" in dtype or dtype == "str" else pd.Series(cells, dtype=dtype)
    found = reader.read(pd.DataFrame({"usage": sent, "plan": sent}))
    assert np.array_equal(found.T, expected, equal_nan=True)


def test_a_plain_read_csv_of_each_row_and_of_all_gives_the_same() -> None:
    """The reader of the file gives a column another type in each batch: `1`, `1.0` or `"1"`."""
    from io import StringIO

    lines = ["3,1", "2.5,2", ",", "1e3,basic", " ,10", "7,", "true,Yes", "x,3"]
    header = "usage,plan\n"
    for place in range(len(lines)):
        for batch in (lines[: place + 1], lines[place:], [lines[place], lines[0]]):
            whole = answer(pd.read_csv(StringIO(header + "\n".join(batch))))
            alone = [answer(pd.read_csv(StringIO(header + line))) for line in batch]
            refused = [one for one in alone if isinstance(one, str)]
            if refused:
                assert isinstance(whole, str)
            else:
                assert np.array_equal(whole, np.vstack(alone), equal_nan=True)


def test_the_first_row_that_cannot_be_read_is_named_and_the_others_are_counted() -> None:
    rows = pd.DataFrame({"plan": ["basic", b"?", "x"], "usage": ["1", "y", "z" * 99]}, index=[7, 8, 9])
    with pytest.raises(ValueError, match=r"column 'usage', row 1 \(index 8\): 'y' .*; 2 more cells cannot be read"):
        READER.read(rows)
    with pytest.raises(ValueError, match=r"row 0 \(index 9\): 'z{59}\.\.\. cannot"):
        READER.read(rows.iloc[2:])


@pytest.mark.parametrize("names", [["usage"], ["plan", "Usage"]])
def test_a_missing_column_is_named(names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"the rows have no column \['(plan|usage)'\]"):
        READER.read(pd.DataFrame({name: [1] for name in names}))


def test_columns_may_stand_in_any_order_beside_others_but_not_twice() -> None:
    rows = pd.DataFrame([["basic", 9, 1, 9]], columns=["plan", "z", "usage", "z"])
    assert READER.read(rows).tolist() == [[1.0, 5.0]]
    with pytest.raises(ValueError, match=r"the column \['usage'\] twice"):
        READER.read(pd.DataFrame([[1, "basic", 2]], columns=["usage", "plan", "usage"]))
    with pytest.raises(ValueError, match="several levels"):
        READER.read(pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("usage", "a"), ("plan", "b")])))


RECORD = {"usage": 1, "plan": 2}
SENT_AS = [
    *[RECORD, [RECORD], [{**RECORD, "more": [1]}], {"usage": [1], "plan": [2]}, {"usage": np.array([1]), "plan": [2]}],
    *[{name: np.array(cell) for name, cell in RECORD.items()}, {"usage": [np.array(1)], "plan": (2.0,)}],
]


@pytest.mark.parametrize("sent", SENT_AS, ids=repr)
def test_records_and_columns_by_name_are_tables_too(sent: Any) -> None:
    assert READER.read(table(sent)).tolist() == [[1.0, 1.0]]


def test_records_keep_each_its_own_digits() -> None:
    sent = [{"usage": 2**60, "plan": 10**19}, {"usage": None, "plan": 0.5}]
    reader = Reader([COLUMNS[0], {**CODED, "categories": [str(10**19), "0.5"]}])
    assert np.array_equal(reader.read(table(sent)), [[2.0**60, 0], [np.nan, 1]], equal_nan=True)


@pytest.mark.parametrize(
    "sent", ["text", 3, None, np.ones((1, 2)), [1, 2], pd.Series([1])], ids=lambda one: str(type(one))
)
def test_what_is_no_table_is_refused(sent: Any) -> None:
    with pytest.raises(ValueError, match="rows are a pandas DataFrame"):
        table(sent)


def test_no_rows_and_no_columns_are_read() -> None:
    assert READER.read(pd.DataFrame({"usage": [], "plan": []})).shape == (0, 2)
    assert Reader([]).read(pd.DataFrame(index=range(3))).shape == (3, 0)
