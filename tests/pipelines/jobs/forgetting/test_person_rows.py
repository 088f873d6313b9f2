"""Rows of a person in raw files: by a table's key and its joins; a row that others share stays."""

from pathlib import Path
from typing import Any

import pytest

from features.errors import UsageError
from features.event_log.options import EventLogOptions
from features.table_options import TableOptions
from pipelines.jobs.forgetting import person_rows
from pipelines.raw_data import raw_files

FILES = {
    "people.csv": "id,house,left\nc1,h1,no\n c2 ,h1,no\nc10,h2,yes\nc1,h3,no\n",
    "houses.csv": "house,street,town\nh1,Elm,t1\nh2,Oak,t1\nh3,Ash,t2\n",
    "towns.csv": "town,mayor\nt1,Smith\nt2,Jones\n",
    "calls.csv": "who,minutes\nc1,4\nc10,5\nc1,6\n,7\n",
}
JOINS = [
    {"file": "houses.csv", "key": "house", "by": "house"},
    {"file": "towns.csv", "key": "town", "by": "town", "of": "houses.csv"},
    {"file": "calls.csv", "key": "who"},
]
COLUMNS = {
    "left": {"type": "category", "role": "label"},
    "street": {"type": "category", "file": "houses.csv"},
    "mayor": {"type": "category", "file": "towns.csv"},
    "minutes": {"file": "calls.csv", "aggregate": "sum"},
}


def found(folder: Path, customer: str, **changes: Any) -> dict[str, list[int]]:
    for name, content in FILES.items():
        (folder / name).write_text(content)
    options = TableOptions.model_validate(
        {"kind": "table", "file": "people.csv", "key": "id", "joins": JOINS, "columns": COLUMNS, **changes}
    )
    with raw_files.opened(folder, {}) as files:
        rows = person_rows.of_table(files, options, customer)
    return {name: mask.nonzero()[0].tolist() for name, mask in rows.items()}


@pytest.mark.parametrize(
    ("customer", "rows"),
    [
        # House h1 is also c2's; h3 and its town are of nobody else.
        ("c1", {"people.csv": [0, 3], "houses.csv": [2], "towns.csv": [1], "calls.csv": [0, 2]}),
        ("c2", {"people.csv": [1]}),
        ("c10", {"people.csv": [2], "houses.csv": [1], "calls.csv": [1]}),
        ("c", {}),
        ("", {}),
    ],
)
def test_rows_of_a_table_and_of_what_is_joined_to_it(tmp_path: Path, customer: str, rows: dict[str, list[int]]) -> None:
    assert found(tmp_path, customer) == rows


def test_a_table_without_a_key_says_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no key"):
        found(tmp_path, "c1", key=None, joins=[], columns={"left": COLUMNS["left"]})


def test_rows_of_an_event_log_are_those_of_contacts_and_opt_outs_too(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,joined\nc1,2024-01-01\nc2,2024-01-02\n")
    (tmp_path / "calls.csv").write_text("who,day,what\nc2,2024-02-01,call\nc1,2024-02-01,call\n")
    (tmp_path / "no_[2].csv").write_text("who,day\nc1,2024-03-01\nc10,2024-03-01\n")
    columns = {"customer_id": "who", "event_at": "day"}
    options = EventLogOptions.model_validate(
        {
            "kind": "event_log",
            "time_zone": "UTC",
            "tables": {
                "customers": {
                    "files": "people.csv",
                    "columns": {"customer_id": "id", "event_at": "joined", "joined_at": "joined"},
                }
            },
            "contacts": {"files": "calls.csv", "columns": {**columns, "action": "what"}},
            "opt_outs": {"files": "no_[2].csv", "columns": columns},
        }
    )
    with raw_files.opened(tmp_path, {}) as files:
        rows = person_rows.of_event_log(files, options, "c1")
    assert {name: mask.nonzero()[0].tolist() for name, mask in rows.items()} == {
        "people.csv": [0],
        "calls.csv": [1],
        "no_[2].csv": [0],
    }
