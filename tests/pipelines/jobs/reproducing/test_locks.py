"""A version's lock is found in its commit, after it, and in the checkout; one of other tables is none of it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.jobs.reproducing import locks
from pipelines.jobs.reproducing.origin import Origin


def git(root: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def written(root: Path, tables: str) -> None:
    (root / "dvc.lock").write_text(f"stages:\n  ingest@shop:\n    outs:\n    - path: tables\n      md5: {tables}\n")


def committed(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "made", "--allow-empty")
    return git(root, "rev-parse", "HEAD")


@pytest.mark.parametrize("kind", ["ingest", "ingest_texts"])
def test_the_nearest_lock_with_the_versions_tables_comes_first(tmp_path: Path, kind: str) -> None:
    git(tmp_path, "init", "-q")
    first = committed(tmp_path)
    origin = Origin("shop", "1", first, "a.dir", "", "", "", "")
    assert locks.recorded(tmp_path, origin) == []
    for tables in ("b.dir", "a.dir", "c.dir"):
        written(tmp_path, tables)
        path = tmp_path / "dvc.lock"
        path.write_text(path.read_text().replace("ingest@", f"{kind}@"))
        committed(tmp_path)
    second = git(tmp_path, "rev-parse", "HEAD~1")
    found = locks.recorded(tmp_path, origin)
    assert [one.where for one in found] == [f"dvc.lock of commit {second[:12]}"]
    assert locks.tables(found[0].stages) == "a.dir"
    newest = locks.recorded(tmp_path, replace(origin, data="c.dir"))
    assert [one.where for one in newest] == [
        f"dvc.lock of commit {git(tmp_path, 'rev-parse', 'HEAD')[:12]}",
        "dvc.lock of the checkout",
    ]


def test_a_lock_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "dvc.lock").write_text("<<<<<<< ours\nstages:\n=======\n")
    origin = Origin("shop", "1", committed(tmp_path), "a.dir", "", "", "", "")
    written(tmp_path, "a.dir")
    assert [one.where for one in locks.recorded(tmp_path, origin)] == ["dvc.lock of the checkout"]
