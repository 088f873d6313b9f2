"""`import holdfast` works once the project is installed, either way, whatever folder Python is started in."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.repository import Repository, environment

PROGRAM = """
import sys, holdfast
from features.catalog import all_features
from pipelines.models import scorer_text
from pipelines.reporting import pages
print(holdfast.__file__)
print(holdfast.open("demo").name, len(all_features()) > 50, "class Scorer" in scorer_text.text(["logistic"]))
"""


def done(*words: str | Path, cwd: Path, **variables: str) -> list[str]:
    """The lines that a command says."""
    said = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.splitlines()


@pytest.mark.parametrize("editable", [True, False], ids=["editable", "normal"])
def test_holdfast_can_be_imported_anywhere(
    copy_of_repository: Callable[[], Repository], tmp_path: Path, editable: bool
) -> None:
    source, venv, elsewhere = copy_of_repository().root, tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    uv, python = Path(sys.executable).parent / "uv", venv / "bin" / "python"
    done(uv, "venv", "-q", "--offline", "--python", sys.executable, venv, cwd=elsewhere)
    own = next(venv.glob("lib/python3*/site-packages"))
    libraries = [path for path in sys.path if path.endswith("site-packages")]  # of the lock, here already
    (own / "libraries.pth").write_text("\n".join(libraries))
    words = ("pip", "install", "-q", "--offline", "--no-deps", "--no-build-isolation", "--python", python)
    done(uv, *words, *(["-e"] if editable else []), source, cwd=elsewhere)
    said = done(python, "-I", "-c", PROGRAM, cwd=elsewhere, HOLDFAST_PROJECT=str(source))
    assert said[1] == "demo True True"
    where = source / "pipelines" / "api" if editable else own
    assert Path(said[0]) == where / "holdfast" / "__init__.py"
    assert not list(elsewhere.iterdir())
    assert done("git", "status", "--short", cwd=source) == []
    if not editable:
        installed = {str(path.relative_to(own)) for path in own.rglob("*") if path.is_file()}
        ours = done("git", "ls-files", "features", "experiments", "pipelines", cwd=source)
        assert len(ours) > 200
        assert set(ours) - installed == set()
