"""Which version is made again, and of what its tags say it was made."""

from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from features.errors import MissingError, UsageError
from pipelines.champion import model_versions
from pipelines.jobs import worktrees
from pipelines.jobs.care import reachable
from pipelines.models import integrity, provenance
from pipelines.servers import addresses, mlflow_runs
from pipelines.workspace import Workspace

CHANGED = "+changes"


@dataclass(frozen=True)
class Origin:
    """A version's commit, the hash of its tables, its processor, and its reader of texts; empty is what no tag says.

    refitted is the version that was asked for, where that is the refitted twin of this one.
    """

    spec: str
    version: str
    commit: str
    data: str
    processor: str
    made_of: str
    reader: str
    reader_digest: str
    refitted: str = ""

    @property
    def words(self) -> str:
        """The version in messages."""
        return f"version {self.version} of '{self.spec}'"


def of(workspace: Workspace, asked: str) -> Origin:
    """What the tags say of a version: a number, or `champion`; of a refitted version, what they say of its judged twin.

    Raises MissingError for a version, a tag or a commit that is nowhere here, UsageError for one that no commit holds.
    """
    worktrees.check(workspace.root)
    if not reachable.is_made(addresses.tracking(workspace.root)):
        raise MissingError(f"'{workspace.spec}' has no version {asked}: there is no {addresses.shown(workspace.root)}.")
    client = mlflow_runs.client(workspace.root)
    mlflow_runs.use(workspace.root)
    with mlflow_runs.answering(workspace.root):
        found, refitted = _version(client, workspace.spec, asked), ""
        if twin := found.tags.get(model_versions.TWIN_OF):
            refitted, found = str(found.version), model_versions.version(client, workspace.spec, str(twin))
    origin = Origin(
        spec=workspace.spec,
        version=str(found.version),
        commit=str(found.tags.get("git_commit", "")),
        data=str(found.tags.get("data_hash", "")),
        processor=str(found.tags.get(provenance.PROCESSOR, "")),
        made_of=str(found.tags.get(integrity.MADE_OF, "")),
        reader=str(found.tags.get("reader", "")),
        reader_digest=str(found.tags.get("reader_digest", "")),
        refitted=refitted,
    )
    _check(origin)
    _check_commit(origin, workspace)
    return origin


def _version(client: MlflowClient, name: str, asked: str) -> ModelVersion:
    if asked != model_versions.CHAMPION:
        return model_versions.version(client, name, asked)
    found = model_versions.champion(client, name)
    if found is None:
        raise MissingError(f"'{name}' has no champion; name a version by its number.")
    return found


def _check(origin: Origin) -> None:
    """Raise where no commit holds all that the version was made of."""
    if not origin.commit or not origin.data:
        lacks = "git_commit" if not origin.commit else "data_hash"
        raise MissingError(f"{origin.words} has no tag {lacks}: what it was made of is not known, and only told by it.")
    if origin.commit == "none":
        raise UsageError(f"{origin.words} was made outside git: no commit holds its code.")
    if origin.commit.endswith(CHANGED):
        base = origin.commit.removesuffix(CHANGED)[:12]
        raise UsageError(
            f"{origin.words} was made of uncommitted changes of commit {base}, which nobody kept. Commit, then `run`:"
            " that version can be made again."
        )


def _check_commit(origin: Origin, workspace: Workspace) -> None:
    """Raise MissingError where the commit is not here, or has no such spec."""
    root = workspace.root
    try:
        worktrees.git(root, "cat-file", "-e", f"{origin.commit}^{{commit}}")
    except UsageError as error:
        raise MissingError(
            f"the commit {origin.commit[:12]} of {origin.words} is not in this repository; `git fetch --unshallow` or"
            " a fetch from where it was made brings it."
        ) from error
    spec = workspace.spec_file.relative_to(root).as_posix()
    if not worktrees.git(root, "ls-tree", "--name-only", origin.commit, "--", spec).strip():
        raise MissingError(
            f"commit {origin.commit[:12]} has no spec '{origin.spec}': {origin.words} was made of a file that was not"
            " committed."
        )
