"""`doctor` finds each fault that is planted, says the remedy, and changes nothing."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from pipelines.champion import lease_table
from pipelines.champion.ledger import Ledger
from pipelines.cli import main
from pipelines.files import storage
from pipelines.jobs.care import installed, machine
from pipelines.outreach.operations import database
from pipelines.processes import orphans, processes, scratch

Checkout = Callable[..., Path]


def gone() -> processes.Process:
    """A process of this machine that has ended."""
    return replace(processes.this(), started="1")


def execute(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root}/mlflow.db", f"sqlite:///{root}/mlflow.db")


@pytest.fixture
def root(promoted: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a champion and all databases."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = promoted("1")
    database.opened(found)
    return found


def told(capsys: pytest.CaptureFixture[str], code: int) -> list[dict[str, str]]:
    capsys.readouterr()
    assert main(["doctor", "shop", "--json"]) == code
    plain = json.loads(capsys.readouterr().out)
    assert bool(plain["errors"]) == (code == 5)
    return plain["findings"]


def tree(root: Path) -> dict[str, str]:
    """Every file with its digest; folders too. The file by which readers of a WAL find each other holds no data."""
    return {
        str(path): storage.digest(path) if path.is_file() else ""
        for path in root.rglob("*")
        if not path.name.endswith(("-shm", "-wal"))
    }


def test_where_all_is_well_there_is_no_error_and_nothing_is_changed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(root)
    found = told(capsys, 0)
    assert tree(root) == before
    assert {one["about"] for one in found if one["level"] == "ok"} >= {
        "MLflow",
        "ledger",
        "operations database",
        "clock",
        "time zone",
        "locks",
        "spec shop",
    }
    assert "alias champion at version 1, as the ledger says" in str(found)
    # The shop registers four versions, of which one was judged.
    assert "no entry of the ledger knows version 2, 3, 4" in str(found)


def test_an_untouched_checkout_stays_untouched(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout("1")
    (root / "mlflow.db").unlink()
    before = tree(root)
    assert not [one for one in told(capsys, 0) if one["level"] == "error"]
    assert tree(root) == before


def alias_moved(root: Path) -> None:
    client(root).set_registered_model_alias("shop", "champion", "2")


def older_operations(root: Path) -> None:
    execute(root / "state/operations.db", "UPDATE holdfast_operations_version SET version_num = '0002'")


def unknown_operations(root: Path) -> None:
    execute(root / "state/operations.db", "UPDATE holdfast_operations_version SET version_num = 'm9999'")


def older_mlflow(root: Path) -> None:
    execute(root / "mlflow.db", "UPDATE alembic_version SET version_num = 'bd07f7e963c5'")


def damaged_operations(root: Path) -> None:
    (root / "state/operations.db").write_bytes(b"no database at all, but long enough to be looked at" * 40)


def killed_run(root: Path) -> None:
    told = {"what": "run shop", "since": "2026-01-01", "mark": "1 0", "pid": 1}
    (root / "state" / "run.lock").write_text(json.dumps(told))


def killed_dvc(root: Path) -> None:
    storage.write_json(root / ".dvc/tmp/rwlock", {"write": {"a": {"pid": 2**22 + 1, "cmd": "dvc repro"}}})


def killed_command(root: Path) -> None:
    folder = root.parent / f"{scratch.PREFIX}gone"
    storage.write_json(folder / scratch.OWNER, gone().to_dict())


def killed_holder(root: Path) -> None:
    engine = Ledger.open(f"sqlite:///{root}/mlflow.db").engine
    with engine.begin() as connection:
        lease_table.alone(connection)
        connection.execute(lease_table.TABLE.delete())
        row = {"spec": "shop", "token": "t", "since": 0.0, "renewed": 0.0, "expiry": time.time() + 1000}
        connection.execute(lease_table.TABLE.insert(), {**row, "holder": json.dumps(gone().to_dict())})


def killed_writer(root: Path) -> None:
    experiment = client(root).get_experiment_by_name("shop").experiment_id
    client(root).create_run(experiment, tags={orphans.OWNER: json.dumps(gone().to_dict())})


def run_of_no_study(root: Path) -> None:
    experiment = client(root).get_experiment_by_name("shop").experiment_id
    made = client(root).create_run(experiment, run_name="study shop-0123456789ab")
    client(root).set_terminated(made.info.run_id)


def broken_spec(root: Path) -> None:
    (root / "experiments/specs/shop.yaml").write_text("title: [")


FAULTS = {
    alias_moved: ("error", "spec shop", "the alias champion shows version 2, but the ledger says version 1"),
    older_operations: ("warning", "operations database", "of version 0002, older than"),
    unknown_operations: ("error", "operations database", "of version m9999, which is not known here"),
    older_mlflow: ("warning", "MLflow", "of version bd07f7e963c5, older than"),
    damaged_operations: ("error", "operations database", "it is no SQLite database"),
    killed_run: ("warning", "locks", "run shop was killed"),
    killed_dvc: ("warning", "locks", "a DVC that was killed holds paths"),
    killed_command: ("warning", "locks", "1 temporary folder of killed commands"),
    killed_holder: ("warning", "locks", "a lease on 'shop' since 1970-01-01"),
    killed_writer: ("warning", "locks", "1 run of MLflow of 'shop'"),
    run_of_no_study: ("warning", "spec shop", "1 run of MLflow of no study"),
    broken_spec: ("error", "spec shop", "shop.yaml"),
}


# Those that do not hide one another are planted together: each look takes a second.
TOGETHER = {
    "killed and moved": [
        *(alias_moved, unknown_operations, killed_run, killed_dvc, killed_command, killed_holder, killed_writer),
        run_of_no_study,
    ],
    "older": [older_operations, older_mlflow],
    "broken": [damaged_operations, broken_spec],
}


@pytest.mark.parametrize("faults", TOGETHER.values(), ids=TOGETHER)
def test_a_planted_fault_is_a_line_and_is_left_as_it_is(
    faults: list[Callable[[Path], None]], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy = told(capsys, 0)
    for plant in faults:
        plant(root)
    before = tree(root.parent)
    found = told(capsys, 5 if any(FAULTS[plant][0] == "error" for plant in faults) else 0)
    assert tree(root.parent) == before
    for level, about, words in (FAULTS[plant] for plant in faults):
        assert not [one for one in healthy if words in one["words"]]
        lines = [one for one in found if words in one["words"]]
        assert [(one["level"], one["about"]) for one in lines] == [(level, about)]
        assert lines[0]["remedy"] or level == "error"  # an error's own message ends with its remedy


def test_every_fault_is_planted() -> None:
    assert {one for each in TOGETHER.values() for one in each} == set(FAULTS)


@pytest.mark.parametrize(
    ("variable", "value", "about", "words"),
    [
        (
            "HOLDFAST_OPERATIONS_URI",
            "postgresql://me:secret@127.0.0.1:1/db",
            "operations database",
            "cannot be reached",
        ),
        ("HOLDFAST_LEDGER_URI", "mysql://host/db", "servers", "begins with 'mysql:'"),
        ("HOLDFAST_LEDGER_URI", "sqlite:///lost.db", "spec shop", "and there is no ledger: it was lost"),
        ("TZ", "Mars/Olympus", "time zone", "Mars/Olympus"),
    ],
)
def test_a_wrong_address_or_time_zone_is_an_error(
    variable: str, value: str, about: str, words: str, root: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    before = tree(root)
    found = told(capsys, 5)
    assert [one["about"] for one in found if words in one["words"] and one["level"] == "error"] == [about]
    assert "secret" not in str(found)
    assert tree(root) == before


def test_a_remote_of_dvc_that_is_not_mounted_is_an_error(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("[core]\n    remote = far\n['remote \"far\"']\n    url = ../far\n")
    assert [one["words"] for one in told(capsys, 5) if one["about"] == "DVC remote"] == [
        f"far at {root}/far is not there"
    ]
    (root / "far").mkdir()
    assert [one["level"] for one in told(capsys, 0) if one["about"] == "DVC remote"] == ["ok"]


@pytest.mark.parametrize(("free", "level"), [(4.0, "ok"), (3.9, "warning"), (1.0, "warning"), (0.9, "error")])
def test_room_on_a_disk_is_judged_by_what_a_run_needs(free: float, level: str) -> None:
    assert machine.room("the checkout", int(free * 1e9), int(1e9)).level == level


def test_the_clock_is_held_to_the_newest_entry_of_the_ledger() -> None:
    assert [one.level for one in machine.clock((), (), "2001-01-01T00:00:00+00:00")] == ["ok", "ok"]
    ahead = next(iter(machine.clock((), (), "2999-01-01T00:00:00+00:00")))
    assert (ahead.level, ahead.about) == ("error", "clock")


LOCK = "numpy==2.0 \\\n    --hash=x\nold_one==1.0 ; python_full_version < '3' \\\nold_one==2.0 \\\nextra==1 ; x \\\n"


@pytest.mark.parametrize(
    ("there", "level", "words"),
    [
        ({"numpy": "2.0", "old-one": "1.0"}, "ok", "3 as"),
        ({"numpy": "2.1", "old-one": "2.0"}, "warning", "numpy is 2.1, not 2.0"),
        ({"numpy": "2.0"}, "warning", "old-one is missing"),
        ({"old-one": "2.0"}, "error", "numpy is missing"),
    ],
)
def test_packages_are_held_to_the_lock(there: dict[str, str], level: str, words: str) -> None:
    found = installed.packages(LOCK, there, {"numpy"})
    assert found.level == level
    assert found.words.startswith(words)


def test_another_python_is_an_error() -> None:
    wanted = ">=3.11,<3.12"
    assert [installed.python(wanted, one).level for one in ((3, 11, 7), (3, 12, 0), (3, 10, 9))] == [
        "ok",
        "error",
        "error",
    ]
