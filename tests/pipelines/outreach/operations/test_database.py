"""The operations database: made once by migrations, append-only, on SQLite and PostgreSQL, by two at once."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.pool import QueuePool

from features.errors import StorageError, UsageError
from pipelines.outreach.operations import database, received_events
from pipelines.outreach.operations.received_events import Event
from pipelines.outreach.operations.tables import APPEND_ONLY, METADATA, ROUNDS, VERSION_TABLE

ROW = {
    "spec": "demo",
    "as_of": "2026-01-01",
    "written_at": "now",
    "by": "desk",
    "seed": "1",
    "control": 0.1,
    "explore": 0.0,
    "window_closes_at": "2026-03-01",
    "versions": "{}",
    "digest": "",
}


@pytest.fixture
def root(database_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(database.ADDRESS, database_address)
    return tmp_path


def test_the_migrations_make_the_tables_that_the_code_knows(root: Path) -> None:
    engine = database.opened(root)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
            },
        )
        assert compare_metadata(context, METADATA) == []


def test_opened_again_it_is_the_same(root: Path) -> None:
    engine = database.opened(root)
    row = {**ROW, "as_of": "2026-02-01"}
    with engine.begin() as connection:
        connection.execute(sa.insert(ROUNDS), row)
    with database.opened(root).connect() as connection:
        assert connection.execute(sa.select(ROUNDS).where(ROUNDS.c.as_of == "2026-02-01")).mappings().one() == row


def test_what_was_written_cannot_be_changed(root: Path) -> None:
    engine = database.opened(root)
    with engine.begin() as connection:
        connection.execute(sa.insert(ROUNDS), ROW)
    changes = ["UPDATE holdfast_rounds SET control = 0", "DELETE FROM holdfast_rounds"]
    if engine.dialect.name == "sqlite":
        changes.append("INSERT OR REPLACE INTO holdfast_rounds SELECT * FROM holdfast_rounds")
    for change in changes:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(change)
    with engine.connect() as connection:
        assert connection.execute(sa.select(ROUNDS.c.control).where(ROUNDS.c.as_of == ROW["as_of"])).scalar() == 0.1


def test_every_table_of_events_has_its_triggers(root: Path) -> None:
    engine = database.opened(root)
    asked = (
        "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT DISTINCT event_object_table FROM information_schema.triggers"
    )
    with engine.connect() as connection:
        assert set(connection.exec_driver_sql(asked).scalars()) >= {table.name for table in APPEND_ONLY}


def test_two_processes_that_open_it_first_both_succeed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pipelines.outreach.operations import database as d;"
        "print(len(d.opened(Path(sys.argv[1])).dialect.name))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [(one.communicate()[0].strip(), one.returncode) for one in both] == [("6", 0), ("6", 0)]


def test_it_lies_in_state_unless_said_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    database.opened(tmp_path)
    assert (tmp_path / "state" / "operations.db").exists()


def test_addresses_that_are_none_and_servers_that_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(database.ADDRESS, "mysql://host/db")
    with pytest.raises(UsageError, match="begins with 'mysql:'"):
        database.opened(tmp_path)
    for kept_nowhere in ("sqlite://", "sqlite:///:memory:"):
        monkeypatch.setenv(database.ADDRESS, kept_nowhere)
        with pytest.raises(UsageError, match="kept nowhere"):
            database.opened(tmp_path)
    for no_driver in ("postgresql+nonsense://host/db", "postgresql+pg8000://host/db"):
        monkeypatch.setenv(database.ADDRESS, no_driver)
        with pytest.raises(UsageError, match="the address of the operations database is not one"):
            database.opened(tmp_path)
    monkeypatch.setenv(database.ADDRESS, "postgresql://me:secret@127.0.0.1:1/db")
    with pytest.raises(StorageError, match="operations database") as told:
        database.opened(tmp_path)
    assert "secret" not in str(told.value)


def test_kept_connections_do_not_write_to_a_file_that_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    kept = database.opened(tmp_path, pooled=True)
    assert received_events.newest(kept, "demo") == (0, None)
    for path in (tmp_path / "state").iterdir():
        path.unlink()
    anew = database.opened(tmp_path)
    event = Event("k", "surveys", "c1", {"survey_id": "s", "customer_id": "c1", "event_at": "2026-01-01T00:00:00"})
    received_events.keep(kept, "demo", [event], now=datetime(2026, 1, 1))
    assert received_events.counted(anew, "demo") == (1, 1)
    kept.dispose()


def test_a_database_whose_connections_are_all_in_use_does_not_answer(tmp_path: Path) -> None:
    busy = sa.create_engine(
        f"sqlite:///{tmp_path}/some.db", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    with busy.connect(), pytest.raises(StorageError, match="could not be read or written"):
        received_events.newest(busy, "demo")
    busy.dispose()
