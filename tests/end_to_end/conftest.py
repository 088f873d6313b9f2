"""Whole runs in a copy of the repository, as a user would make them."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from pipelines import cli
from tests.end_to_end.loaded import Loaded, loaded
from tests.end_to_end.repository import TINY, Repository, environment


@pytest.fixture(scope="session")
def libraries() -> Iterator[Loaded]:
    """What has the libraries loaded, under the settings that a command makes for them."""
    with patch.dict(os.environ, environment(), clear=True):
        cli.settings_of_libraries()
        settings = dict(os.environ)
    with loaded(settings) as found:
        yield found


@pytest.fixture(scope="session")
def copy_of_repository(
    root: Path, tmp_path_factory: pytest.TempPathFactory, libraries: Loaded
) -> Callable[[], Repository]:
    """Makes fresh copies: every file that git tracks or would track, in a git repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    def copy() -> Repository:
        target = tmp_path_factory.mktemp("repository")
        for name in listed:
            if (root / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, target / name)
        (target / "dvc.lock").unlink(missing_ok=True)
        for words in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start"],
        ):
            subprocess.run(["git", *words], cwd=target, check=True, env=environment())
        return Repository(target, libraries)

    return copy


@pytest.fixture(scope="module")  # a test changes it
def tiny(copy_of_repository: Callable[[], Repository]) -> Repository:
    """A copy in which `demo` is a tiny world that was run once, from nothing to a champion."""
    repository = copy_of_repository()
    repository.spec("demo", "demo", **TINY, tuning={"trials": 4}, evaluation={"draws": 200})
    ended = repository.run("run", "demo")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FIRST_CHAMPION" in ended.stdout
    return repository
