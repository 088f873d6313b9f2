"""Raw rows that are sent become the rows that the batch would make of them, by the same mappings."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import DataError
from features.source import Part
from pipelines.jobs.service.mapped_rows import Mapped, MappedRows
from pipelines.raw_data import raw_files
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace
from tests.pipelines.outreach.test_round_draw import spec_of

NOW = datetime(2026, 3, 10, 12)
ORDERS = {
    "customer_id": "mail",
    "event_at": "CAST(day AS TIMESTAMP)",
    "kind": "CASE WHEN back = 'yes' THEN 'refund' ELSE 'payment' END",
    "amount": "CAST(price AS DOUBLE) * factor",
}
SOURCE: dict[str, Any] = {
    "kind": "event_log",
    "time_zone": "Europe/Berlin",
    "identities": {"file": "mails.csv", "key": "mail", "customer_id": "id"},
    "tables": {
        "transactions": {
            "files": ["orders*.csv"],
            "identity": True,
            "recorded_in": "UTC",
            "rename": {"e-mail": "mail"},
            "look_up": {
                "factor": {"file": "goods.csv", "key": "good", "take": "CAST(factor AS INTEGER)", "by": "good"}
            },
            "drop": {"a test": "good = 'test'"},
            "columns": ORDERS,
        },
        "usage": [
            {"files": "clicks.csv", "columns": {"customer_id": "who", "event_at": "since"}},
            {
                "files": "orders*.csv",
                "rename": {"e-mail": "mail"},
                "columns": {"customer_id": "mail", "event_at": "day"},
            },
        ],
        "milestones": {
            "files": "bills.csv",
            "format": {"separator": ";", "decimal": ",", "thousands": ".", "numbers": ["sum"]},
            "columns": {"customer_id": "who", "event_at": "day", "step": "CAST(CAST(sum AS DOUBLE) AS VARCHAR)"},
        },
        "surveys": {
            "files": "answers.parquet",
            "columns": {
                "survey_id": "n",
                "customer_id": "who",
                "event_at": "day",
                "touchpoint": "'renewal'",
                "score": "points",
            },
        },
    },
}
FIRST = {"e-mail": "a@x", "day": "2026-01-05 23:30:00", "good": "g1", "price": "2.5", "back": ""}
ROWS = [
    {**FIRST, "price": "4", "day": "2026-03-09 23:30:00"},
    {**FIRST, "e-mail": "b@x", "good": "g2", "back": "yes"},
    {**FIRST, "e-mail": " b@x ", "price": "1e3"},
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    found = Workspace(tmp_path_factory.mktemp("shop"), "demo")
    found.raw.mkdir(parents=True)
    write(found.raw, [FIRST, {**FIRST, "good": "test"}])
    pd.DataFrame({"mail": ["a@x", "b@x"], "id": ["a", "b"]}).to_csv(found.raw / "mails.csv", index=False)
    pd.DataFrame({"good": ["g1", "g2"], "factor": [1, 10]}).to_csv(found.raw / "goods.csv", index=False)
    pd.DataFrame({"who": ["a"], "since": ["2026-01-01"]}).to_csv(found.raw / "clicks.csv", index=False)
    (found.raw / "bills.csv").write_text("who;day;sum\na;2026-01-02;1.000,5\n")
    answers = pd.DataFrame({"n": ["1"], "who": ["a"], "day": [datetime(2026, 1, 2)], "points": [7]})
    answers.to_parquet(found.raw / "answers.parquet", index=False)
    return found


def write(folder: Path, rows: list[dict[str, str]]) -> None:
    pd.DataFrame(rows).to_csv(folder / "orders.csv", index=False)


@pytest.fixture(scope="module")
def rows(workspace: Workspace) -> Iterator[MappedRows]:
    found = MappedRows(spec_of("demo", source=SOURCE), workspace)
    yield found
    found.close()


def one(found: list[list[Mapped]]) -> Mapped:
    ((mapped,),) = found
    return mapped


def test_they_are_the_rows_of_the_batch(rows: MappedRows, workspace: Workspace, tmp_path: Path) -> None:
    """Also in their made keys, so that the file that brings them later corrects them."""
    found = [one([mapped]) for mapped in rows.of("orders.csv", ROWS, now=NOW)]
    assert [mapped.state for mapped in found] == ["mapped"] * 3
    raw = tmp_path / "raw"
    raw.mkdir()
    for path in workspace.raw.iterdir():
        (raw / path.name).write_bytes(path.read_bytes())
    write(raw, [FIRST, *ROWS])
    source, options = source_of(spec_of("demo", source={**SOURCE, "refuse_unmapped_above": 1.0}))
    with raw_files.opened(raw, source.formats(options)) as files:
        parts = [
            part.rows for part in source.read(files, options) if isinstance(part, Part) and part.table == "transactions"
        ]
    batch = {row["transaction_id"]: row for part in parts for row in part.to_pylist()}
    for mapped in found:
        assert mapped.row is not None
        wanted = batch[mapped.row["transaction_id"]]
        plain = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in wanted.items() if v is not None}
        del plain["known_at"]
        assert mapped.row == plain
    assert [mapped.row["amount"] for mapped in found if mapped.row] == [4.0, 25.0, 1000.0]
    assert found[0].row["event_at"] == "2026-03-10T00:30:00", "by the clocks of the company"


def test_what_a_mapping_makes_no_row_of_says_why(rows: MappedRows) -> None:
    changes = [
        {"good": "test"},
        {"e-mail": ""},
        {"e-mail": "of@nobody"},
        {"day": "some day"},
        {"price": "dear"},
        {"day": "2026-03-11"},
    ]
    found = [one([mapped]) for mapped in rows.of("orders.csv", [{**FIRST, **change} for change in changes], now=NOW)]
    assert [(mapped.state, mapped.row) for mapped in found] == [
        *[("dropped", None), ("unmapped", None), ("unmapped", None), ("unmapped", None)],
        *[("refused", None), ("refused", None)],
    ]
    told = [
        "'a test'",
        "no customer_id",
        "without identity",
        "unreadable event_at",
        "amount cannot be read",
        "in the future",
    ]
    for mapped, words in zip(found, told, strict=True):
        assert words in mapped.why
        assert not {"dear", "of@nobody", "some day"} & set(mapped.why.split())


def test_equal_rows_are_the_same_row_in_one_call_and_in_two(rows: MappedRows) -> None:
    twice = rows.of("orders.csv", [FIRST, FIRST], now=NOW)
    assert twice[0] == twice[1] == rows.of("orders.csv", [FIRST], now=NOW)[0]
    assert rows.of("orders.csv", [], now=NOW) == []


def test_numbers_are_written_as_the_file_has_them(rows: MappedRows) -> None:
    sums = ["1.000,5", "12,5", "1.000", "7", "12.5"]
    found = rows.of("bills.csv", [{"who": "a", "day": "2026-01-02", "sum": one} for one in sums], now=NOW)
    steps = [mapped.row["step"] for (mapped,) in found if mapped.row]
    assert steps == ["1000.5", "12.5", "1000.0", "7.0"]
    assert one(found[-1:]).state == "refused", "in the file, 12.5 is no number"


def test_files_with_types_of_their_own(rows: MappedRows) -> None:
    sent = {"n": "2", "who": "b", "day": "2026-03-01T10:00:00", "points": "8"}
    good, bad = rows.of("answers.parquet", [sent, {**sent, "points": "many"}], now=NOW)
    assert one([good]).row == {
        "survey_id": "2", "customer_id": "b", "event_at": "2026-03-01T10:00:00", "touchpoint": "renewal", "score": 8.0
    }  # fmt: skip
    assert (one([bad]).state, one([bad]).why) == (
        "refused",
        "answers.parquet: column 'points' cannot be read as BIGINT.",
    )


def test_what_is_no_row_of_a_file_is_refused(rows: MappedRows) -> None:
    wrong = [{**FIRST, "prize": "5"}, {**FIRST, "price": 5}, {**FIRST, "good": "a\0"}, {**FIRST, "good": "\ud800"}]
    found = rows.of("orders.csv", [*wrong, FIRST], now=NOW)
    assert [one([mapped]).state for mapped in found] == ["refused"] * 4 + ["mapped"]
    assert "no column 'prize'; the nearest: ['price']" in one(found[:1]).why
    assert rows.files == ["answers.parquet", "bills.csv", "orders.csv"]
    with pytest.raises(DataError, match="send the day's total to table `usage`"):
        rows.of("clicks.csv", [{"who": "a", "since": "2026-01-01"}], now=NOW)
    for none in ("mails.csv", "orders2.csv", "x" * 1000):
        with pytest.raises(DataError, match="no mapping of the spec reads a file"):
            rows.of(none, [], now=NOW)
