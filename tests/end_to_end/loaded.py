"""A process that has the libraries loaded, of which every command of a test is a fork: loading them takes seconds.

Nothing of ours is loaded in it, so that a fork runs the code of the checkout in which it stands, as `python -m` would.
It is a script, not a module of the tests: `python loaded.py` listens on a socket in the folder that it is given.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

LIBRARIES = (
    *("numpy", "pandas", "pyarrow.parquet", "pyarrow.dataset", "duckdb", "ibis.backends.duckdb", "yaml", "pydantic"),
    *(
        "scipy.stats",
        "scipy.sparse",
        "sklearn.linear_model",
        "sklearn.preprocessing",
        "sklearn.metrics",
        "sklearn.isotonic",
    ),
    *("sklearn.compose", "sklearn.pipeline", "sklearn.model_selection", "lightgbm", "optuna", "optuna.samplers"),
    *("sqlalchemy", "alembic", "jinja2", "great_expectations", "mlflow", "mlflow.pyfunc"),
    *("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store", "numba", "psycopg"),
    *("matplotlib.figure", "matplotlib.style", "matplotlib.backends.backend_svg", "importlib_metadata"),
)
MIGRATED = Path(__file__).parents[1] / "migrated.py"
FORKED_CHILDREN = Path(__file__).with_name("forked_children.py")
# Among the words of its command, as which DVC's processes are known to each other.
KNOWN_AS = "for-dvc"
MESSAGE = 1 << 20
STARTS_SECONDS = 120.0


@contextlib.contextmanager
def loaded(environment: Mapping[str, str], empty_mlflow: Path) -> Iterator["Loaded"]:
    """The process, which ends with the block; environment is what the libraries see when they are loaded.

    empty_mlflow is where the empty database of MLflow lies, or will (`tests.migrated`).
    """
    with tempfile.TemporaryDirectory(prefix="loaded") as folder:
        address = Path(folder) / "listens"
        with subprocess.Popen(
            [sys.executable, "-P", __file__, str(address), str(empty_mlflow), KNOWN_AS], env=dict(environment)
        ) as process:
            try:
                until = time.monotonic() + STARTS_SECONDS
                while not address.exists() and process.poll() is None and time.monotonic() < until:
                    time.sleep(0.05)
                yield Loaded(address)
            finally:
                process.terminate()


class Started:
    """A command under way: its process, and in the end its code and what it said."""

    def __init__(self, address: str, words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        self._words, self._line = words, socket.socket(socket.AF_UNIX)
        self._said, self._complained = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115 - `ended` closes
        self._line.connect(address)
        asked = {"words": list(words), "cwd": str(cwd), "env": dict(env)}
        socket.send_fds(self._line, [json.dumps(asked).encode()], [self._said.fileno(), self._complained.fileno()])
        self._answers = self._line.makefile()
        self.number = int(self._answers.readline())

    def ended(self, timeout: float) -> subprocess.CompletedProcess[str]:
        """What it said, once it has ended. Raises TimeoutExpired, and then it is killed."""
        with self._line, self._said, self._complained:
            self._line.settimeout(timeout)
            try:
                code = int(self._answers.readline())
            except TimeoutError:
                os.kill(self.number, signal.SIGKILL)
                raise subprocess.TimeoutExpired(self._words, timeout) from None
            self._said.seek(0)
            self._complained.seek(0)
            return subprocess.CompletedProcess(self._words, code, self._said.read(), self._complained.read())


class Loaded:
    """Does commands in forks of the process that listens at an address."""

    def __init__(self, address: Path) -> None:
        self._address = str(address)

    def started(self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Started:
        """`python -m WORDS` in a folder, under way."""
        return Started(self._address, words, cwd, env)

    def run(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """`python -m WORDS` in a folder, and what it said. Raises TimeoutExpired."""
        return self.started(words, cwd=cwd, env=env).ended(timeout)


def _listen(address: str, empty_mlflow: str, _: str) -> None:
    """Load, and then do what is asked, each in a fork of its own."""
    for name in LIBRARIES:
        importlib.import_module(name)
    runpy.run_path(str(MIGRATED))["once"](Path(empty_mlflow))
    runpy.run_path(str(FORKED_CHILDREN))["be_forks"]()
    gc.collect()
    gc.freeze()  # no fork looks through them for garbage
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever waits for a fork is a fork of its own
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{address}.soon")
        door.listen()
        Path(f"{address}.soon").rename(address)
        while True:
            line, _ = door.accept()
            if not os.fork():
                door.close()
                _answer(line)
            line.close()


def _answer(line: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    message, files, _, _ = socket.recv_fds(line, MESSAGE, 2)
    child = os.fork()
    if not child:
        line.close()
        _do(**json.loads(message), files=files)
    line.sendall(f"{child}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        line.sendall(f"{code}\n".encode())
    os._exit(0)


def _do(words: list[str], *, cwd: str, env: dict[str, str], files: Sequence[int]) -> NoReturn:
    """Be the command, as a fork of this process with these files as its streams."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, file in enumerate([os.open(os.devnull, os.O_RDONLY), *files]):
        os.dup2(file, number)
        os.close(file)
    sys.path.insert(0, cwd)
    tempfile.tempdir = None
    importlib.invalidate_caches()
    runpy.run_path(str(FORKED_CHILDREN))["be"](words)
    raise AssertionError("a fork outlived its command")


if __name__ == "__main__":
    _listen(*sys.argv[1:])
