"""A PostgreSQL table as raw data, from a real server that the test starts and ends."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, MissingError, UsageError
from pipelines import postgres

PROGRAMS = "/usr/lib/postgresql"
TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, who text, at timestamptz, paid numeric(10, 2), more jsonb);
INSERT INTO shop.orders VALUES
    (2, 'Zoë', '2024-07-01 12:00+02', 12.50, '{"a": 1}'), (1, NULL, '2024-01-01 00:00+00', 7, NULL);
CREATE TABLE shop.nothing (id bigint);
"""


def program(name: str) -> str:
    """Where Debian puts it, or elsewhere on the path; without a server there is nothing to test."""
    found = sorted(Path(PROGRAMS).glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"no {name}; PostgreSQL's server is needed: apt-get install -y postgresql"
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of its own, which ends with the test."""
    # Not in pytest's folder, which is closed to all but its owner.
    with tempfile.TemporaryDirectory(prefix="holdfast-postgres-") as folder:
        yield from _served(Path(folder))


def _served(data: Path) -> Iterator[str]:
    # initdb refuses root. With exec the process is the server itself, so that it is ended by its own id.
    run = []
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
        run = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    made = [*run, program("initdb"), "-D", str(data), "--auth=trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]
    subprocess.run([*made, "--locale=C"], check=True, capture_output=True, cwd=data)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
    running = subprocess.Popen(
        [*run, program("postgres"), "-D", str(data), "-p", str(port), *settings],
        cwd=data,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connected(port) as connection:
            connection.execute(TABLES)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        running.send_signal(signal.SIGINT)  # its fast shutdown
        running.wait(timeout=30)


def connected(port: int) -> psycopg.Connection:
    until = time.monotonic() + 30
    while True:
        try:
            return psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_a_table_becomes_a_file_in_its_own_types_and_in_a_fixed_order(server: str, tmp_path: Path) -> None:
    path = postgres.fetch(f"{server}?table=shop.orders", tmp_path)
    assert path == tmp_path / "orders.parquet"
    rows = pq.read_table(path).to_pylist()
    assert [(row["id"], row["who"], float(row["paid"])) for row in rows] == [(1, None, 7.0), (2, "Zoë", 12.5)]
    assert rows[1]["at"].isoformat() == "2024-07-01T10:00:00+00:00"
    first = path.read_bytes()
    with psycopg.connect(f"{server}") as connection:
        connection.execute("UPDATE shop.orders SET who = who")
    assert postgres.fetch(f"{server}?table=shop.orders", tmp_path).read_bytes() == first


def test_what_is_not_there_is_named(server: str, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no such table; there are \['nothing', 'orders'\]"):
        postgres.fetch(f"{server}?table=shop.order", tmp_path)
    with pytest.raises(DataError, match=r"shop\.nothing holds no rows"):
        postgres.fetch(f"{server}?table=shop.nothing", tmp_path)
    with pytest.raises(MissingError, match="no database at"):
        postgres.fetch(f"{server}_2?table=shop.orders", tmp_path)
    with pytest.raises(MissingError, match="no database at"):
        postgres.fetch("postgresql://127.0.0.1:1/shop?table=orders", tmp_path)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://host/shop", "names no table"),
        ("postgresql://host?table=orders", "names no table"),
        ("postgresql://me:secret@host/shop?table=orders", "holds a password; set PGPASSWORD"),
        ("postgresql://host:port/shop?table=orders", "Port"),
    ],
)
def test_an_address_says_where_and_which_table_and_no_password(address: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        postgres.fetch(address, tmp_path)
    assert "secret" not in str(caught.value)
