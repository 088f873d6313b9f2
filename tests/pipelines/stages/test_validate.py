"""The validation stage finds what is planted, all of it and nothing else, and leaves the rest of the world alone."""

import csv
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from experiments.spec import ExperimentSpec
from features.errors import DataError, MissingError, StorageError
from features.schema import Table
from features.tables import CUSTOMERS, TRANSACTIONS, TREATMENTS, USAGE
from pipelines.files import storage
from pipelines.stages import validate
from pipelines.workspace import Workspace
from tests.specs import REQUIRED

Parts = dict[str, pa.Table]
Row = dict[str, str]

EXTRACTED_AT = datetime(2024, 6, 1)
MONTHS = [f"2024-{month:02d}" for month in range(1, 6)]
PEOPLE = [f"C{number:02d}" for number in range(40)]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, "demo")


def spec() -> ExperimentSpec:
    dated = {"observations": {"first": "2024-02-01"}, "split": {"kind": "time"}, "label": {"kind": "cancelled"}}
    plain: dict[str, Any] = {"name": "demo", "title": "Demo", "source": {"kind": "simulated"}}
    return ExperimentSpec.model_validate({**REQUIRED, **plain, **dated})


def clean(*more: Table) -> Parts:
    """Sound tables of 5 months, 40 rows each month: customers, usage and more."""
    parts: Parts = {}
    for number, month in enumerate(MONTHS):
        noon = [datetime(2024, number + 1, 1 + day % 28, 12) for day in range(40)]
        dates = {"event_at": noon, "known_at": [one + timedelta(hours=1) for one in noon]}
        names = [f"{name}-{number}" if number else name for name in PEOPLE]
        attributes = {"joined_at": noon, "segment": None, "region": "north", "language": "en"}
        payments = {"transaction_id": [f"T{number}{row:02d}" for row in range(40)], "kind": "payment", "amount": 5.0}
        rows: dict[Table, dict[str, Any]] = {
            CUSTOMERS: {"customer_id": names, **dates, **attributes},
            USAGE: {"customer_id": PEOPLE, **dates, "actions": range(40), "minutes": np.linspace(0, 1440, 40)},
            TRANSACTIONS: {"customer_id": PEOPLE, **dates, **payments},
        }
        for table in (CUSTOMERS, USAGE, *more):
            arrays = [_array(rows[table].get(column.name), column.arrow_type) for column in table.columns]
            parts[f"{table.name}/{month}"] = pa.Table.from_arrays(arrays, names=list(table.names))
    return parts


def _array(values: Any, arrow_type: str) -> pa.Array:
    type_ = pa.timestamp("us") if arrow_type == "timestamp[us]" else pa.type_for_alias(arrow_type)
    return pa.array([values] * 40 if values is None or isinstance(values, str | float) else list(values), type_)


def changed(rows: pa.Table, **columns: dict[int, Any]) -> pa.Table:
    """The rows with other values at some positions."""
    for name, values in columns.items():
        plain = rows[name].to_pylist() if name in rows.column_names else [None] * rows.num_rows
        array = pa.array([values.get(row, value) for row, value in enumerate(plain)])
        if name in rows.column_names:
            rows = rows.set_column(rows.column_names.index(name), name, array.cast(rows.schema.field(name).type))
        else:
            rows = rows.append_column(name, array)
    return rows


def write(workspace: Workspace, parts: Parts, extracted_at: datetime | None = EXTRACTED_AT) -> None:
    for name, rows in parts.items():
        storage.write_parquet(workspace.tables / f"{name}.parquet", rows)
    storage.write_json(workspace.tables / "about.json", {"extracted_at": extracted_at and extracted_at.isoformat()})


def refused(workspace: Workspace) -> tuple[list[dict[str, Any]], list[Row], str]:
    """What a refusal leaves: the broken expectations, the bad rows and what the user is told."""
    with pytest.raises(DataError) as caught:
        validate.run(spec(), workspace)
    result = json.loads((workspace.validation / "result.json").read_text())
    assert not result["passed"]
    bad = workspace.validation / "bad_rows.csv"
    with bad.open(newline="") as lines:
        return result["broken"], list(csv.DictReader(lines)), str(caught.value)


def keyed(customer: str, day: int) -> str:
    return f"customer_id={customer}, event_at=2024-03-{day:02d} 12:00:00, known_at=2024-03-{day:02d} 13:00:00"


