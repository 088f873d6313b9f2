"""Git work trees with the checkout's uncommitted changes, so that tries cannot affect the checkout.

Git's `worktree` makes one at the commit that is checked out; what was changed or added since is copied over. DVC's
cache is the checkout's. What a tree made is kept as a DVC experiment: a commit beneath `refs/exps`, where DVC lists,
compares and applies it, built by git's plumbing, since `dvc exp save` goes through references that all trees share.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from features.errors import UsageError
from pipelines.dvc import dvc_process, error_messages
from pipelines.processes import processes
from pipelines.processes.processes import Process
from pipelines.workspace import Workspace

# What of untracked files is part of the work: code, specs, and how raw data are known; not whatever else lies there.
OURS = ("features/", "experiments/", "pipelines/", "dvc.yaml", "dvc.lock", "params.yaml")
RAW, READERS, OF_RAW = "data/raw/", "data/readers/", (".dvc", "/README.md", ".gitignore")
AUTHOR = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (
    ("NAME", "holdfast"), ("EMAIL", "holdfast@localhost"))}  # fmt: skip
# Git changes its list of work trees without a lock of its own.
ONE_AT_A_TIME = Lock()


@contextmanager
def beside(root: Path, name: str, *, commit: str | None = None) -> Iterator[Path]:
    """A block with a work tree `state/tries/NAME` equal to the checkout, or to a commit; it is removed afterwards.

    Raises UsageError where the checkout is none of git with a commit.
    """
    tree = _folder(root) / name
    try:
        with ONE_AT_A_TIME:
            _folder(root).mkdir(parents=True, exist_ok=True)
            _owner(tree).write_text(json.dumps(processes.this().to_dict()))
            git(root, "worktree", "add", "--quiet", "--detach", str(tree), commit or "HEAD")
            if commit is None:
                _copy_changes(root, tree)
        yield tree
    finally:
        with ONE_AT_A_TIME:
            _remove(root, tree)


def check(root: Path) -> None:
    """Raise UsageError where no work tree can be made; remove those of killed commands."""
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel").strip())
        git(root, "rev-parse", "--verify", "HEAD")
    except UsageError as error:
        raise UsageError(f"{root} is no git repository with a commit; commit once, and run this again.") from error
    if top.resolve() != root.resolve():
        raise UsageError(f"{root} lies within the repository {top}; tries need the root of a checkout.")
    for owner in _folder(root).glob("*.json"):
        with suppress(OSError, ValueError):
            left = Process.from_dict(json.loads(owner.read_text()))
            if left is not None and left.is_gone:
                _remove(root, owner.with_suffix(""))


def _folder(root: Path) -> Path:
    return root / "state" / "tries"


def _owner(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.json")


def _remove(root: Path, tree: Path) -> None:
    with suppress(UsageError):
        git(root, "worktree", "remove", "--force", str(tree))
    shutil.rmtree(tree, ignore_errors=True)
    with suppress(UsageError):
        git(root, "worktree", "prune")
    _owner(tree).unlink(missing_ok=True)


def _copy_changes(root: Path, tree: Path) -> None:
    """Copy uncommitted changes of the checkout into a tree."""
    for name in changed(root):
        here, there = root / name, tree / name
        if here.is_file() or here.is_symlink():
            there.parent.mkdir(parents=True, exist_ok=True)
            there.unlink(missing_ok=True)
            shutil.copy2(here, there, follow_symlinks=False)
        else:
            there.unlink(missing_ok=True)


def changed(root: Path) -> list[str]:
    """The files that differ from the commit: tracked ones, and untracked ones that are not ignored."""
    told = git(root, "-c", "status.renames=false", "status", "--porcelain", "-z", "--untracked-files=all")
    found = [(one[:2], one[3:]) for one in told.split("\0") if one]
    return [name for state, name in found if state != "??" or _is_ours(name)]


def _is_ours(name: str) -> bool:
    return name.startswith(OURS) or (name.startswith((RAW, READERS)) and name.endswith(OF_RAW))


def cache(workspace: Workspace) -> str:
    """The path of a checkout's DVC cache. Raises what DVC's refusal means."""
    return dvc(workspace.root, "cache", "dir", spec=workspace.spec).strip().splitlines()[-1]


def fill(workspace: Workspace, tree: Path, *, cache: str) -> None:
    """Make a tree use a DVC cache, and check out the spec's raw data; its reader of texts is copied.

    Raises what DVC's refusal means.
    """
    local = workspace.root / ".dvc" / "config.local"
    if local.is_file():
        shutil.copyfile(local, tree / ".dvc" / "config.local")
    dvc(tree, "cache", "dir", "--local", cache, spec=workspace.spec)
    raw = f"{RAW}{workspace.spec}.dvc"
    if (tree / raw).is_file():
        dvc(tree, "checkout", raw, spec=workspace.spec)
    there = Workspace(tree, workspace.spec).reader
    if workspace.reader.is_dir():
        shutil.copytree(workspace.reader, there, dirs_exist_ok=True)


def dvc(where: Path, *words: str, spec: str) -> str:
    """What DVC says in a checkout or a work tree. Raises what its refusal means."""
    code, said = dvc_process.run(where, *words)
    if code != 0:
        raise error_messages.refusal(said, spec=spec)
    return said


def keep(root: Path, tree: Path, name: str, *, message: str) -> str:
    """Store a tree's state as the DVC experiment NAME of its base commit; gives its revision."""
    base = git(tree, "rev-parse", "HEAD").strip()
    ours = [one for one in changed(tree) if (tree / one).exists()]
    gone = [one for one in changed(tree) if not (tree / one).exists()]
    for words in (["add", "--force", "--", *ours], ["rm", "--quiet", "--cached", "--ignore-unmatch", "--", *gone]):
        if words[-1] != "--":
            git(tree, *words)
    made = git(tree, "commit-tree", git(tree, "write-tree").strip(), "-p", base, "-m", message, variables=AUTHOR)
    git(root, "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", made.strip())
    return made.strip()


def git(where: Path, *words: str, variables: Mapping[str, str] | None = None) -> str:
    """The output of a git command. Raises UsageError with its last line on failure."""
    command: Sequence[str] = ["git", *words]
    outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        ended = subprocess.run(
            command, cwd=where, env={**outside, **(variables or {})}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise UsageError("there is no git on the path; install it.") from error
    if ended.returncode != 0:
        said = (ended.stderr.strip().splitlines() or [f"code {ended.returncode}"])[-1]
        raise UsageError(f"git {words[0]} refused: {said}")
    return ended.stdout
