"""A server or database that does not answer is told in a line, in 10 seconds at most."""

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from features.errors import HoldfastError, StorageError
from pipelines.servers import probe
from tests.end_to_end.repository import environment

ROOT = Path(__file__).parents[3]
AT_MOST = 10.0


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.socket() as open_port:
        open_port.bind(("127.0.0.1", 0))
        open_port.listen(20)
        yield int(open_port.getsockname()[1])


@contextmanager
def closed() -> Iterator[int]:
    """A port that refuses: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@contextmanager
def saying(code: int) -> Iterator[int]:
    """A web server that answers everything with a code."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(code)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def asked(address: str, monkeypatch: pytest.MonkeyPatch, *, writes: bool = True) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.delenv("HOLDFAST_LEDGER_URI", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    began = time.monotonic()
    try:
        probe.answers(Path("/nowhere"), writes=writes)
    finally:
        assert time.monotonic() - began < AT_MOST


@pytest.mark.parametrize("kind", [silent, closed])
@pytest.mark.parametrize("address", ["http://u:hunter2x@127.0.0.1:{}/x", "postgresql://u:hunter2x@127.0.0.1:{}/db"])
def test_who_is_silent_or_not_there_is_named_without_the_password(
    kind: type, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kind() as port, pytest.raises(StorageError, match="cannot be reached") as told:
        asked(address.format(port), monkeypatch)
    said = str(told.value)
    assert f"u:***@127.0.0.1:{port}" in said
    assert "hunter2x" not in said
    assert "MLFLOW_TRACKING_URI" in said
    assert "\n" not in said


@pytest.mark.parametrize("code", [401, 404])
def test_a_server_that_answers_anything_is_there(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(code) as port:
        asked(f"http://127.0.0.1:{port}", monkeypatch)


def test_a_gateway_before_a_server_that_is_down_is_not_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(503) as port, pytest.raises(StorageError, match="503"):
        asked(f"http://127.0.0.1:{port}", monkeypatch)


def test_a_driver_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HoldfastError, match="psycopg2"):
        asked("postgresql+psycopg2://u:hunter2x@127.0.0.1/db", monkeypatch)


def test_a_database_file_must_be_one_in_a_folder_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match=r"no folder .*/none for x\.db; make it"):
        asked(f"sqlite:///{tmp_path}/none/x.db", monkeypatch)
    (tmp_path / "text.db").write_text("this is a text and no database, however long it may be made for that")
    with pytest.raises(StorageError, match="no SQLite database"):
        asked(f"sqlite:///{tmp_path}/text.db", monkeypatch)
    asked(f"sqlite:///{tmp_path}/new.db", monkeypatch)
    assert not (tmp_path / "new.db").exists()


def test_a_database_that_another_locks_is_told_and_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.3)
    with closing(sqlite3.connect(tmp_path / "x.db")) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another program keeps it locked"):
            asked(f"sqlite:///{tmp_path}/x.db", monkeypatch)
        asked(f"sqlite:///{tmp_path}/x.db", monkeypatch, writes=False)


@pytest.mark.parametrize("words", ["run", "tune", "status", "score", "rollback", "registry check"])
def test_every_command_says_it_in_one_line(words: str, tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "specs").symlink_to(ROOT / "experiments" / "specs")
    with closed() as port:
        ended = subprocess.run(
            [sys.executable, "-m", "pipelines", *words.split(), "demo"],
            cwd=tmp_path,
            env={
                **environment(),
                "PYTHONPATH": str(ROOT),
                "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}",
                "HOLDFAST_LEDGER_URI": f"sqlite:///{tmp_path}/l.db",
                "no_proxy": "*",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert "cannot be reached" in ended.stderr
