"""A real PostgreSQL server that a test starts and ends."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

PROGRAMS = "/usr/lib/postgresql"


def program(name: str) -> str:
    """Where Debian puts it, or elsewhere on the path; without a server there is nothing to test."""
    found = sorted(Path(PROGRAMS).glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"no {name}; PostgreSQL's server is needed: apt-get install -y postgresql"
    return path


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a server of its own, which ends with the block."""
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
        connected(port).close()
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
