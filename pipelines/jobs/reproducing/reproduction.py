"""A version made again and compared with what is registered: its files, its stages, its surroundings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.champion import loading
from pipelines.dvc import lock_file
from pipelines.jobs.reproducing import comparing, locks, making, origin, surroundings
from pipelines.jobs.reproducing.comparing import Stage
from pipelines.jobs.reproducing.origin import Origin
from pipelines.models.integrity import Seal
from pipelines.models.text_readers import pinned
from pipelines.workspace import Workspace

MOST = 4


@dataclass(frozen=True)
class Reproduction:
    """How a version stands that was made again.

    files are those of the model and how each stands; lock is where a dvc.lock of the version was found, "" if nowhere,
    and stages those beside it; tables says whether the tables have the version's data hash.
    """

    origin: Origin
    files: Mapping[str, str]
    tables: bool
    lock: str
    stages: Sequence[Stage]
    environment: Sequence[str]

    @property
    def is_same(self) -> bool:
        """Whether every file of the model has the same bytes."""
        return set(self.files.values()) == {comparing.SAME}

    @property
    def first(self) -> str:
        """The first stage that wrote something else; empty where all are the same or nobody knows."""
        if not self.tables:
            return locks.INGEST
        return next((one.name for one in self.stages if not one.is_same), "")

    @property
    def plain(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "spec": self.origin.spec,
            "version": self.origin.version,
            "refitted_version": self.origin.refitted or None,
            "commit": self.origin.commit,
            "data_hash": self.origin.data,
            "same": self.is_same,
            "files": dict(self.files),
            "differs_from": self.first or None,
            "lock": self.lock or None,
            "stages": [asdict(one) for one in self.stages],
            "environment": list(self.environment),
        }

    def lines(self) -> Iterator[str]:
        """The same for people."""
        made = self.origin
        if made.refitted:
            yield (
                f"version {made.refitted} is version {made.version} fitted again on all rows: version {made.version},"
                " which the gate judged, is what was made again"
            )
        yield f"{made.words}: commit {made.commit[:12]}, data {made.data[:12]}"
        if self.is_same:
            yield f"the same bytes: all {len(self.files)} files of the model"
        else:
            other = (f"{name} {how}" for name, how in self.files.items() if how != comparing.SAME)
            yield f"not the same bytes: {'; '.join(other)}"
        yield from self._of_stages()
        yield from (f"not as it was: {one}" for one in self.environment)
        if not self.is_same and not self.environment:
            yield "Python and packages are as they were, and so is the processor"

    def _of_stages(self) -> Iterator[str]:
        if self.first:
            where = (
                f"beside the model, `{self.first}` wrote something else"
                if self.is_same
                else f"differs from `{self.first}` on"
            )
            yield f"{where}{self._why}"
        elif self.lock and not self.is_same:
            yield f"all stages wrote what {self.lock} recorded, which is therefore not the version's own"
        if self.lock:
            yield f"compared with {self.lock}"
        else:
            yield "no dvc.lock of the version is here: of its stages only the tables can be compared"

    @property
    def _why(self) -> str:
        """Which inputs of the first stage that differs do; empty where no lock recorded it."""
        inputs = next((one.inputs for one in self.stages if one.name == self.first), None)
        if inputs is None:
            return ""
        more = f" and {len(inputs) - MOST} more" if len(inputs) > MOST else ""
        named = f": its inputs are not those that made it: {', '.join(inputs[:MOST])}{more}"
        return named if inputs else ": its code and parameters are the same"


def made(spec: ExperimentSpec | TextsSpec, workspace: Workspace, version: str, *, fresh: bool) -> Reproduction:
    """Make a version again; version is a number or `champion`, fresh uses an environment of its commit's lock.

    Raises what `origin.of` and `making.again` do, and ContractError where the registered files were changed.
    """
    named = origin.of(workspace, version)
    found = locks.recorded(workspace.root, named)
    with loading.stored(spec.name, named.version) as stored:
        Seal(made_of=named.made_of).check(stored, of=named.words)
        with making.again(spec, workspace, named, found, fresh=fresh) as tree:
            now = lock_file.of_spec(lock_file.stages(tree.workspace.root), spec.name)
            part = pinned.READER if isinstance(spec, TextsSpec) else "challenger"
            lock, stages = comparing.stages(now, found)
            return Reproduction(
                origin=named,
                files=comparing.files(tree.workspace.model / part, stored),
                tables=locks.tables(now) == named.data,
                lock=lock.where if lock else "",
                stages=stages,
                environment=surroundings.differences(tree, named, stored, fresh=fresh),
            )
