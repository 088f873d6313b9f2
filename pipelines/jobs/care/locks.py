"""What killed processes left behind: locks, leases, temporary folders and runs of MLflow."""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from mlflow import MlflowClient

from pipelines.champion import lease_table
from pipelines.dvc import dvc_process
from pipelines.jobs.care.finding import WARNING, Finding, fine
from pipelines.messages.numbers import counted
from pipelines.processes import orphans, run_lock, scratch
from pipelines.processes.processes import Process
from pipelines.servers import databases

ABOUT = "locks"


def of_checkout(root: Path) -> Iterator[Finding]:
    """A line for each stale lock of this checkout, or one that there is none; that of a living process is no fault."""
    found = []
    if dvc_process.has_stale(root):
        found.append(Finding(WARNING, ABOUT, "a DVC that was killed holds paths", "the next `run` frees them"))
    if said := run_lock.left(root):
        found.append(Finding(WARNING, ABOUT, f"{said} was killed", "its lock is free; run the same command again"))
    if folders := scratch.left(Path(tempfile.gettempdir())):
        words = f"{counted(len(folders), 'temporary folder')} of killed commands"
        found.append(Finding(WARNING, ABOUT, words, "the next command removes them"))
    yield from found or [fine(ABOUT, "none is stale")]


def leases(engine: sa.Engine, spec: str) -> Iterator[Finding]:
    """A line for the lease on a spec whose holder is gone or let it expire; nothing is created for it."""
    with databases.answering(engine), engine.connect() as connection:
        if not sa.inspect(connection).has_table(lease_table.NAME):
            return
        now = lease_table.now(connection)
        rows = connection.execute(sa.select(lease_table.TABLE).where(lease_table.TABLE.c.spec == spec)).all()
    for row in rows:
        holder = _process(row.holder)
        if row.expiry < now or (holder and holder.is_gone):
            since = datetime.fromtimestamp(row.since, UTC).isoformat(timespec="seconds")
            words = f"a lease on '{row.spec}' since {since} was left by {holder.name if holder else 'a process'}"
            yield Finding(WARNING, ABOUT, words, "it has run out; the next command on this spec takes it over")


def runs(client: MlflowClient, experiment: str, spec: str) -> Iterator[Finding]:
    """A line where runs of MLflow say that they go on, and their process is gone."""
    if found := orphans.left(client, experiment):
        words = f"{counted(len(found), 'run')} of MLflow of '{spec}', killed and still shown as running"
        yield Finding(WARNING, ABOUT, words, f"`python -m pipelines run {spec}` ends them")


def _process(holder: str) -> Process | None:
    try:
        return Process.from_dict(json.loads(holder))
    except ValueError:
        return None
