"""One spec that is served: what the web asks of it."""

import csv
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.spec import ExperimentSpec
from features.errors import HoldfastError, StorageError
from pipelines.jobs.service.mapped_rows import Mapped, MappedRows
from pipelines.jobs.service.online import advice, passes
from pipelines.jobs.service.online import served as serving
from pipelines.jobs.service.online.clocks import Clock
from pipelines.jobs.service.online.events import Reading
from pipelines.jobs.service.online.kept_answers import KeptAnswers
from pipelines.jobs.service.online.listing import Listing
from pipelines.jobs.service.online.passes import Asked, Passes
from pipelines.jobs.service.online.served import Served
from pipelines.jobs.service.online.worker import Job, Worker
from pipelines.jobs.service.refusals import Conflict
from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web.desk_protocol import Incoming
from pipelines.messages import log
from pipelines.outreach.feedback import record_run
from pipelines.outreach.operations import clock, database, received_events
from pipelines.workspace import Workspace

# How often it looks for a new champion, batch or rules, and again after one could not be loaded.
LOOK_SECONDS, AGAIN_SECONDS = 2.0, 20.0


class Desk:
    """Loads what serves, renews it while it runs, and answers. Thread-safe.

    Raises, when made, as `served.read`.
    """

    def __init__(self, spec: ExperimentSpec, workspace: Workspace, settings: Settings) -> None:
        self.name, self.time_zone = spec.name, spec.clocks
        self._spec, self._workspace = spec, workspace
        self._engine = database.opened(workspace.root, pooled=True)
        self._identity = serving.identity(spec, workspace)
        served = serving.read(spec, workspace)
        self._old: list[Served] = []
        self._making = threading.Lock()
        self._mappings: dict[str, MappedRows] = {}
        self._problem: str | None = None
        self._clock = Clock(spec.clocks, begins=_begins(spec, served))
        self._passes = Passes(spec, self._engine, self._clock)
        self._answers = KeptAnswers(self._engine, spec.name, share=settings.keep_answers)
        self._both = served, self._list(served)  # one assignment: an answer is of one version
        self._newest, _ = received_events.newest(self._engine, spec.name)
        self._worker: Worker[Asked] = Worker(f"passes {spec.name}", self._pass, most=passes.MOST)
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._renew, name=f"watch {spec.name}", daemon=True)
        self._watch.start()

    @property
    def _served(self) -> Served:
        return self._both[0]

    def version(self) -> dict[str, Any]:
        """Which version is served since when, and until when its data reach."""
        served = self._served
        with suppress(StorageError):  # then what was seen last; `ready` says that the database does not answer
            self._newest, _ = received_events.newest(self._engine, self.name)
        return {
            "spec": self.name,
            "version": served.champion.version,
            "since": served.since,
            "data_until": served.until.isoformat() if served.until else None,
            "received": self._newest,
            "problem": self._problem,
        }

    def ready(self) -> list[str]:
        """Why it is not ready; empty where it is."""
        why = [] if self._worker.lives else ["the worker has ended"]
        try:
            received_events.newest(self._engine, self.name)
        except StorageError:
            why.append("the operations database does not answer")
        return why

    def columns(self) -> list[dict[str, Any]]:
        """The model's columns."""
        names = ("name", "type", "meaning", "unit", "categories")
        return [{name: one.get(name) for name in names} for one in self._served.scorer.columns]

    def score(self, rows: pd.DataFrame, *, reasons: int) -> tuple[str, pd.DataFrame]:
        """The version, and what it predicts of ready rows."""
        served = self._served
        version, scored = served.champion.version, served.predict(rows, reasons=reasons)
        self._answers.add(rows, scored, version=version, at=clock.text(self._clock.now()))
        return version, scored

    def receive(self, incoming: Sequence[Incoming]) -> dict[str, Any]:
        """Keep events, then give their customers anew. Raises Conflict for a table without dates."""
        served = self._served
        if served.batch is None:
            raise Conflict(f"{self.name} is a table without dates: it takes no events.")
        now = self._clock.now()
        reading = Reading(served.declared, partial(self._mapped, served, now), now, self.time_zone)
        posted = reading.read(incoming)
        found: dict[str, Any] = self._worker.ask(Asked(posted), size=len(posted))
        return found

    def customer(self, customer_id: str) -> dict[str, Any]:
        """What is known and advised of a customer now, with a timeline. Raises NotFound."""
        found: dict[str, Any] = self._worker.ask(Asked(customer=customer_id))
        return found

    def listed(self, *, offset: int, limit: int) -> dict[str, Any]:
        """A part of all customers by risk, with level and advice."""
        served, listing = self._both
        total, rows = listing.part(offset=offset, limit=limit)
        now = max(self._clock.now(), served.until) if served.until else self._clock.now()
        advised = advice.of_customers(self._engine, self.name, [row["customer_id"] for row in rows], now.date())
        return {
            "spec": self.name,
            "as_of": now.isoformat(timespec="seconds"),
            "version": served.champion.version,
            "total": total,
            "customers": [{**row, "advice": one.to_dict()} for row, one in zip(rows, advised, strict=True)],
        }

    def act(self, rows: Sequence[Mapping[str, str]], *, signed: str) -> dict[str, Any]:
        """Record what was done, as `record` does: all rows, or none. Raises DataError for what is wrong with them."""
        with tempfile.TemporaryDirectory(prefix="holdfast-actions-") as folder:
            path = Path(folder) / "actions.csv"
            names = list(dict.fromkeys(name for row in rows for name in row))
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, names, restval="")
                writer.writeheader()
                writer.writerows(rows)
            told: dict[str, Any] = {"renamed": {}, "said_at": None, "signed": signed, "dry_run": False}
            found = record_run.record(self._spec, self._workspace, self._engine, [path], **told)
        return {"new": found.new, "known": found.known, "corrections": found.corrections}

    def close(self) -> None:
        """Answer what waits, write what is to be kept, and end."""
        self._closing.set()
        self._watch.join()
        self._worker.close()
        self._answers.close()
        for mapped in self._mappings.values():
            mapped.close()
        for one in (*self._old, self._served):
            one.rows.close()
        self._engine.dispose()

    def _mapped(
        self, served: Served, now: datetime, file: str, rows: Sequence[Mapping[str, Any]]
    ) -> Sequence[Sequence[Mapped]]:
        """What the spec's mappings make of raw rows of a file."""
        with self._making:  # once for a batch, whose files have the identities
            key = served.batch.key if served.batch else ""
            if key not in self._mappings:
                self._mappings[key] = MappedRows(self._spec, self._workspace)
            return self._mappings[key].of(file, rows, now=now)

    def _pass(self, jobs: Sequence[Job[Asked]]) -> None:
        self._passes.done(self._served, jobs)
        while self._old:
            self._old.pop().rows.close()

    def _list(self, served: Served) -> Listing:
        received = served.batch.received if served.batch else 0
        return Listing(self._engine, self.name, served.champion.version, served.listed, received=received)

    def _renew(self) -> None:
        """Look for another champion, batch or rules; one that does not load leaves the old one serving."""
        pause = LOOK_SECONDS
        with ThreadPoolExecutor(1, thread_name_prefix=f"load {self.name}") as loading:
            while not self._closing.wait(pause):
                error = loading.submit(self._look).exception()
                # Of what nobody foresaw, as of a batch that is being replaced, the text may hold anything.
                problem = str(error) if isinstance(error, HoldfastError) else type(error).__name__ if error else None
                if problem and problem != self._problem:
                    log.error(f"serve {self.name}: the old version goes on serving: {problem}")
                pause, self._problem = AGAIN_SECONDS if problem else LOOK_SECONDS, problem

    def _look(self) -> None:
        """Serve what champion, newest batch and rules are now, where that is something else."""
        found = serving.identity(self._spec, self._workspace)
        if found == self._identity:
            return
        new = serving.read(self._spec, self._workspace)
        listing = self._list(new)
        old, self._both, self._identity = self._served, (new, listing), found
        self._old.append(old)  # only now: the worker closes what is here
        with self._making:
            while self._mappings:
                self._mappings.popitem()[1].close()
        self._worker.ask(Asked(), size=0)  # a pass of nothing, after which nobody uses the old one
        log.note(f"serve {self.name}: version {new.champion.version} is served, with the newest batch and rules")


def _begins(spec: ExperimentSpec, served: Served) -> datetime | None:
    """A simulated business goes on where its data end; in any other it is now."""
    return served.until if spec.source["kind"] == "simulated" else None
