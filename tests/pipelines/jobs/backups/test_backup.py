"""An archive brings back what was there, is verified before it replaces anything, and holds one moment of databases."""

import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import DataError
from pipelines.champion import ledger
from pipelines.champion.ledger import Entry, Ledger
from pipelines.cli import main
from pipelines.files import storage
from pipelines.jobs.backups import dumps, restoring
from pipelines.outreach.operations import database
from tests.pipelines.postgres_server import running_server

Checkout = Callable[..., Path]
COVERED = ("mlflow.db", "state/operations.db", "state/shop/study.db")


@pytest.fixture
def root(promoted: Checkout) -> Path:
    """A checkout with a champion, an operations database in use and a study."""
    found = promoted("1")
    database.opened(found)
    (found / "state/shop").mkdir(exist_ok=True)
    with closing(sqlite3.connect(found / "state/shop/study.db")) as connection, connection:
        connection.execute("CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name TEXT)")
        connection.execute("INSERT INTO studies VALUES (1, 'shop-0123')")
    return found


def content(root: Path) -> dict[str, str]:
    """All rows of the databases that a backup covers, but leases."""
    found = {}
    for name in COVERED:
        with closing(sqlite3.connect(root / name)) as connection:
            found[name] = "\n".join(line for line in connection.iterdump() if "holdfast_lease" not in line)
    return found


def wipe(root: Path) -> None:
    (root / "mlflow.db").unlink()
    shutil.rmtree(root / "state")


def champion(root: Path) -> str:
    return str(ledger.opened(root).entries("shop")[-1].body["champion_version"])


