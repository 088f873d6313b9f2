"""Runs of several specs on several branches: git merges what they wrote into DVC's lock, as a runner's rebase does."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.repository import environment

SPECS = ("demo", "alpha", "zeta")
IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@t")
Stages = Mapping[str, Any]


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *IDENTITY, *words], cwd=root, check=True, env=environment(), capture_output=True)


def read(text: str) -> dict[str, Any]:
    """The stages of a lock."""
    stages: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)["stages"]
    return stages


def rerun(stages: Stages, spec: str) -> dict[str, Any]:
    """The stages after a run of one spec in which every file of it, and all code, was another."""
    text = yaml.dump(
        {name: stage for name, stage in stages.items() if name.endswith(f"@{spec}")},
        sort_keys=False,
        Dumper=yaml.CSafeDumper,
    )
    told = re.sub(r"md5: .{8}", f"md5: {spec.encode().hex()[:8]}", re.sub(r"size: (\d+)", r"size: 1\1", text))
    return {**stages, **yaml.load(told, yaml.CSafeLoader)}


def write(root: Path, stages: Stages) -> None:
    """As DVC does: the order in which stages were first run."""
    (root / "dvc.lock").write_text(
        yaml.dump({"schema": "2.0", "stages": dict(stages)}, sort_keys=False, Dumper=yaml.CSafeDumper)
    )


@pytest.fixture(scope="module")
def stages(root: Path) -> dict[str, Any]:
    """The lock of the repository's own spec, and the same of others."""
    text = (root / "dvc.lock").read_text()
    found: dict[str, Any] = {}
    for spec in SPECS:
        found |= read(text.replace("demo", spec))
    return found


@pytest.mark.parametrize(("one", "other"), [SPECS[:2], SPECS[1:]])
def test_runs_of_two_specs_merge(stages: Stages, one: str, other: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path, stages)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "Both were run")
    for spec in (one, other):
        git(tmp_path, "checkout", "-q", "-b", spec, "main")
        write(tmp_path, rerun(stages, spec))
        git(tmp_path, "commit", "-qam", f"{spec} was run again")
    git(tmp_path, "rebase", "-q", one)
    assert read((tmp_path / "dvc.lock").read_text()) == rerun(rerun(stages, one), other)
