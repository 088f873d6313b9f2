"""A checkout beside one in which a spec was run, with as many customers more as are wanted, served on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

READY_SECONDS = 3600


def enlarged(repository: Path, spec: str, *, folder: Path, copies: int) -> Path:
    """A checkout in folder in which every customer of the spec's tables stands so many times, under other names."""
    for one in repository.iterdir():
        if one.name not in ("data", "state"):
            (folder / one.name).symlink_to(one)
    old, new = Workspace(repository, spec), Workspace(folder, spec)
    for one in (old.matrix, old.reader):
        (folder / one.relative_to(repository)).parent.mkdir(parents=True, exist_ok=True)
        (folder / one.relative_to(repository)).symlink_to(one)
    for table in sorted(one for one in old.tables.iterdir() if one.is_dir()):
        (new.tables / table.name).mkdir(parents=True)
        columns = "* REPLACE (customer_id || $suffix AS customer_id)"
        for copy in range(copies):
            suffix = "" if copy == 0 else f"-{copy}"
            target = new.tables / table.name / f"copy-{copy:03}.parquet"
            query = columns.replace("$suffix", f"'{suffix}'")
            duckdb.sql(f"COPY (SELECT {query} FROM '{table}/*.parquet') TO '{target}' (FORMAT parquet)")
    shutil.copyfile(old.tables / "about.json", new.tables / "about.json")
    return folder


def customers(root: Path, spec: str, *, copies: int) -> list[str]:
    """The customers who are listed, under all of their names."""
    rows = duckdb.sql(f"SELECT customer_id FROM '{Workspace(root, spec).matrix}/score/*.parquet'").fetchall()
    return [one if copy == 0 else f"{one}-{copy}" for copy in range(copies) for (one,) in rows]


@dataclass(frozen=True)
class Service:
    """A service on loopback: port, process, and the seconds until it was ready."""

    port: int
    process: "subprocess.Popen[bytes]"
    seconds: float


@contextmanager
def served(root: Path, spec: str, *, database: Path | None = None) -> Iterator[Service]:
    """`serve SPEC` in a checkout, ready; its operations are kept in a database of its own where that is said."""
    command = [sys.executable, "-P", "-m", "pipelines", "-q", "serve", spec, "--without-keys", "--rate", "1000000"]
    settings = {"PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    settings |= {"HOLDFAST_OPERATIONS_URI": f"sqlite:///{database}"} if database else {}
    with _running(command, root, settings, ready="/ready") as one:
        yield one


@contextmanager
def served_by_mlflow(root: Path, spec: str) -> Iterator[Service]:
    """`mlflow models serve` of the champion of a spec, ready."""
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", f"models:/{spec}@champion"]
    settings = {"MLFLOW_TRACKING_URI": mlflow_runs.uri(root)}
    with _running([*command, "--env-manager", "local"], root, settings, ready="/ping") as one:
        yield one


@contextmanager
def _running(command: Sequence[str], root: Path, settings: Mapping[str, str], *, ready: str) -> Iterator[Service]:
    """A server on a free port of loopback, once it answers at the path `ready`."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    began, nowhere, settings = time.perf_counter(), subprocess.DEVNULL, {**os.environ, **settings}
    words = [*command, "--port", str(port)]
    with subprocess.Popen(words, cwd=root, env=settings, stdout=nowhere, stderr=nowhere) as process:
        try:
            _wait(process, port, ready)
            yield Service(port, process, time.perf_counter() - began)
        finally:
            process.terminate()


def _wait(server: "subprocess.Popen[bytes]", port: int, ready: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise AssertionError(f"the server ended with code {server.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not become ready")