def test_what_was_wiped_comes_back_and_is_asked_for_only_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(root)
    assert main(["backup", "kept.tar.gz", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert [one["roles"] for one in plain["databases"]] == [["MLflow", "ledger"], ["operations"], ["study of shop"]]
    assert (root / "kept.tar.gz").stat().st_mode & 0o077 == 0
    assert main(["backup", "kept.tar.gz"]) == 2  # nobody's archive is overwritten
    wipe(root)
    assert main(["restore", "kept.tar.gz"]) == 0
    assert content(root) == before
    assert main(["restore", "kept.tar.gz"]) == 0  # one that was stopped half-way is said again
    assert main(["promote", "shop"]) == 0
    assert storage.read_json(root / "artifacts/shop/decision.json")["verdict"] == "NO_CHANGE"
    assert main(["registry", "check", "shop"]) == 0


def test_a_workspace_in_use_is_replaced_only_by_force(root: Path, checkout: Checkout, capsys) -> None:
    assert main(["backup", "kept.tar.gz"]) == 0
    checkout("2")
    assert main(["promote", "shop"]) == 0
    before = content(root)
    capsys.readouterr()
    assert main(["restore", "kept.tar.gz"]) == 2
    assert "MLflow, ledger at sqlite:///" in capsys.readouterr().err
    assert content(root) == before
    assert champion(root) == "2"
    assert main(["restore", "kept.tar.gz", "--force"]) == 0
    assert champion(root) == "1"


def test_another_workspace_that_was_only_looked_at_is_empty(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["backup", "kept.tar.gz"]) == 0
    before, other = content(root), root.parent / "other"
    shutil.copytree(root / "experiments", other / "experiments")
    monkeypatch.chdir(other)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow set it
    assert main(["status", "shop"]) == 0
    assert main(["alerts", "list", "shop"]) == 0
    assert main(["restore", str(root / "kept.tar.gz")]) == 0
    assert content(other) == before


def changed(source: Path, target: Path, edit: Callable[[str, bytes], bytes | None]) -> None:
    """An archive whose members were edited; None takes one away."""
    import io

    with tarfile.open(source) as before, tarfile.open(target, "w:gz") as after:
        for member in before.getmembers():
            found = edit(member.name, before.extractfile(member).read())
            if found is not None:
                member.size = len(found)
                after.addfile(member, io.BytesIO(found))


def flipped(name: str, content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1]) if name == "databases/1.db" else content


def lacking(name: str, content: bytes) -> bytes | None:
    return None if name == "databases/2.db" else content


def outside(name: str, content: bytes) -> bytes:
    return content.replace(b"databases/2.db", b"../../../x/2.db") if name == "manifest.json" else content


def newer(name: str, content: bytes) -> bytes:
    return content.replace(b'"format": 1', b'"format": 2') if name == "manifest.json" else content


@pytest.mark.parametrize("edit", [flipped, lacking, outside, newer], ids=lambda one: one.__name__)
def test_an_archive_that_is_not_what_it_says_changes_nothing(
    edit: Callable[[str, bytes], bytes | None], root: Path
) -> None:
    assert main(["backup", "kept.tar.gz"]) == 0
    changed(root / "kept.tar.gz", root / "other.tar.gz", edit)
    before, names = content(root), sorted(path.name for path in root.iterdir())
    assert main(["restore", "other.tar.gz", "--force"]) == 5
    assert content(root) == before
    assert sorted(path.name for path in root.iterdir()) == names


def test_half_an_archive_is_refused(root: Path) -> None:
    assert main(["backup", "kept.tar.gz"]) == 0
    whole = (root / "kept.tar.gz").read_bytes()
    (root / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not a whole archive"):
        restoring.restore(root, root / "half.tar.gz", force=True)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MLFLOW_TRACKING_URI", "http://u:hunter22@mlflow.example", "a server"),
        ("HOLDFAST_OPERATIONS_URI", "postgresql://u:hunter22@127.0.0.1:1/db", "pg_dump failed"),
    ],
)
def test_what_cannot_be_copied_is_refused_and_nothing_is_written(
    variable: str, value: str, words: str, root: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("HOLDFAST_LEDGER_URI", f"sqlite:///{root}/mlflow.db")
    capsys.readouterr()
    assert main(["backup", "kept.tar.gz"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "hunter22" not in said
    assert not (root / "kept.tar.gz").exists()


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_copy_is_of_one_moment_whoever_writes(journal: str, tmp_path: Path) -> None:
    source, wrote, ended = tmp_path / "source.db", threading.Event(), threading.Event()
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE debits (amount)")
        connection.execute("CREATE TABLE credits (amount)")

    def write() -> None:
        with closing(sqlite3.connect(source, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            while not ended.is_set():
                with connection:  # both, or none
                    connection.execute("INSERT INTO debits VALUES (randomblob(500))")
                    connection.execute("INSERT INTO credits VALUES (randomblob(500))")
                wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    for number in range(5):
        copy = tmp_path / f"{number}.db"
        wrote.clear()
        assert wrote.wait(30)
        dumps.copy_sqlite(source, copy)
        with closing(sqlite3.connect(copy)) as connection:
            counts.append(
                tuple(connection.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in ("debits", "credits"))
            )
    ended.set()
    writer.join()
    assert all(one == other for one, other in counts)
    assert counts[-1] > counts[0]


def test_postgresql_goes_back_to_the_copy_and_its_ledger_still_refuses_changes(tmp_path: Path) -> None:
    with running_server() as address:
        book = Ledger.open(address)
        assert dumps.filled(address) == []
        first = Entry.after((), "shop", {"words": "kept"})
        book.append(first)
        dumps.copy_postgresql(address, tmp_path / "dump")
        book.append(Entry.after((first,), "shop", {"words": "later"}))
        assert dumps.filled(address) == ["holdfast_ledger"]
        dumps.restore_postgresql(tmp_path / "dump", address)
        assert book.entries("shop") == (first,)
        with pytest.raises(sa.exc.DBAPIError), book.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM holdfast_ledger")


def test_only_paths_within_the_old_folder_are_moved(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE runs (artifact_uri TEXT)")
        given = ["file:///a/my%20house/x", "/a/my house/x", "file:///a/my%20house2/x", "s3://b/a/x"]
        connection.executemany("INSERT INTO runs VALUES (?)", [(one,) for one in given])
    dumps.move_paths(f"sqlite:///{path}", "/a/my house", "/new")
    with closing(sqlite3.connect(path)) as connection:
        found = [one for (one,) in connection.execute("SELECT artifact_uri FROM runs")]
    assert found == ["file:///new/x", "/new/x", given[2], given[3]]
