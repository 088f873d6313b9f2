"""A copy of the repository in which commands are typed one after the other; the libraries are loaded once for all.

Run in the copy (`python -m tests.end_to_end.workshop`), it reads a command a line, does each in a fork of its own, and
answers with the exit code and what was said.
"""

import gc
import importlib
import json
import os
import runpy
import shlex
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pytest

from tests.end_to_end.forked_children import be_forks
from tests.end_to_end.loaded import KNOWN_AS, LIBRARIES
from tests.end_to_end.repository import Repository, environment

# Loaded before any command; of ours, nothing that a page changes, and no module of tests.
LOADED = (
    *LIBRARIES,
    *("hypothesis", "hypothesis.extra.numpy", "sqlalchemy.exc", "pandas", "optuna.trial"),
    *("duckdb", "pyarrow.parquet", "ibis.backends.duckdb", "lightgbm", "numba", "scipy.stats", "sklearn.metrics"),
    *("pipelines.cli", "pipelines.jobs.listing", "pipelines.matrix.duckdb_engine", "pipelines.models.portable"),
    *("pipelines.specs.applicable_rules", "experiments.search.candidate", "experiments.statistics.kernels"),
    *("experiments.evaluation.comparison", "features.world.delivery"),
)
OF_PYTEST = ("-p", "no:cacheprovider")
SECONDS = 300


class Workshop:
    """The copy, and the process that does commands in it."""

    def __init__(self, repository: Repository) -> None:
        self.root = repository.root
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, KNOWN_AS],
            cwd=self.root,
            env={**environment(), "COLUMNS": "250", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()  # closes its input, at which it ends

    def do(self, command: str) -> tuple[int, str]:
        """The exit code of a command as a page writes it, and all that it says."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("it has no pipes")
        words, aside = shlex.split(command, comments=True), ""
        if words[-2:-1] == [">"]:
            words, aside = words[:-2], words[-1]
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if aside:
            (self.root / aside).write_text(answer["said"])
        return answer["code"], answer["said"]

    @contextmanager
    def holding(self, files: Mapping[str, str | None], added: Mapping[str, str]) -> Iterator[None]:
        """The copy with these files, and with more at the end of others."""
        texts = {name: text for name, text in files.items() if text is not None}
        texts |= {name: (self.root / name).read_text() + text for name, text in added.items()}
        before = {name: path.read_text() if (path := self.root / name).exists() else None for name in texts}
        try:
            for name, text in texts.items():
                (self.root / name).write_text(text)
            yield
        finally:
            for name, text in before.items():
                if text is None:
                    (self.root / name).unlink()
                else:
                    (self.root / name).write_text(text)


def serve() -> None:
    """Do the commands that come, until no more come."""
    for name in LOADED:
        importlib.import_module(name)
    importlib.import_module("tests.conformance.small_world").small_world()  # it keeps what it makes
    be_forks()
    gc.freeze()  # nobody looks through them for garbage
    for line in sys.stdin:
        with tempfile.TemporaryFile() as said:
            code = _forked(json.loads(line), said.fileno())
            said.seek(0)
            answer = {"code": code, "said": said.read().decode()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)  # nothing of its own is left to end


def _forked(words: list[str], said: int) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.dont_write_bytecode = True  # a file that is written twice a second would be taken for the one before
    importlib.invalidate_caches()
    code = 1
    try:
        code = _done(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - what Python would have said
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _done(words: list[str]) -> int:
    if words[0] == "pytest":
        return int(pytest.main([*words[1:], *OF_PYTEST]))
    if words[0] != "python":
        return subprocess.run(words, check=False).returncode
    sys.argv = words[1:] if words[1] != "-m" else words[2:]
    if words[1] == "-m":
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    elif words[1] == "-c":
        exec(words[2], {"__name__": "__main__"})  # noqa: S102 - code of a page
    else:
        runpy.run_path(words[1], run_name="__main__")
    return 0


if __name__ == "__main__":
    serve()
