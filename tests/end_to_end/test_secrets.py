"""With a password in every address, no command shows one, and no file holds one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.small_table import put_small_table
from tests.pipelines.postgres_server import running_server

SECRETS = ("tracking-hunter2", "ledger-hunter2", "table-hunter2")
TRACKING, LEDGER, TABLE = SECRETS


@dataclass(frozen=True)
class Shop:
    """A repository whose runs and ledger lie in databases behind passwords."""

    repository: Repository
    server: str

    def say(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        addresses = {
            "MLFLOW_TRACKING_URI": self.address(TRACKING),
            "HOLDFAST_LEDGER_URI": self.address(LEDGER, "ledger"),
        }
        return self.repository.run(*words, variables={**addresses, **variables})

    def address(self, password: str, database: str = "postgres") -> str:
        return self.server.replace("postgres@", f"postgres:{password}@").removesuffix("postgres") + database


@pytest.fixture(scope="module")
def shop(copy_of_repository: Callable[[], Repository]) -> Iterator[Shop]:
    repository = copy_of_repository()
    path = put_small_table(repository)
    with running_server() as server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE ledger")
        found = Shop(repository, server)
        assert found.say("data", "shop", path).returncode == 0
        yield found


def clean(ended: subprocess.CompletedProcess[str]) -> str:
    said = ended.stdout + ended.stderr
    assert not [secret for secret in SECRETS if secret in said], said
    return said


def files_with_secrets(root: Path) -> list[Path]:
    wanted = [secret.encode() for secret in SECRETS]
    ours = root / "tests"  # this file says them
    files = [path for path in root.rglob("*") if path.is_file() and ours not in path.parents]
    return [path for path in files if any(secret in path.read_bytes() for secret in wanted)]


def rows_with_secrets(shop: Shop) -> list[str]:
    """Tables of both databases of which a row, as text, holds a secret."""
    found = []
    for database in ("postgres", "ledger"):
        with psycopg.connect(shop.address(TRACKING, database)) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (name,) in names:
                rows = connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()
                found += [name for (row,) in rows if any(secret in row for secret in SECRETS)]
    return found


@pytest.mark.slow
def test_no_command_shows_a_password_and_no_file_or_row_holds_one(shop: Shop) -> None:
    ran = shop.say("run", "shop")
    assert ran.returncode == 0, ran.stderr
    assert 'mlflow ui --backend-store-uri "$MLFLOW_TRACKING_URI"' in clean(ran)
    for words in (
        "status shop",
        "history shop --whole",
        "register shop",
        "promote shop --force --reason why",
        "score shop",
        "approve shop 1",
        "rollback shop",
        "registry check shop",
        "registry restore shop",
        "registry delete shop 1",
        "list specs",
        f"data shop {shop.address(TABLE)}",
        f"data shop {shop.address(TABLE)}?table=public.none",
        f"data shop {shop.server}?table=none&password={TABLE}",
        f"data shop {shop.server.rpartition(':')[0]}:port/db?table=none&password={TABLE}",
    ):
        clean(shop.say(*words.split()))
    assert not files_with_secrets(shop.repository.root)
    assert not rows_with_secrets(shop)


@pytest.mark.parametrize("variable", ["MLFLOW_TRACKING_URI", "HOLDFAST_LEDGER_URI"])
@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{TRACKING}@127.0.0.1:1/db",
        f"postgresql://127.0.0.1:1/db?user=u&password={TRACKING}",
        f"postgresql+none://u:{TRACKING}@127.0.0.1:1/db",
        f"postgresql://u:{TRACKING}@127.0.0.1:port/db",
        f"mysql://u:{TRACKING}@127.0.0.1:1/db",
        f"http://u:{TRACKING}@127.0.0.1:1",
        f"https://{TRACKING}@127.0.0.1:1/?token={TRACKING}",
        f"none://u:{TRACKING}@x",
        f"sqlite:////nowhere/x.db?password={TRACKING}",
    ],
)
def test_an_address_that_is_no_good_is_told_without_its_password(shop: Shop, variable: str, address: str) -> None:
    other = {"MLFLOW_TRACKING_URI", "HOLDFAST_LEDGER_URI"} - {variable}
    ended = shop.say("status", "shop", **{variable: address}, **{other.pop(): "sqlite:///mlflow.db"})
    assert ended.returncode != 0
    clean(ended)


def test_a_bug_shows_its_traceback_without_the_password(shop: Shop) -> None:
    program = (
        "import sys; from pipelines.processes import stopping\n"
        "def fails(words): raise TypeError(f'a bug at {sys.argv[1]}')\n"
        "sys.exit(stopping.guard(['status', 'shop'], fails))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, shop.address(TRACKING)],
        cwd=shop.repository.root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" in clean(ended)
    assert "a bug at postgresql://postgres:***@" in ended.stderr
