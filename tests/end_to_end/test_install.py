"""`import holdfast` works once the project is installed, either way, whatever folder Python is started in."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.repository import Repository, environment

PROGRAM = """
import sys, holdfast
from features.catalog import all_features
from pipelines.models import portable
from pipelines.reporting import pages
print(holdfast.__file__)
print(holdfast.open("demo").name, len(all_features()) > 50, "class Scorer" in portable.scorer_text())
"""


@pytest.mark.parametrize("editable", [True, False], ids=["editable", "normal"])
def test_holdfast_can_be_imported_anywhere(
    copy_of_repository: Callable[[], Repository], tmp_path: Path, editable: bool
) -> None:
    source, venv, elsewhere = copy_of_repository().root, tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    uv = [str(Path(sys.executable).parent / "uv")]
    run = {"check": True, "cwd": elsewhere, "env": environment(), "capture_output": True, "text": True}
    subprocess.run([*uv, "venv", "-q", "--offline", "--python", sys.executable, str(venv)], **run)
    python = venv / "bin" / "python"
    own = next(venv.glob("lib/python3*/site-packages"))
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib"))  # those that the lock holds
    words = ["pip", "install", "-q", "--offline", "--no-deps", "--no-build-isolation", "--python", str(python)]
    subprocess.run([*uv, *words, *(["-e"] if editable else []), str(source)], **run)
    named = {**run, "env": {**environment(), "HOLDFAST_PROJECT": str(source)}}
    said = subprocess.run([str(python), "-I", "-c", PROGRAM], **named).stdout.splitlines()
    assert said[1] == "demo True True"
    where = source / "pipelines" / "api" if editable else own
    assert Path(said[0]) == where / "holdfast" / "__init__.py"
    assert not list(elsewhere.iterdir())
    shown = subprocess.run(["git", "status", "--short"], **{**run, "cwd": source}).stdout
    assert not shown, "an installation leaves nothing that git would take"
    if not editable:
        installed = {str(path.relative_to(own)) for path in own.rglob("*") if path.is_file()}
        tracked = subprocess.run(["git", "ls-files"], **{**run, "cwd": source}).stdout.splitlines()
        ours = {name for name in tracked if name.split(os.sep)[0] in ("features", "experiments", "pipelines")}
        assert ours - installed == set()
