"""What a label gives is held to what it must give before anything is made of it."""

from datetime import datetime

import ibis
import pyarrow as pa
import pytest

from features import labelling, labels
from features.errors import DataError, SchemaError, SpecError
from features.hindsight import Hindsight
from features.history import History
from features.label import Dated, Label, LabelOptions, LabelWindow
from features.plugins import plugin
from features.tables import CANONICAL, PLACE

AS_OF = datetime(2025, 7, 1)
WINDOW = LabelWindow.after(AS_OF, lead_time_days=7, horizon_days=30)
TODAY = Hindsight({}, CANONICAL)
HISTORY = History(TODAY, as_of=AS_OF, look_back_days=90)
NAMES, MOMENT = pa.array(["a", "b"]), pa.array([AS_OF, AS_OF], pa.timestamp("us"))


def label(*, observed: pa.Table, happened: pa.Table) -> Label:
    given = Dated(lambda *_: ibis.memtable(observed), lambda *_: ibis.memtable(happened))
    return Label("lapsed", "the customer lapses", given)


RIGHT = label(
    observed=pa.table({"customer_id": NAMES}), happened=pa.table({"customer_id": NAMES, "happened_at": MOMENT})
)


def test_what_is_right_is_handed_on() -> None:
    assert labelling.observed(RIGHT, HISTORY, WINDOW, LabelOptions()).to_pyarrow()["customer_id"].to_pylist() == [
        "a",
        "b",
    ]
    found = labelling.happened_at(RIGHT, TODAY, WINDOW, LabelOptions()).to_pyarrow()
    assert found.column_names == ["customer_id", "happened_at"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"customer": NAMES}, r"`observed` gives customer \(string\)"),
        ({"customer_id": NAMES, "plan": NAMES}, r"`observed` gives customer_id \(string\), plan \(string\)"),
        ({"customer_id": pa.array([1, 2])}, r"`observed` gives customer_id \(int64\)"),
    ],
)
def test_customers_in_wrong_columns_are_refused(columns: dict[str, pa.Array], told: str) -> None:
    wrong = label(observed=pa.table(columns), happened=pa.table({}))
    with pytest.raises(SchemaError, match=rf"label 'lapsed' in features/labels/lapsed\.py: {told}; it must give"):
        labelling.observed(wrong, HISTORY, WINDOW, LabelOptions())


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"customer_id": NAMES}, r"`happened_at` gives customer_id \(string\);"),
        ({"customer_id": NAMES, "happened_at": pa.array([1.0, 2.0])}, r"happened_at \(float64\); it must give"),
        ({"customer_id": NAMES, "happened_at": MOMENT.cast(pa.date32())}, r"happened_at \(date\); it must give"),
    ],
)
def test_moments_in_wrong_columns_are_refused(columns: dict[str, pa.Array], told: str) -> None:
    wrong = label(observed=pa.table({}), happened=pa.table(columns))
    with pytest.raises(SchemaError, match=told):
        labelling.happened_at(wrong, TODAY, WINDOW, LabelOptions())


def test_a_label_without_dates_is_asked_for_none() -> None:
    with pytest.raises(SpecError, match=r"label 'column' in features/labels/column\.py: it reads no dates"):
        labelling.observed(plugin(labels, "column", Label), HISTORY, WINDOW, LabelOptions())


@pytest.mark.parametrize("names", [[], ["a"], ["a", "b", "c"]])
def test_each_customer_once_is_right(names: list[str]) -> None:
    labelling.check_observed(RIGHT, pa.table({"customer_id": pa.array(names, pa.string())}), WINDOW)
    rows = pa.table({"customer_id": pa.array(names, pa.string()), PLACE: pa.array(range(len(names)), pa.int64())})
    labelling.check_outcomes(RIGHT, rows, WINDOW)


@pytest.mark.parametrize("parts", [1, 2])
def test_a_customer_observed_twice_is_named(parts: int) -> None:
    """Also where the rows come in parts, and the two lie in different ones."""
    rows = pa.table({"customer_id": ["a", "b", "b", "c", "c", "c"]})
    rows = pa.concat_tables([rows.slice(0, 2), rows.slice(2)]) if parts == 2 else rows
    with pytest.raises(DataError, match=r"gives 3 of 6 rows a second time at 2025-07-01, such as customer 'b'; each"):
        labelling.check_observed(RIGHT, rows, WINDOW)


def test_a_customer_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match=r"`observed` gives 1 rows without a customer_id at 2025-07-01; filter"):
        labelling.check_observed(RIGHT, pa.table({"customer_id": ["a", None]}), WINDOW)


def test_a_customer_who_left_twice_is_named() -> None:
    rows = pa.table({"customer_id": ["a", "b", "b", "c"], PLACE: pa.array([0, 1, 1, 2])})
    with pytest.raises(DataError, match=r"`happened_at` gives 1 rows more .* 2025-07-01, such as of customer 'b'"):
        labelling.check_outcomes(RIGHT, rows, WINDOW)
