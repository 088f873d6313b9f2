"""What the machine does to us is told in a line with what to do, and a bug stays a bug."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from mlflow.exceptions import MlflowException

from features.errors import HoldfastError, StorageError, UsageError
from pipelines.files import storage
from pipelines.servers import faults

ROOT = Path(__file__).parents[3]


def told(work: Callable[[], Any], error: type[HoldfastError] = StorageError) -> str:
    with pytest.raises(error) as found, faults.Translated(Path("/root")):
        work()
    said = str(found.value)
    assert "\n" not in said
    return said


def full() -> None:
    with Path("/dev/full").open("w") as file:
        file.write("x" * 100_000)


def test_a_full_disk_is_told_whoever_meets_it(tmp_path: Path) -> None:
    assert "the disk is full; make room" in told(full)
    (tmp_path / "full").symlink_to("/dev/full")  # pyarrow removes what it could not write to its end
    assert "the disk is full" in told(lambda: pq.write_table(pa.table({"a": range(10**6)}), tmp_path / "full"))


def test_what_cannot_be_written_names_the_file() -> None:
    def refused() -> None:
        raise PermissionError(13, os.strerror(13), "/srv/state/run.lock")

    assert told(refused).startswith("/srv/state/run.lock: it cannot be written; make it writable")


def locked(path: Path, wrap: bool) -> None:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.1}, poolclass=sa.NullPool)
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")
        try:
            with engine.begin() as connection:
                connection.execute(sa.text("INSERT INTO t VALUES (1)"))
        except sa.exc.OperationalError as error:
            if not wrap:
                raise
            raise MlflowException(str(error)) from error


@pytest.mark.parametrize("wrap", [False, True], ids=["SQLAlchemy's", "MLflow's"])
def test_a_locked_database_is_told(tmp_path: Path, wrap: bool) -> None:
    assert "another program keeps it locked" in told(lambda: locked(tmp_path / "x.db", wrap))


def test_a_database_server_that_is_gone_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://u:hunter2x@db/x")

    def gone() -> None:
        raise psycopg.OperationalError("server closed the connection unexpectedly, dsn=postgresql://u:hunter2x@db/x")

    said = told(gone)
    assert "postgresql://u:***@db/x does not answer" in said
    assert "hunter2x" not in said


def test_a_server_that_does_not_let_us_in_is_wrong_use() -> None:
    error = MlflowException("no")
    error.error_code = "PERMISSION_DENIED"
    assert isinstance(faults.meaning(error, Path("/root")), UsageError)


def test_too_little_memory_says_how_to_give_more() -> None:
    def large() -> None:
        with duckdb.connect(config={"memory_limit": "1MB", "max_temp_directory_size": "0MB"}) as connection:
            connection.execute("SELECT count(*) FROM (SELECT DISTINCT hash(range) FROM range(10000000))").fetchall()

    assert "HOLDFAST_MEMORY_LIMIT" in told(large)


@pytest.mark.parametrize("bug", [TypeError("no"), KeyError("a"), MlflowException("no such parameter"), ValueError("x")])
def test_a_bug_stays_a_bug(bug: Exception) -> None:
    with pytest.raises(type(bug)), faults.Translated(Path("/root")):
        raise bug


def test_a_bug_on_the_way_from_a_full_disk_stays_a_bug() -> None:
    def bug() -> None:
        try:
            full()
        except OSError as error:
            raise TypeError("while tidying up") from error

    with pytest.raises(TypeError), faults.Translated(Path("/root")):
        bug()


LIMITED = """
import resource, sys
from pathlib import Path
from pipelines.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
sys.exit(main(sys.argv[1:]))
"""


def test_a_limit_on_the_size_of_files_is_a_line_of_ours(tmp_path: Path) -> None:
    """It stands in for the disk: the first file that is too large ends the command, and nothing half-written stays."""
    for name in ("experiments/specs", "data/raw/telco"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copyfile(ROOT / "experiments/specs/telco.yaml", tmp_path / "experiments/specs/telco.yaml")
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, "ingest", "telco"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    storage.write_json(path, {"old": 1})

    def half() -> None:
        with storage.replacing(path) as temporary:
            temporary.write_text("half")
            full()

    with pytest.raises(StorageError, match="make room, or the folder writable"):
        half()
    assert storage.read_json(path) == {"old": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
