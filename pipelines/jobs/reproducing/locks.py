"""The dvc.lock of a version: what each stage that made it read and wrote, by its MD5.

A run writes dvc.lock, and it is committed afterwards or not at all. So it is looked for in the commit of the version,
in those after it and in the checkout; it is one that recorded the tables of the version.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from features.errors import UsageError
from pipelines.dvc import lock_file
from pipelines.jobs import worktrees
from pipelines.jobs.reproducing.origin import Origin

INGEST = "ingest"
# Commits after the version's that changed dvc.lock: the first ones of them are looked at.
MOST = 20

Stages = Mapping[str, Any]


@dataclass(frozen=True)
class Lock:
    """The stages of a spec in a dvc.lock, by name; where it was found, for messages."""

    where: str
    stages: Stages


def recorded(root: Path, origin: Origin) -> list[Lock]:
    """The locks that recorded the tables of a version, the nearest to its commit first; none where nobody kept one."""
    found = (Lock(where, lock_file.of_spec(stages, origin.spec)) for where, stages in _everywhere(root, origin))
    return [one for one in found if tables(one.stages) == origin.data]


def tables(stages: Stages) -> str:
    """The MD5 of the tables; empty where no stage wrote them."""
    outs = stages.get(INGEST, {}).get("outs", [])
    return str(outs[0]["md5"]) if outs else ""


def _everywhere(root: Path, origin: Origin) -> Iterator[tuple[str, Stages]]:
    later: list[str] = []
    with suppress(UsageError):
        words = ("log", "--reverse", "--format=%H", f"{origin.commit}..HEAD", "--", lock_file.NAME)
        later = worktrees.git(root, *words).split()[:MOST]
    for commit in (origin.commit, *later):
        with suppress(UsageError, yaml.YAMLError):  # a commit without one, or with a merge conflict in it
            text = worktrees.git(root, "show", f"{commit}:{lock_file.NAME}")
            yield f"{lock_file.NAME} of commit {commit[:12]}", lock_file.read(text)
    with suppress(yaml.YAMLError):
        yield f"{lock_file.NAME} of the checkout", lock_file.stages(root)
