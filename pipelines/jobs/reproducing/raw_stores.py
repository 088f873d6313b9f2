"""Raw data of a commit, from the checkout's DVC cache or its remote, into a work tree with a cache of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from features.errors import HoldfastError, MissingError
from pipelines.dvc import dvc_process, error_messages, remotes
from pipelines.jobs import worktrees
from pipelines.messages import log
from pipelines.workspace import Workspace

CACHE = "cache.dir"
# What DVC says of files that no remote has.
NOWHERE = "Missing cache files"


@dataclass(frozen=True)
class Stores:
    """Where the checkout has raw data: its cache, and DVC's settings of its remotes, by key.

    The commit may know other remotes, or none; those of today count.
    """

    cache: Path
    remotes: Mapping[str, str]

    @classmethod
    def of(cls, workspace: Workspace) -> "Stores":
        """Those of a checkout. Raises what DVC's refusal means."""
        # Not as DVC's other commands are run, whose words --verbose and a log keep: there may be passwords.
        told = subprocess.run(
            [sys.executable, "-m", "dvc", "config", "--list"],
            cwd=workspace.root,
            env={**os.environ, "DVC_NO_ANALYTICS": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode != 0:
            raise error_messages.refusal(told.stderr, spec=workspace.spec)
        found = {key: value for key, _, value in (line.partition("=") for line in told.stdout.splitlines())}
        remotes = {key: value for key, value in found.items() if key.startswith("remote.") or key == "core.remote"}
        return cls(workspace.root / found.get(CACHE, ".dvc/cache"), remotes)

    def bring(self, there: Workspace, known: Path, *, of: str) -> None:
        """Put the raw files in a tree that a `.dvc` file knows; of names the version in messages.

        Raises MissingError where they are in no store.
        """
        file = str(known.relative_to(there.root))
        try:
            self._settings(there.root, self.cache)
            worktrees.dvc(there.root, "checkout", file, spec=there.spec)
        except HoldfastError:
            log.note(f"reproduce {there.spec}: the raw data of then are not in DVC's cache; asking the remote")
            self.part(there.root)
            self._pull(there, file, of=of)

    def part(self, tree: Path) -> None:
        """Give a tree a cache of its own: from the checkout's, DVC would take what stages wrote once, unmade."""
        self._settings(tree, tree / ".dvc" / "cache")

    def _pull(self, there: Workspace, file: str, *, of: str) -> None:
        code, said = dvc_process.run(there.root, "pull", file) if self.remotes else (1, NOWHERE)
        if code and NOWHERE in said:
            raise MissingError(
                f"the raw data of {of} are neither in DVC's cache nor in a remote: they were erased, cleaned up or"
                " never pushed; without them it cannot be made again."
            )
        if code:  # a remote that does not answer
            raise HoldfastError(f"the raw data of {of} could not be pulled: {remotes.read(code, said).error}")

    def _settings(self, tree: Path, cache: Path) -> None:
        """Write DVC's settings of a tree."""
        config = ConfigParser(interpolation=None)
        for key, value in {**self.remotes, CACHE: str(cache)}.items():
            section, _, option = key.rpartition(".")
            first, _, name = section.partition(".")
            title = f"'{first} \"{name}\"'" if name else first
            if not config.has_section(title):
                config.add_section(title)
            config.set(title, option, value)
        local = tree / ".dvc" / "config.local"
        local.touch(mode=0o600)  # an address may hold a password
        with local.open("w") as file:
            config.write(file)