USAGE_MARCH, TRANSACTIONS_MARCH = "usage/2024-03", "transactions/2024-03"
Defect = tuple[str, Callable[[pa.Table], pa.Table], str, str, list[tuple[str, str]]]
NOISE = ", beside what chance moves"
DEFECTS: dict[str, Defect] = {
    "missing": (
        USAGE_MARCH,
        lambda rows: changed(rows, actions={2: None, 5: None}),
        "actions",
        "must not be missing",
        [(keyed("C02", 3), ""), (keyed("C05", 6), "")],
    ),
    "out of range": (
        USAGE_MARCH,
        lambda rows: changed(rows, minutes={0: -0.5, 1: 1440.5}),
        "minutes",
        "must be between 0 and 1440",
        [(keyed("C00", 1), "-0.5"), (keyed("C01", 2), "1440.5")],
    ),
    "infinite": (
        TRANSACTIONS_MARCH,
        lambda rows: changed(rows, amount={3: float("inf")}),
        "amount",
        "must be at least 0 and finite",
        [("transaction_id=T203, known_at=2024-03-04 13:00:00", "inf")],
    ),
    "not allowed": (
        TRANSACTIONS_MARCH,
        lambda rows: changed(rows, kind={4: "gift"}),
        "kind",
        "must be one of payment, refund, failed",
        [("transaction_id=T204, known_at=2024-03-05 13:00:00", "gift")],
    ),
    "key twice": (
        USAGE_MARCH,
        lambda rows: pa.concat_tables([rows, rows.slice(7, 1)]),
        "customer_id + event_at + known_at",
        "must be unique together",
        [(keyed("C07", 8), "")] * 2,
    ),
    "dangling reference": (
        USAGE_MARCH,
        lambda rows: changed(rows, customer_id={9: "nobody"}),
        "customer_id",
        "must occur in customers.customer_id",
        [(keyed("nobody", 10), "nobody")],
    ),
    "known in the future": (
        USAGE_MARCH,
        lambda rows: changed(rows, known_at={0: EXTRACTED_AT, 1: EXTRACTED_AT + timedelta(seconds=1)}),
        "known_at",
        "must not be after the extraction at 2024-06-01 00:00:00",
        [("customer_id=C01, event_at=2024-03-02 12:00:00, known_at=2024-06-01 00:00:01", "2024-06-01 00:00:01")],
    ),
    "known before it happened": (
        USAGE_MARCH,
        lambda rows: changed(rows, known_at={0: datetime(2024, 3, 1, 11)}),
        "known_at",
        "must not be before event_at",
        [("customer_id=C00, event_at=2024-03-01 12:00:00, known_at=2024-03-01 11:00:00", "2024-03-01 11:00:00")],
    ),
    "an old default": (
        USAGE_MARCH,
        lambda rows: changed(rows, event_at={3: datetime(1900, 1, 1)}),
        "event_at",
        "must not be before 1990-01-01",
        [("customer_id=C03, event_at=1900-01-01, known_at=2024-03-04 13:00:00", "1900-01-01")],
    ),
    "before joining": (
        USAGE_MARCH,
        lambda rows: changed(rows, event_at={4: datetime(2024, 1, 4, 23, 59), 5: datetime(2024, 1, 6)}),
        "event_at",
        "must not be before the day on which the customer joined",
        [("customer_id=C04, event_at=2024-01-04 23:59:00, known_at=2024-03-05 13:00:00", "2024-01-04 23:59:00")],
    ),
    "a currency": (
        USAGE_MARCH,
        lambda rows: changed(rows, minutes={3: None, 4: None}, minutes__unreadable={3: "£12.50", 4: "12 EUR"}),
        "minutes",
        "holds a currency where a plain number is expected; take it off in the spec, one currency a column",
        [(keyed("C03", 4), "£12.50"), (keyed("C04", 5), "12 EUR")],
    ),
    "unreadable": (
        USAGE_MARCH,
        lambda rows: changed(rows, minutes={3: None}, minutes__unreadable={3: "abc"}),
        "minutes",
        "cannot be read as number",
        [(keyed("C03", 4), "abc")],
    ),
    "wrong type": (
        USAGE_MARCH,
        lambda rows: rows.set_column(3, "actions", rows["actions"].cast(pa.string())),
        "actions",
        "must be stored as integer (int64)",
        [("part=2024-03", "string")],
    ),
    "no such column": (
        USAGE_MARCH,
        lambda rows: rows.drop_columns(["actions"]),
        "actions",
        "must be stored as integer (int64)",
        [("part=2024-03", "absent")],
    ),
    "fewer rows": (
        "usage/2024-05",
        lambda rows: rows.slice(0, 8),
        "",
        f"must have 9 to 87 rows in 2024-05: 40 are usual, and validation.volume_change is 0.5{NOISE}",
        [("part=newest", "8")],
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_with_its_rows_and_nothing_else_is(workspace: Workspace, name: str) -> None:
    part, plant, column, expectation, rows = DEFECTS[name]
    table = part.split("/")[0]
    parts = clean(*([TRANSACTIONS] if table == "transactions" else []))
    write(workspace, parts | {part: plant(parts[part])})
    broken, bad, _ = refused(workspace)
    assert [(one["table"], one["column"], one["expectation"], one["count"]) for one in broken] == [
        (table, column, expectation, len(rows))
    ]
    said = {"table": table, "column": column, "expectation": expectation}
    assert bad == [{**said, "key": key, "value": value} for key, value in rows]


def test_sound_tables_pass_twice_in_one_process_with_the_same_bytes(workspace: Workspace) -> None:
    write(workspace, clean())
    validate.run(spec(), workspace)
    first = storage.digest(workspace.validation)
    validate.run(spec(), workspace)
    assert storage.digest(workspace.validation) == first
    result = json.loads((workspace.validation / "result.json").read_text())
    assert (result["passed"], result["broken"]) == (True, [])
    assert result["rows"] == {"customers": 200, "usage": 200}
    assert sorted(path.name for path in workspace.validation.iterdir()) == ["docs", "result.json"]


def test_a_correction_is_no_duplicate(workspace: Workspace) -> None:
    parts = clean()
    march = parts[USAGE_MARCH]
    later = changed(march.slice(0, 1), known_at={0: datetime(2024, 4, 9)}, actions={0: 99})
    write(workspace, parts | {"usage/2024-04": pa.concat_tables([parts["usage/2024-04"], later])})
    validate.run(spec(), workspace)


def test_the_user_is_told_where_to_look_and_what_is_broken_in_a_line_each(workspace: Workspace) -> None:
    parts = clean()
    march = changed(parts[USAGE_MARCH], actions={2: None}, minutes={0: -1.0, 1: -1.0, 3: -2.0})
    write(workspace, parts | {USAGE_MARCH: march})
    _, _, told = refused(workspace)
    folder = "artifacts/demo/validation"
    assert told.splitlines() == [
        f"data refused: 2 expectations broken; rows in {folder}/bad_rows.csv, page {folder}/docs/index.html",
        f"  usage.actions: must not be missing: 1 row (0.50 %), such as {keyed('C02', 3)}",
        f"  usage.minutes: must be between 0 and 1440: 3 rows (1.50 %), such as -1.0, -2.0 (first: {keyed('C00', 1)})",
    ]
    assert DataError.exit_code == 5


def test_every_bad_row_is_written_also_when_there_are_thousands(workspace: Workspace) -> None:
    names = [f"C{number:04d}" for number in range(5000)]
    noon = [datetime(2024, 1, 1, 12)] * 5000
    dates = {"event_at": noon, "known_at": noon, "joined_at": noon}
    texts = {name: pa.nulls(5000, pa.string()) for name in ("segment", "region", "language")}
    rows = pa.table({"customer_id": names, **dates, **texts}).cast(clean()["customers/2024-01"].schema)
    write(workspace, {"customers/2024-01": changed(rows, joined_at=dict.fromkeys(range(5000)))})
    broken, bad, _ = refused(workspace)
    assert [(one["column"], one["count"], one["share"]) for one in broken] == [("joined_at", 5000, 1.0)]
    assert [row["key"].split(",")[0] for row in bad] == [f"customer_id={name}" for name in names]


def test_a_refusal_touches_nothing_but_its_own_folder(workspace: Workspace) -> None:
    parts = clean()
    write(workspace, parts | {USAGE_MARCH: changed(parts[USAGE_MARCH], actions={2: None})})
    before = storage.digest(workspace.tables)
    refused(workspace)
    assert storage.digest(workspace.tables) == before
    assert sorted(path.name for path in workspace.artifacts.iterdir()) == ["validation"]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond size bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_last_result_and_nothing_half_written(workspace: Workspace) -> None:
    write(workspace, clean())
    validate.run(spec(), workspace)
    before = storage.digest(workspace.artifacts)
    with room_for(4096), pytest.raises(StorageError):
        validate.run(spec(), workspace)
    assert storage.digest(workspace.artifacts) == before


def test_without_tables_the_user_is_sent_to_ingest(workspace: Workspace) -> None:
    with pytest.raises(MissingError, match="ingest"):
        validate.run(spec(), workspace)


def test_a_source_without_customers_is_refused(workspace: Workspace) -> None:
    write(workspace, {name: rows for name, rows in clean().items() if not name.startswith("customers")})
    with pytest.raises(DataError, match="'customers' has no rows"):
        validate.run(spec(), workspace)


def treatments(**more: Any) -> Parts:
    """Forty treatments beside sound tables."""
    given = [datetime(2024, 3, 1 + day % 28, 12) for day in range(40)]
    columns = {
        "treatment_id": [f"A{row:02d}" for row in range(40)],
        "customer_id": PEOPLE,
        "event_at": given,
        "known_at": [one + timedelta(hours=1) for one in given],
        "campaign": "spring",
        **more,
    }
    arrays = [_array(columns.get(one.name), one.arrow_type) for one in TREATMENTS.columns]
    return {**clean(), "treatments/2024-03": pa.Table.from_arrays(arrays, names=list(TREATMENTS.names))}


def with_arm() -> ExperimentSpec:
    return ExperimentSpec.model_validate({**spec().model_dump(), "treatment": {"arms": {"call": {}}}})


@pytest.mark.parametrize(
    "text",
    [
        '{"call": 0.5}',  # sums to a half
        '{"call": 0.4, "control": 0.6}',  # not the row's own
        '{"control": 1.0}',
        '{"call": 0.5, "control": -0.5, "mail": 1.0}',
        '{"call": 0.5, "mail": 0.5}',  # no such arm
        '{"call": "a half", "control": 0.5}',
        '{"call": 0.5, "control": null}',
        '{"call": NaN, "control": 0.5}',
        "[0.5, 0.5]",
        "call: 0.5",
    ],
)
def test_probabilities_of_all_arms_that_are_none_are_refused(workspace: Workspace, text: str) -> None:
    sound = ['{"call": 0.5, "control": 0.5}', None] * 19
    shares: dict[str, Any] = {"action": "call", "probability": 0.5}
    write(workspace, treatments(**shares, probabilities=[*sound, sound[0], None]))
    validate.run(with_arm(), workspace)
    write(workspace, treatments(**shares, probabilities=[*sound, text, None]))
    with pytest.raises(DataError) as caught:
        validate.run(with_arm(), workspace)
    (line,) = str(caught.value).splitlines()[1:]
    assert line.startswith("  treatments.probabilities: must be JSON with a probability for each action")
    assert "1 row (2.50 %)" in line
    assert "treatment_id=A38" in line


def test_treatments_of_another_arm_or_of_no_probability_are_refused_with_their_rows(workspace: Workspace) -> None:
    wrong = {"action": ["cal", "control", *["call"] * 38], "probability": [0.5, 0.0, 1.5, *[1.0] * 37]}
    write(workspace, treatments(**wrong))
    with pytest.raises(DataError) as caught:
        validate.run(with_arm(), workspace)
    assert str(caught.value).splitlines()[1:] == [
        (
            "  treatments.action: must be one of control, call: 1 row (2.50 %), such as 'cal'"
            " (first: treatment_id=A00, known_at=2024-03-01 13:00:00)"
        ),
        (
            "  treatments.probability: must be above 0 and at most 1: 2 rows (5.00 %), such as 0.0, 1.5"
            " (first: treatment_id=A01, known_at=2024-03-02 13:00:00)"
        ),
    ]


def test_nines_in_events_are_told_with_the_expression_that_takes_them_for_missing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = clean(TRANSACTIONS)
    parts[TRANSACTIONS_MARCH] = changed(parts[TRANSACTIONS_MARCH], amount=dict.fromkeys((1, 2, 3), 99999.0))
    write(workspace, parts)
    validate.run(spec(), workspace)
    told = json.loads((workspace.validation / "result.json").read_text())["warnings"]
    assert len(told) == 1 + sum("customers" in one for one in told)
    assert any(
        "transactions.amount: 99999 stands in 3 rows (first: customer_id=C01)" in one and "`nullif(..., 99999)`" in one
        for one in told
    )
    assert "nullif" in capsys.readouterr().err
