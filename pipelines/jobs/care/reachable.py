"""Whether MLflow, the ledger, the operations database and DVC's remote answer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from features.errors import HoldfastError
from pipelines.champion import ledger
from pipelines.jobs.care.finding import ERROR, WARNING, Finding, fine, wrong
from pipelines.messages import masking
from pipelines.outreach.operations import database
from pipelines.servers import addresses, databases, probe

MLFLOW, LEDGER, OPERATIONS, REMOTE = "MLflow", "ledger", "operations database", "DVC remote"
# Asked in a process of its own, which may hang or fail in as many ways as there are kinds of stores.
ASK = """
import sys
from dvc.config import Config
from dvc.fs import get_cloud_fs
config = Config(sys.argv[1])
name = config["core"].get("remote")
if not name:
    print("none")
    raise SystemExit
kind, settings, path = get_cloud_fs(config, name=name)
print(f"{name} at {path} there" if kind(**settings).exists(path) else f"{name} at {path} gone")
"""
SECONDS = 20


def everything(root: Path) -> dict[str, tuple[str, str]]:
    """The variable and address of each server by what it is. Raises UsageError for an address that cannot be one."""
    found = {
        MLFLOW: (addresses.TRACKING, addresses.tracking(root)),
        LEDGER: (ledger.ADDRESS, ledger.address(root)),
        OPERATIONS: (database.ADDRESS, database.address(root)),
    }
    if found[LEDGER][1] == found[MLFLOW][1]:
        found[LEDGER] = found[MLFLOW]
    return found


def is_made(where: str) -> bool:
    """Whether a database is there already, as far as its address tells: an SQLite file is made at its first use."""
    path = databases.sqlite_path(where)
    return path is None or path.exists()


def findings(servers: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    """A line for each server; a database of which no file is there yet is no fault."""
    for about, (variable, where) in servers.items():
        shown = masking.mask(where)
        if not is_made(where):
            yield fine(about, f"{shown} is made at its first use")
            continue
        try:
            probe.answer(variable, where, writes=False)
        except HoldfastError as error:
            yield wrong(about, error)
            continue
        path = databases.sqlite_path(where)
        if path is not None and not os.access(path, os.W_OK):
            yield Finding(ERROR, about, f"{path} is read-only for this user", "make file and folder writable")
        else:
            yield fine(about, f"{shown} answers")


def remote(root: Path) -> Iterator[Finding]:
    """A line for the place to which `dvc push` copies raw data."""
    if not (root / ".dvc").is_dir():
        return
    none = Finding(
        WARNING, REMOTE, "there is none: raw data lie on this disk alone", "`dvc remote add -d NAME ADDRESS` names one"
    )
    asked = [sys.executable, "-c", ASK, str(root / ".dvc")]
    settings = {**os.environ, "DVC_NO_ANALYTICS": "true"}
    try:
        ended = subprocess.run(
            asked, cwd=root, env=settings, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        yield Finding(ERROR, REMOTE, f"it did not answer within {SECONDS} s", "see that its server runs")
        return
    said = masking.mask((ended.stdout if ended.returncode == 0 else ended.stderr).strip().rpartition("\n")[2])
    if ended.returncode != 0:
        yield Finding(ERROR, REMOTE, f"it cannot be asked: {said}", "correct .dvc/config")
    elif said == "none":
        yield none
    elif said.endswith(" gone"):
        yield Finding(ERROR, REMOTE, f"{said[:-5]} is not there", "mount or make it, or correct .dvc/config")
    else:
        yield fine(REMOTE, f"{said[:-6]} answers")
