"""`reproduce`: a version is made again from its commit and its data, and what differs is named.

That each family and learner gives the same bytes in another process is the law of tests/conformance/test_same_bytes.py.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
import yaml
from mlflow import MlflowClient

from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.small_table import SHOP, put_small_table

# An environment that takes no time: our Python, which says that it ran.
MAKEFILE = """
.venv/ready:
	@mkdir -p .venv/bin
	@printf '#!/bin/sh\\necho here >> {told}\\nexec {python} "$$@"\\n' > .venv/bin/python
	@chmod +x .venv/bin/python
"""


def git(root: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    ).stdout.strip()


def committed(root: Path) -> str:
    """The commit of all that there is."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", "changed", "--allow-empty")
    return git(root, "rev-parse", "HEAD")


def files(root: Path) -> dict[str, bytes]:
    """Every file of the checkout but for git's, and what DVC and a run write beside the work."""
    apart = (".git/", ".dvc/tmp/", "state/")
    found = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if not name.startswith(apart) and "__pycache__" not in name
    }


@pytest.fixture(scope="module")
def shop(copy_of_repository: Callable[[], Repository]) -> Iterator[Repository]:
    """A shop whose champion, version 1, was made of a commit; the lock was committed after the run, as CI does."""
    repository = copy_of_repository()
    assert repository.act("data", "shop", put_small_table(repository)).returncode == 0
    committed(repository.root)
    ended = repository.run("run", "shop")
    assert "FIRST_CHAMPION" in ended.stdout, ended.stdout + ended.stderr
    committed(repository.root)
    yield repository
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]


def registry(shop: Repository) -> MlflowClient:
    uri = f"sqlite:///{shop.root}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    return MlflowClient(uri, uri)


@contextmanager
def tagged(shop: Repository, **tags: str) -> Iterator[None]:
    """Version 1 with other tags; an empty one is taken away."""
    client = registry(shop)
    before = client.get_model_version("shop", "1").tags
    for name, value in tags.items():
        if value:
            client.set_model_version_tag("shop", "1", name, value)
        else:
            client.delete_model_version_tag("shop", "1", name)
    try:
        yield
    finally:
        for name in tags:
            if name in before:
                client.set_model_version_tag("shop", "1", name, before[name])
            else:
                client.delete_model_version_tag("shop", "1", name)


@contextmanager
def at_commit(shop: Repository, changes: dict[str, tuple[str, str]]) -> Iterator[str]:
    """A commit in which texts of files are replaced by others; the checkout is as before afterwards."""
    before = git(shop.root, "rev-parse", "HEAD")
    for name, (old, new) in changes.items():
        text = (shop.root / name).read_text()
        assert old in text
        (shop.root / name).write_text(text.replace(old, new) if old else new)
    made = committed(shop.root)
    git(shop.root, "reset", "-q", "--hard", before)
    yield made


@contextmanager
def without_cache(shop: Repository) -> Iterator[None]:
    """A checkout whose DVC cache has none of its files."""
    cache, aside = (shop.root / ".dvc" / name for name in ("cache", "aside"))
    cache.rename(aside)
    try:
        yield
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        aside.rename(cache)


