"""Whole runs in a copy of the repository, as a user would make them."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import cache_from_source
from pathlib import Path
from unittest.mock import patch

import pytest

from pipelines import cli
from tests.end_to_end.loaded import Loaded, loaded
from tests.end_to_end.repository import TINY, Repository, environment
from tests.end_to_end.small_table import put_small_table


@pytest.fixture(scope="session")
def libraries(empty_mlflow: Path) -> Iterator[Loaded]:
    """What has the libraries loaded, under the settings that a command makes for them."""
    with patch.dict(os.environ, environment(), clear=True):
        cli.settings_of_libraries()
        settings = dict(os.environ)
    with loaded(settings, empty_mlflow) as found:
        yield found


@pytest.fixture(scope="session")
def copy_of_repository(
    root: Path, tmp_path_factory: pytest.TempPathFactory, libraries: Loaded
) -> Callable[[], Repository]:
    """Makes fresh copies: every file that git tracks or would track, in a git repository of its own.

    Code is compiled once and copied, too: to compile all in every copy takes up to five seconds each.
    """

    def compile_all() -> Repository:
        subprocess.run([sys.executable, "-m", "tests.end_to_end.compiled"], cwd=root, env=environment(), check=True)
        return Repository(root)

    made_once("compiled", compile_all, tmp_path_factory)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    code = [name for name in listed if name.endswith(".py")]
    loops = [str(path.relative_to(root)) for path in root.glob("experiments/*/__pycache__/*.nb[ci]")]
    copies = [*listed, *(cache_from_source(name) for name in code), *loops]

    def copy() -> Repository:
        target = tmp_path_factory.mktemp("repository")
        for name in copies:
            if (root / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, target / name)  # with its time, by which compiled code is known
        (target / "dvc.lock").unlink(missing_ok=True)
        without_reader(target / "experiments/specs/demo.yaml")
        for words in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start"],
        ):
            subprocess.run(["git", *words], cwd=target, check=True, env=environment())
        return Repository(target, libraries)

    return copy


def without_reader(demo: Path) -> None:
    """Take the pinned reader of texts out of the demo's spec: to make one takes half a minute, and its own world."""
    lines = [line for line in demo.read_text().splitlines(keepends=True) if not line.startswith("texts:")]
    demo.write_text("".join(lines))


def made_once(name: str, make: Callable[[], Repository], factory: pytest.TempPathFactory) -> Path:
    """Where the repository is that make gives; all workers share it: the first that asks makes it."""
    own = factory.getbasetemp()
    together = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    told = together / name
    with (together / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            told.write_text(str(make().root))
    return Path(told.read_text())


def run_once(repository: Repository, spec: str) -> Repository:
    """The repository after a run of a spec, from nothing to its first champion."""
    ended = repository.run("run", spec)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FIRST_CHAMPION" in ended.stdout
    return repository


def copied(run: Path, root: Path, libraries: Loaded) -> Repository:
    """A copy of a repository in which a spec was run, with a registry of its own."""
    shutil.copytree(run, root, symlinks=True)
    moved(root / "mlflow.db", str(run), str(root))
    return Repository(root, libraries)


@pytest.fixture(scope="session")
def tiny_once(copy_of_repository: Callable[[], Repository], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which `demo` is a tiny world that was run once, from nothing to a champion; nobody changes it."""

    def make() -> Repository:
        repository = copy_of_repository()
        repository.spec("demo", "demo", **TINY, tuning={"trials": 4}, evaluation={"draws": 200})
        return run_once(repository, "demo")

    return made_once("tiny", make, tmp_path_factory)


@pytest.fixture(scope="module")  # a test changes it
def tiny(tiny_once: Path, tmp_path_factory: pytest.TempPathFactory, libraries: Loaded) -> Repository:
    """A copy of the tiny world that was run, with a registry of its own."""
    return copied(tiny_once, tmp_path_factory.mktemp("tiny") / "repository", libraries)


@pytest.fixture(scope="session")
def shop_once(copy_of_repository: Callable[[], Repository], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which `shop`, the small table, was run once, from its file to a champion; nobody changes it."""

    def make() -> Repository:
        repository = copy_of_repository()
        added = repository.act("data", "shop", put_small_table(repository))
        assert added.returncode == 0, added.stderr
        return run_once(repository, "shop")

    return made_once("shop", make, tmp_path_factory)


@pytest.fixture
def shop_with_champion(shop_once: Path, tmp_path: Path, libraries: Loaded) -> Repository:
    """A copy of the small shop that was run, with a registry of its own: version 1 is its champion."""
    return copied(shop_once, tmp_path / "repository", libraries)


@pytest.fixture(scope="module")
def tiny_built(tiny_once: Path, tmp_path_factory: pytest.TempPathFactory, libraries: Loaded) -> Repository:
    """A copy of the tiny world up to its matrix: nothing was searched in it."""
    root = tmp_path_factory.mktemp("built") / "repository"
    learnt = [f"artifacts/demo/{name.name}" for name in (tiny_once / "artifacts/demo").iterdir()]
    left_out = {"state", "mlflow.db", "mlartifacts", "dvc.lock", *learnt} - {"artifacts/demo/validation"}
    shutil.copytree(
        tiny_once,
        root,
        symlinks=True,
        ignore=lambda folder, names: [
            name for name in names if str((Path(folder) / name).relative_to(tiny_once)) in left_out
        ],
    )
    return Repository(root, libraries)


def moved(database: Path, before: str, after: str) -> None:
    """Replace a folder in every text of a database, as MLflow keeps where each model lies."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for _, column, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
                if kind.upper().startswith(("VARCHAR", "TEXT")):
                    connection.execute(
                        f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) WHERE instr("{column}", ?)',
                        (before, after, before),
                    )
