"""A table without dates: what was measured afterwards is kept to judge by, and never to learn from."""

from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from experiments.spec import ExperimentSpec
from features import sources
from features.plugins import plugin
from features.source import Part, Source
from pipelines import flat
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
    assert [column.name for column in flat.columns(SPEC, declared)] == ["age"]
    assert [(one.name, one.meaning, one.unit) for one in flat.outcomes(SPEC, declared)] == [
        ("spent", "Money spent", "eur")
    ]
    assert keys(["1", "2", "3"]) == keys(["9", "9", "9.5"])


@pytest.mark.parametrize("wrong", [{"type": "category"}, {"type": "number", "nullable": True}])
def test_an_outcome_is_a_number_that_every_row_has(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a number that every row has"):
        TABLE.options(kind="table", file="shop.csv", columns={"spent": {**wrong, "role": "outcome"}})
