"""Whether a model that was made again has the same bytes, and from which stage on it has not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import ContractError
from pipelines.jobs.reproducing.locks import Lock, Stages
from pipelines.models import integrity

STAGES = ("ingest", "validate", "build", "tune", "train")
SAME, OTHER, LACKING, ADDED = "same", "differs", "is not made", "is new"


@dataclass(frozen=True)
class Stage:
    """A stage that was made again: whether it wrote what the lock recorded, and which of its inputs are not those."""

    name: str
    is_same: bool
    inputs: tuple[str, ...]


def files(made: Path, stored: Path) -> dict[str, str]:
    """How each file of a model stands, by its path: SAME, OTHER, LACKING or ADDED; stored is the version's own.

    Raises ContractError where a stored version has not one model.
    """
    own = [path for path in (stored / "artifacts").glob("*") if path.is_dir()]
    if len(own) != 1:
        raise ContractError(f"the files of the stored version hold {len(own) or 'no'} models, not one.")
    now, then = integrity.files_of(made), integrity.files_of(own[0])
    return {name: _stands(now.get(name), then.get(name)) for name in sorted({*now, *then})}


def _stands(now: str | None, then: str | None) -> str:
    if now is None:
        return LACKING
    return ADDED if then is None else SAME if now == then else OTHER


def stages(made: Stages, locks: Sequence[Lock]) -> tuple[Lock | None, list[Stage]]:
    """Each stage beside the lock that agrees with it most on code and parameters; none where there is no lock."""
    if not locks:
        return None, []
    lock = min(locks, key=lambda one: sum(len(stage.inputs) for stage in _beside(made, one)))
    return lock, list(_beside(made, lock))


def _beside(made: Stages, lock: Lock) -> Iterator[Stage]:
    written = {out["path"] for one in made.values() for out in one.get("outs", [])}
    for name in STAGES:
        if name in made and name in lock.stages:
            now, then = made[name], lock.stages[name]
            same = _hashes(now, "outs") == _hashes(then, "outs")
            yield Stage(name, same, tuple(_inputs(now, then, written)))


def _hashes(stage: Mapping[str, Any], what: str) -> dict[str, str]:
    return {one["path"]: str(one.get("md5")) for one in stage.get(what, [])}


def _inputs(now: Mapping[str, Any], then: Mapping[str, Any], written: set[str]) -> Iterator[str]:
    """The files and keys of a spec that differ, but for what stages wrote."""
    here, there = _hashes(now, "deps"), _hashes(then, "deps")
    for path in sorted({*here, *there}):
        if here.get(path) != there.get(path) and not any(Path(path).is_relative_to(out) for out in written):
            yield path
    params, before = now.get("params", {}), then.get("params", {})
    for file in sorted({*params, *before}):
        keys, old = params.get(file, {}), before.get(file, {})
        yield from (f"{file}: {key}" for key in sorted({*keys, *old}) if keys.get(key) != old.get(key))
