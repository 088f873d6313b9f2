"""What every kind of source must do with a raw sample.

A kind that is not among SAMPLES brings its own: `tests/features/sources/test_KIND.py` defines SAMPLE, the options and
the raw files.
"""

from pathlib import Path
from runpy import run_path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features import sources
from features.errors import MissingError, SchemaError
from features.plugins import discover, names
from features.source import Part, Source
from tests.features.sources.memory import MemoryRaw

SOURCES = discover(sources, Source)
RAW = {
    "orders.csv": pa.table(
        {
            "who": ["a", "b", "a", None, "a"],
            "day": ["2024-01-05", "2024-02-01", "2024-01-05", "2024-01-06", "2024-02-09"],
            "paid": ["5", "7.5", "5", "1", "12 EUR"],
        }
    ),
    "customers.csv": pa.table(
        {"id": ["a", "b", "c"], "age": ["31", " 44 ", ""], "arm": ["X", "Y", "X"], "left": ["1", "0", "1"]}
    ),
}
# A sample for each kind: options, and the raw files.
SAMPLES: dict[str, tuple[dict[str, Any], dict[str, pa.Table]]] = {
    "event_log": (
        {
            "kind": "event_log",
            "time_zone": "Europe/London",
            "refuse_unmapped_above": 0.2,
            "tables": {
                "transactions": {
                    "files": "orders.csv",
                    "columns": {"customer_id": "who", "event_at": "day", "kind": "'payment'", "amount": "paid"},
                },
                "usage": {"files": "orders.csv", "columns": {"customer_id": "who", "event_at": "day"}},
            },
        },
        RAW,
    ),
    "simulated": ({"kind": "simulated", "customers": 60, "months": 4}, {}),
    "table": (
        {
            "kind": "table",
            "file": "customers.csv",
            "key": "id",
            "columns": {"age": {"type": "integer", "nullable": True}, "left": {"type": "category", "role": "label"}},
            "treatment": {"column": "arm", "control": "X", "arms": {"call": "Y"}},
        },
        RAW,
    ),
}
BROUGHT = Path(__file__).parents[1] / "features" / "sources"
every_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())


def sample(source: Source, **changes: Any) -> tuple[Any, dict[str, pa.Table]]:
    options, raw = SAMPLES.get(source.kind) or brought(source.kind)
    return source.options.model_validate({**options, **changes}), raw


def brought(kind: str) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    path = BROUGHT / f"test_{kind}.py"
    found = run_path(str(path)).get("SAMPLE") if path.is_file() else None
    assert found, (
        f"no sample of '{kind}': write tests/features/sources/test_{kind}.py with SAMPLE, options and raw files"
    )
    return found


def parts(source: Source, raw: dict[str, pa.Table], options: Any) -> list[Part]:
    return [found for found in source.read(MemoryRaw(raw), options) if isinstance(found, Part)]


def test_a_source_is_named_after_its_file_and_has_a_sample() -> None:
    assert list(SOURCES) == names(sources)
    assert SAMPLES.keys() <= SOURCES.keys()
    assert all(sample(source) for source in SOURCES.values())


@every_source
def test_its_parts_have_the_declared_columns_and_types(source: Source) -> None:
    options, raw = sample(source)
    declared = source.declare(options)
    found = parts(source, raw, options)
    assert found
    for part in found:
        unreadable = [name for name in part.rows.column_names if name.endswith("__unreadable")]
        assert part.rows.column_names == [*declared[part.table].names, *unreadable]
        for column in declared[part.table].columns:
            assert str(part.rows[column.name].type) == column.arrow_type


@every_source
def test_its_keys_are_unique_and_its_customers_known(source: Source) -> None:
    options, raw = sample(source)
    declared = source.declare(options)
    tables: dict[str, pa.Table] = {}
    for part in parts(source, raw, options):
        tables[part.table] = (
            pa.concat_tables([tables[part.table], part.rows], promote_options="default")
            if part.table in tables
            else part.rows
        )
    for name, rows in tables.items():
        key = [*declared[name].key, *(["known_at"] if declared[name].is_dated else [])]
        assert rows.group_by(key).aggregate([]).num_rows == rows.num_rows
        assert pc.all(pc.is_in(rows["customer_id"], tables["customers"]["customer_id"].combine_chunks())).as_py()


@every_source
def test_reading_twice_gives_the_same(source: Source) -> None:
    options, raw = sample(source)
    one, other = (parts(source, raw, options) for _ in range(2))
    assert [(part.table, part.name) for part in one] == [(part.table, part.name) for part in other]
    assert all(a.rows.equals(b.rows) for a, b in zip(one, other, strict=True))


def test_a_missing_column_is_named() -> None:
    options, raw = sample(SOURCES["table"], columns={"height": {}, "left": {"type": "category", "role": "label"}})
    with pytest.raises(SchemaError, match=r"customers\.csv has no column \['height'\].*'age'"):
        parts(SOURCES["table"], raw, options)


def test_a_missing_file_is_named() -> None:
    options, _ = sample(SOURCES["table"])
    with pytest.raises(MissingError, match=r"customers\.csv"):
        parts(SOURCES["table"], {}, options)


def test_blank_is_missing_and_what_cannot_be_read_is_kept_beside() -> None:
    options, raw = sample(SOURCES["table"])
    [part] = parts(SOURCES["table"], raw, options)
    assert part.rows["age"].to_pylist() == [31, 44, None]
    assert part.rows["arm"].to_pylist() == ["control", "call", "control"]
    bad = {"customers.csv": raw["customers.csv"].set_column(1, "age", pa.array(["31", "old", ""]))}
    [part] = parts(SOURCES["table"], bad, options)
    assert part.rows["age"].to_pylist() == [31, None, None]
    assert part.rows["age__unreadable"].to_pylist() == [None, "old", None]
    strange = {"customers.csv": raw["customers.csv"].set_column(2, "arm", pa.array(["X", "Z", "X"]))}
    [part] = parts(SOURCES["table"], strange, options)
    assert part.rows["arm__unreadable"].to_pylist() == [None, "Z", None]


def test_without_a_key_equal_rows_are_different_customers() -> None:
    options, raw = sample(SOURCES["table"], key=None)
    twice = {"customers.csv": pa.concat_tables([raw["customers.csv"]] * 2)}
    [part] = parts(SOURCES["table"], twice, options)
    assert len(set(part.rows["customer_id"].to_pylist())) == 6
