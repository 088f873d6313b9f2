"""Whether MLflow, the ledger, the operations database and DVC's remote answer."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from features.errors import HoldfastError
from pipelines.champion import ledger
from pipelines.dvc import remotes
from pipelines.jobs.care.finding import ERROR, WARNING, Finding, fine, wrong
from pipelines.messages import masking
from pipelines.outreach.operations import database
from pipelines.servers import addresses, databases, probe

MLFLOW, LEDGER, OPERATIONS, REMOTE = "MLflow", "ledger", "operations database", "DVC remote"
# What no file of git may hold: settings of DVC's remotes that are secret, and a password in an address.
SECRET = re.compile(
    r"^\s*(?:password|passphrase|secret_access_key|session_token|sse_customer_key)\s*=|^\s*url\s*=\s*\w+://[^\s:/@]*:[^\s@]*@",
    re.MULTILINE,
)


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
    config = root / ".dvc" / "config"
    if config.is_file() and SECRET.search(config.read_text(encoding="utf-8", errors="replace")):
        remedy = "change it, and give the new one by `dvc remote modify --local`"
        yield Finding(WARNING, REMOTE, "a password or secret key stands in .dvc/config, which git keeps", remedy)
    found = remotes.asked(root)
    shown = f"{found.name} at {found.address}"
    if found.fault:
        yield Finding(ERROR, REMOTE, f"{shown}: {found.fault}" if found.name else found.fault, found.remedy)
    elif not found.name:
        remedy = "`dvc remote add -d NAME ADDRESS` names one"
        yield Finding(WARNING, REMOTE, "there is none: raw data lie on this disk alone", remedy)
    elif found.is_there:
        yield fine(REMOTE, f"{shown} answers")
    elif found.address.startswith("ssh:"):
        words = f"{shown} answers, and its folder is not there"
        yield Finding(WARNING, REMOTE, words, "the first push makes it; where data were pushed before, mount its disk")
    else:
        yield Finding(ERROR, REMOTE, f"{shown} is not there", "mount or make it, or correct .dvc/config")
