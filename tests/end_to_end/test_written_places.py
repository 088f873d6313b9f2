"""What a command writes lies where its help says, and all that its help names is there then."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import pages
from pipelines.stage_names import stages
from tests.end_to_end.repository import Repository
from tests.end_to_end.small_table import put_small_table

# The lock of the checkout, and what Python and DVC keep beside their work.
NOBODYS = re.compile(r"state/run\.lock|state/dvc\.log|.*__pycache__.*|\.git/.*|\.dvc/.*|.*\.lock")
PATH = re.compile(r"(?:data|artifacts|state|mlartifacts|mlflow\.db)[\w/.]*")


def files(root: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in root.rglob("*") if path.is_file())
    names = {str(path.relative_to(root)): path.stat() for path in found}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in names.items() if not NOBODYS.fullmatch(name)}


def places(command: str) -> list[str]:
    """The paths that the help names; those that follow a path without a folder lie beside it."""
    found: list[str] = []
    for line in pages()[command].writes:
        words = re.findall(r"[\w/]+\.\w+|[\w/]+/\w+", line.replace("SPEC", "shop"))
        found += [word for word in words if PATH.fullmatch(word)]
        beside = [one.rsplit("/", 1)[0] for one in found if "/" in one and "." in one.rsplit("/", 1)[1]]
        found += [f"{beside[-1]}/{word}" for word in words if "/" not in word and beside]
    return found


@pytest.fixture(scope="module")
def written(copy_of_repository: Callable[[], Repository]) -> dict[str, set[str]]:
    """The files that each stage has written or changed, and those that `data` has."""
    repository = copy_of_repository()
    path, found = put_small_table(repository), {}
    for words in (("data", "shop", path), *((stage, "shop") for stage in stages())):
        before = files(repository.root)
        ended = repository.run(*words) if words[0] == "data" else repository.act(*words)
        assert ended.returncode in (0, 3, 4), f"{words}: {ended.stderr}"
        found[words[0]] = {name for name, seen in files(repository.root).items() if before.get(name) != seen}
    return found


@pytest.mark.parametrize("command", ["data", *stages()])
def test_all_that_is_written_lies_where_the_help_says(written: dict[str, set[str]], command: str) -> None:
    named = [*places(command), *(["params.yaml"] if command == "data" else [])]
    # MLflow's database writes beside itself; `data` has git ignore what it adds.
    named += ["mlflow.db-wal", "mlflow.db-shm", "data/raw/.gitignore"]
    astray = [
        one for one in written[command] if not any(one == place or one.startswith(f"{place}/") for place in named)
    ]
    assert written[command]
    assert not astray


@pytest.mark.parametrize("command", ["data", *stages()])
def test_what_the_help_names_is_written(written: dict[str, set[str]], command: str) -> None:
    first = places(command)[0]
    assert any(one == first or one.startswith(f"{first}/") for one in written[command])