def test_a_version_made_again_has_the_same_bytes_and_nothing_changes_here(shop: Repository) -> None:
    assert registry(shop).get_model_version("shop", "1").tags["git_commit"] == git(shop.root, "rev-parse", "HEAD~")
    changed = shop.root / "experiments/specs/shop.yaml"
    changed.write_text(yaml.safe_dump({**SHOP, "tuning": {"families": ["prior"], "trials": 1}}))  # since then
    judged = registry(shop).get_model_version("shop", "1")
    registry(shop).create_model_version("shop", judged.source, judged.run_id, tags={"twin_of": "1"})
    before = files(shop.root)
    ended = shop.run("reproduce", "shop", "2", "--json")
    assert files(shop.root) == before
    git(shop.root, "checkout", "-q", "--", str(changed))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert (found["same"], found["version"], found["refitted_version"]) == (True, "1", "2")
    assert {"model.json", "scorer.py", "contract.json"} <= set(found["files"])
    assert found["differs_from"] is None
    assert found["lock"].startswith("dvc.lock of commit ")
    assert [(one["name"], one["is_same"], one["inputs"]) for one in found["stages"]] == [
        (name, True, []) for name in ("ingest", "validate", "build", "tune", "train")
    ]
    assert "[version 1] train shop" in ended.stderr
    assert len(git(shop.root, "worktree", "list").splitlines()) == 1
    assert not list((shop.root / "state" / "tries").iterdir())


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"git_commit": "abcdef0123456789+changes"}, "was made of uncommitted changes of commit abcdef012345"),
        ({"git_commit": "none"}, "version 1 of 'shop' was made outside git"),
        ({"git_commit": ""}, "version 1 of 'shop' has no tag git_commit"),
        ({"data_hash": ""}, "version 1 of 'shop' has no tag data_hash"),
        ({"git_commit": "1" * 40}, "the commit 111111111111 of version 1 of 'shop' is not in this repository"),
        ({"git_commit": "first"}, "has no spec 'shop': version 1 of 'shop' was made of a file that was not committed"),
    ],
)
def test_what_no_commit_holds_cannot_be_made_again(shop: Repository, tags: dict[str, str], said: str) -> None:
    first = git(shop.root, "rev-list", "--max-parents=0", "HEAD")
    with tagged(shop, **{name: first if value == "first" else value for name, value in tags.items()}):
        ended = shop.act("reproduce", "shop", "champion")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert said in ended.stderr


def test_a_version_that_is_not_there_is_named_with_those_that_are(shop: Repository) -> None:
    ended = shop.act("reproduce", "shop", "9")
    assert ended.returncode == 2
    assert "'shop' has no version 9; there are [1" in ended.stderr
    assert shop.act("reproduce", "demo", "1").returncode == 2


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", "the raw data of version 1 of 'shop' are neither in DVC's cache nor in a remote"),
        (
            "[core]\n    remote = one\n['remote \"one\"']\n    url = ../state/empty\n",
            "the raw data of version 1 of 'shop' are neither in DVC's cache nor in a remote",
        ),
        ("[core]\n    remote = none\n", "the raw data of version 1 of 'shop' could not be pulled"),
    ],
)
def test_data_that_are_nowhere_are_said_so(shop: Repository, config: str, said: str) -> None:
    local = shop.root / ".dvc" / "config.local"
    local.write_text(config)
    with without_cache(shop):
        ended = shop.act("reproduce", "shop", "1")
    local.unlink()
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr
    assert not list((shop.root / "state" / "tries").iterdir())


def test_a_changed_file_of_the_registry_is_no_model_to_compare_with(shop: Repository) -> None:
    file = next((shop.root / "mlartifacts").rglob("artifacts/*/model.json"))
    before = file.read_bytes()
    file.write_bytes(before + b" ")
    ended = shop.act("reproduce", "shop", "1")
    file.write_bytes(before)
    assert ended.returncode == 5
    assert "version 1 of 'shop' is not the model that was registered" in ended.stderr


def test_a_planted_difference_is_named_with_its_stage_and_its_cause(shop: Repository) -> None:
    """The model is described by some rows less; its data come from a remote, its Python from its own environment."""
    told = shop.root / "state" / "told"
    assert shop.run("remote", "add", "-q", "--local", "-d", "there", "state/remote", module="dvc").returncode == 0
    assert shop.run("push", "-q", "data/raw/shop.dvc", module="dvc").returncode == 0
    changes = {
        "pipelines/stages/train.py": (
            "training[~opened.left_in_gap[training]])",
            "training[~opened.left_in_gap[training]][9:])",
        ),
        "Makefile": ("", MAKEFILE.format(told=told, python=sys.executable)),
    }
    with at_commit(shop, changes) as commit, tagged(shop, git_commit=commit, processor="another"), without_cache(shop):
        ended = shop.run("reproduce", "shop", "1", "--environment", "--json")
    assert ended.returncode == 5, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert found["files"]["model.json"] == "differs"
    assert found["differs_from"] == "train"
    stages = {one["name"]: one for one in found["stages"]}
    assert all(stages[name]["is_same"] for name in ("ingest", "validate", "build", "tune"))
    assert stages["train"]["inputs"] == ["pipelines/stages/train.py"]
    assert any("and it was another" in one for one in found["environment"])
    assert told.read_text().startswith("here"), "its own environment ran it"
