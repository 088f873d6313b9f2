"""The operations database as each revision made it: one SQL file a revision, with rows of every table.

`python -m tests.pipelines.outreach.operations.kept_schemas` writes that of the newest revision, as the code that is
imported makes it.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory

from pipelines.outreach.operations import assignment_rows, database
from pipelines.outreach.operations.tables import METADATA
from tests.pipelines import kept_sql
from tests.pipelines.postgres_server import running_server

FOLDER = Path(__file__).parent / "kept_schemas"
NOTE = 'says "it\'s 100 % fine"; 還沒好'

WARNING = {"spec": "demo", "rule": "complaints", "customer_id": "客户 7", "began_at": "2026-02-01T08:00:00"}
ROUND = {"spec": "demo", "as_of": "2026-03-01"}
ASSIGNMENT = {
    **ROUND,
    "customer_id": "客户 7",
    "place": 0,
    "action": "call",
    "proposed": "call",
    "withheld": False,
    "explored": True,
    "level": "high",
    "risk": 0.1 + 0.2,
    "expected_value": -3.25,
    "because": "drawn",
    "probabilities": json.dumps({"call": 0.9, "none": 0.1}),
    "reasons": json.dumps([["pays late", "付款晚"]], ensure_ascii=False),
    "next_best": "coupon",
    "warnings": json.dumps([{"rule": "complaints"}]),
    "value": 120.5,
    "segment": "loyal",
    "playbook_row": "2",
    "why_action": json.dumps(["it helped", "有效"], ensure_ascii=False),
}
WITHHELD = {
    **ASSIGNMENT,
    "customer_id": "o'hara",
    "place": 1,
    "action": "none",
    "withheld": True,
    "explored": False,
    "risk": 0.25,
    "expected_value": None,
    "value": None,
    "segment": None,
    "playbook_row": None,
    "why_action": None,
}
DONE = {
    "customer_id": "客户 7",
    "happened_at": "2026-03-02T10:00:00",
    "by": "desk",
    "known_at": "2026-03-03",
    "place": 0,
}
SHADOW = {
    "spec": "demo",
    "shadow": "3",
    "champion": "2",
    "as_of": "2026-03-01",
    "moment": "2026-03-01T00:00:00",
    "said": json.dumps({"churn_score": 0.1 + 0.2}),
}
# Of each table what a team may have in it; a revision has those tables and columns that there were.
EVERYTHING: dict[str, list[dict[str, Any]]] = {
    "holdfast_rounds": [
        {
            **ROUND,
            "written_at": "2026-03-01T00:00:01",
            "by": "ann@desk",
            "seed": "12345678901234567890",
            "control": 0.1,
            "explore": 0.05,
            "window_closes_at": "2026-06-15",
            "versions": json.dumps({"model": "3", "texts": None}),
        }
    ],
    "holdfast_assignments": [ASSIGNMENT, WITHHELD],
    "holdfast_warnings": [
        {
            **WARNING,
            "raised_at": "2026-02-01T09:00:00",
            "level": "high",
            "owner": "desk",
            "channel": "mail",
            "due_at": "2026-02-02T09:00:00",
            "escalates_to": None,
            "versions": "{}",
        }
    ],
    "holdfast_warning_events": [
        {
            **WARNING,
            "kind": "done",
            "happened_at": "2026-02-01T12:00:00",
            "known_at": "2026-02-01",
            "by": "eve",
            "note": NOTE,
        }
    ],
    "holdfast_deliveries": [
        {**WARNING, "receiver": "desk", "attempt": 1, "state": "begun", "at": "2026-02-01T09:00:01", "reason": None},
        {**WARNING, "receiver": "desk", "attempt": 1, "state": "failed", "at": "2026-02-01T09:00:09", "reason": NOTE},
    ],
    "holdfast_episodes": [{**WARNING, "fired": True, "last_fired_at": "2026-02-01T08:00:00", "as_of": "2026-02-03"}],
    "holdfast_contacts": [
        {
            "spec": "demo",
            "key": "k1",
            "contact": "c1",
            "action": "call",
            "outcome": "reached",
            "offer_taken": False,
            "cost": 2.5,
            "currency": "eur",
            "round": "2026-03-01",
            **DONE,
        }
    ],
    "holdfast_contact_notes": [{"spec": "demo", "key": "k1", "note": NOTE}],
    "holdfast_opt_outs": [
        {"key": "k2", "action": "all", "opted_out": True, "spec": "demo", **DONE, "customer_id": "c9"}
    ],
    "holdfast_outcomes": [{"spec": "demo", "key": "k3", "round": "2026-03-01", "churned": False, **DONE}],
    "holdfast_shadow_scores": [
        {**SHADOW, "version": "3", "customer_id": "客户 7", "known": json.dumps({"price": 9.5, "arm": None})},
        {**SHADOW, "version": "2", "customer_id": "客户 7", "known": None},
    ],
    "holdfast_events": [
        {
            "spec": "demo",
            "key": "crm-77",
            "number": 2,
            "canonical": "interactions",
            "customer_id": "客户 7",
            "known_at": "2026-03-04T10:00:00.000001",
            "row": json.dumps({"text": NOTE, "complaint": True}, ensure_ascii=False),
            "raw": None,
        },
        {
            "spec": "demo",
            "key": "billing/5",
            "number": 1,
            "canonical": "transactions",
            "customer_id": "o'hara",
            "known_at": "2026-03-04T10:00:00.000000",
            "row": json.dumps({"amount": 0.1 + 0.2}),
            "raw": json.dumps({"file": "payments.csv", "row": {"sum": "0,30"}}),
        },
    ],
    "holdfast_event_counts": [{"spec": "demo", "number": 3, "known_at": "2026-03-05T00:00:00.000000"}],
    "holdfast_answers": [
        {
            "number": 1,
            "spec": "demo",
            "customer_id": "客户 7",
            "version": "3",
            "answered_at": "2026-03-04T10:00:01",
            "digest": "cd" * 32,
            "score": 0.1 + 0.2,
            "advice": json.dumps({"action": "call"}),
            "event": 2,
            "kind": "event",
        },
        {
            "number": 2,
            "spec": "demo",
            "customer_id": None,
            "version": "3",
            "answered_at": "2026-03-04T10:00:02",
            "digest": "ef" * 32,
            "score": None,
            "advice": None,
            "event": None,
            "kind": "score",
        },
    ],
    "holdfast_service_keys": [
        {"hash": "01" * 32, "name": "crm", "role": "write", "added_at": "2026-03-01T08:00:00", "revoked_at": None},
        {
            "hash": "23" * 32,
            "name": "old",
            "role": "read",
            "added_at": "2026-02-01T08:00:00",
            "revoked_at": "2026-03-01",
        },
    ],
    "holdfast_erased": [{"salt": "00ff", "hash": "ab" * 32}],
    "holdfast_erasures": [
        {"pseudonym": "p1", "spec": "demo", "part": "files", "at": "2026-04-01", "by": "ann", "told": '{"rows": 3}'}
    ],
}


def revisions() -> list[str]:
    """Every revision that there is a migration for, oldest first."""
    return [one.revision for one in ScriptDirectory(str(database.MIGRATIONS)).walk_revisions()][::-1]


def file(revision: str) -> Path:
    """The file of a revision."""
    return FOLDER / f"{revision}.sql"


def made(where: str) -> list[str]:
    """The statements by which the imported code makes an empty database at this address."""
    with _set(database.ADDRESS, where), tempfile.TemporaryDirectory() as root:
        return kept_sql.recorded(lambda: database.opened(Path(root)))


def rows() -> list[str]:
    """INSERTs of all that this revision's tables can hold."""
    found = []
    for table in METADATA.sorted_tables:
        wanted = [
            {column.name: one[column.name] for column in table.columns if column.name in one}
            for one in EVERYTHING[table.name]
        ]
        if table.name == "holdfast_rounds":
            kept = [
                column.name for column in METADATA.tables["holdfast_assignments"].columns if column.name not in ROUND
            ]
            written = [{name: one[name] for name in kept} for one in EVERYTHING["holdfast_assignments"]]
            wanted[0]["digest"] = assignment_rows.digest(written)
        assert all(set(one) == {column.name for column in table.columns} for one in wanted), table.name
        for one in wanted:
            names = ", ".join(f'"{name}"' for name in one)
            found.append(f"INSERT INTO {table.name} ({names})\nVALUES ({', '.join(map(literal, one.values()))})")
    return found


def literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "NULL" if value is None else str(value).upper()
    return repr(value) if isinstance(value, int | float) else "'{}'".format(value.replace("'", "''"))


@contextmanager
def _set(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        os.environ.update({} if before is None else {name: before})


def write() -> Path:
    """Write the file of the newest revision."""
    path = file(revisions()[-1])
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        kept_sql.write(path, sqlite=made(f"sqlite:///{folder}/made.db"), postgresql=made(server), rows=rows())
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{write()}\n")
