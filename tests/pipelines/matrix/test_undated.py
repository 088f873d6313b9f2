"""A table without dates: what was measured afterwards is kept to judge by, and never to learn from."""

from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from experiments.spec import ExperimentSpec
from features import sources
from features.plugins import plugin
from features.source import Part, Source
from pipelines.matrix import undated
from tests.features.sources.memory import MemoryRaw
from tests.specs import REQUIRED

TABLE = plugin(sources, "table", Source)
COLUMNS: dict[str, Any] = {
    "age": {"type": "integer"},
    "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
    "spent": {"type": "number", "unit": "eur", "role": "outcome", "meaning": "Money spent"},
}
SPEC = ExperimentSpec.model_validate(
    {
        **REQUIRED,
        "name": "shop",
        "title": "A shop",
        "source": {"kind": "table"},
        "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no"},
        "split": {"kind": "random"},
    }
)


def keys(spent: list[str]) -> list[str]:
    options = TABLE.options(kind="table", file="shop.csv", columns=COLUMNS)
    rows = pa.table({"age": ["31", "44", "31"], "left": ["yes", "no", "no"], "spent": spent})
    (part,) = TABLE.read(MemoryRaw({"shop.csv": rows}), options)
    assert isinstance(part, Part)
    assert part.rows["spent"].to_pylist() == [float(text) for text in spent]
    return list(part.rows["customer_id"].to_pylist())


def test_an_outcome_is_no_feature_and_no_part_of_a_key() -> None:
    declared = TABLE.declare(TABLE.options(kind="table", file="shop.csv", columns=COLUMNS))
    assert [column.name for column in undated.columns(SPEC, declared)] == ["age"]
    assert [(one.name, one.meaning, one.unit) for one in undated.outcomes(SPEC, declared)] == [
        ("spent", "Money spent", "eur")
    ]
    assert keys(["1", "2", "3"]) == keys(["9", "9", "9.5"])


@pytest.mark.parametrize("type_", ["category", "boolean", "timestamp"])
def test_an_outcome_is_a_number(type_: str) -> None:
    with pytest.raises(ValidationError, match="'outcome' is a number"):
        TABLE.options(kind="table", file="shop.csv", columns={"spent": {"type": type_, "role": "outcome"}})


def test_an_outcome_may_be_missing_where_the_spec_says_so() -> None:
    asked = {**COLUMNS, "spent": {**COLUMNS["spent"], "nullable": True}}
    options = TABLE.options(kind="table", file="shop.csv", columns=asked)
    rows = pa.table({"age": ["31", "44"], "left": ["yes", "no"], "spent": ["", "2.5"]})
    (part,) = TABLE.read(MemoryRaw({"shop.csv": rows}), options)
    assert isinstance(part, Part)
    assert part.rows["spent"].to_pylist() == [None, 2.5]
    assert TABLE.declare(options)["customers"].column("spent").nullable


def test_without_a_feature_the_key_is_the_place_of_the_row() -> None:
    columns = {name: one for name, one in COLUMNS.items() if name != "age"}
    rows = pa.table({"left": ["yes", "no", "no"], "spent": ["1", "1", "1"]})
    (part,) = TABLE.read(MemoryRaw({"shop.csv": rows}), TABLE.options(kind="table", file="shop.csv", columns=columns))
    assert isinstance(part, Part)
    assert part.rows["customer_id"].to_pylist() == ["row-0", "row-1", "row-2"]
