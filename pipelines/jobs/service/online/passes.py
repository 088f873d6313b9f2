"""A pass: events are kept, then all customers whom they touch, or who are asked for, are judged at once."""

import hashlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.errors import HoldfastError, StorageError
from features.plugins import MISTAKES
from pipelines.jobs.service import metrics
from pipelines.jobs.service.online import events, judging
from pipelines.jobs.service.online.clocks import Clock
from pipelines.jobs.service.online.events import CUSTOMERS, Posted
from pipelines.jobs.service.online.judging import Judged
from pipelines.jobs.service.online.served import Served
from pipelines.jobs.service.online.worker import Job
from pipelines.jobs.service.refusals import NotFound
from pipelines.messages import log
from pipelines.models.text_readers import tones
from pipelines.outreach import open_warnings, received_rows
from pipelines.outreach.operations import answers, came_back, database, erased_people, received_events, warnings
from pipelines.outreach.operations.received_events import CONFLICT, ERASED, Kept, Received
from pipelines.servers import databases

MOST, TIMELINE = 64, 100
# What a customer's rows may come to that nobody foresaw.
FAULTS = (*MISTAKES, HoldfastError, duckdb.Error)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Asked:
    """What somebody asks of a pass: to keep events, or to tell of a customer."""

    posted: Sequence[Posted] = ()
    customer: str | None = None


@dataclass
class _Pass:
    """A pass under way: the jobs, and of each job with events what became of these.

    joined says of the customers whom the batch or an earlier event knows when they joined; gone were erased.
    """

    served: Served
    jobs: Sequence[Job[Asked]]
    posted: list[list[Posted]] = field(default_factory=list)
    kept: list[list[list[Kept]]] = field(default_factory=list)
    joined: dict[str, datetime | None] = field(default_factory=dict)
    gone: Collection[str] = ()


@dataclass(frozen=True)
class Passes:
    """What passes of one spec share."""

    spec: ExperimentSpec
    engine: sa.Engine
    clock: Clock

    def done(self, served: Served, jobs: Sequence[Job[Asked]]) -> None:
        """Answer the jobs. Raises StorageError, and nothing is kept, where the database does not answer."""
        began, one = time.perf_counter(), _Pass(served, jobs)
        self._keep(one)
        touched = self._touched(one)
        by_customer, failed = self._each(one, touched)
        for place, job in enumerate(jobs):
            if (error := failed.get(job.asked.customer or "")) is not None:
                job.answer.set_exception(error)
                continue
            try:
                self._answer(one, place, job, by_customer)
            except FAULTS as fault:
                job.answer.set_exception(fault)
        size = sum(len(job.asked.posted) for job in jobs) or len(jobs)
        metrics.PASS_SIZE.labels(self.spec.name, "events").observe(size)
        metrics.PASS_SECONDS.labels(self.spec.name, "events").observe(time.perf_counter() - began)

    def _each(
        self, one: _Pass, touched: Mapping[str, int | None]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, Exception]]:
        """What is known of each customer, and of whom it could not be said, why: one spoils no other's answer.

        Events are durable by then, and whoever sent them hears so, whatever becomes of their customers.
        """
        try:
            return {str(row["customer_id"]): row for row in self._judged(one, touched)}, {}
        except StorageError as error:
            self._tell(error)
            return {}, dict.fromkeys(touched, error)
        except FAULTS as error:
            self._tell(error)
            if len(touched) == 1:
                return {}, dict.fromkeys(touched, error)
        found: dict[str, dict[str, Any]] = {}
        failed: dict[str, Exception] = {}
        for who, number in touched.items():
            alone, why = self._each(one, {who: number})
            found, failed = {**found, **alone}, {**failed, **why}
        return found, failed

    def _tell(self, error: Exception) -> None:
        # What a library says may hold values of customers.
        why = str(error) if isinstance(error, HoldfastError) else type(error).__name__
        log.error(f"serve {self.spec.name}: a pass could not score its customers: {why}")

    def _keep(self, one: _Pass) -> None:
        """Keep the events of all jobs in one transaction."""
        every = [posted for job in one.jobs for posted in job.asked.posted]
        whom = {event.customer_id for posted in every for event in posted.events}
        whom |= {job.asked.customer for job in one.jobs if job.asked.customer}
        one.joined = dict(one.served.rows.joined(sorted(whom))) if whom else {}
        strangers = sorted(whom.difference(one.joined))
        came = received_events.of_customers(self.engine, self.spec.name, strangers, after=0) if strangers else []
        one.joined |= {
            found.event.customer_id: datetime.fromisoformat(found.event.row["joined_at"])
            for found in came
            if found.event.table == CUSTOMERS
        }
        one.gone = erased_people.read(self.engine).among(whom) if whom else set()
        any_day = self.spec.source.get("before_first_day") == "earliest"
        joined = dict.fromkeys(one.joined) if any_day else one.joined
        checked = iter(events.of_known(every, one.served.declared, joined, gone=one.gone))
        one.posted = [[next(checked) for _ in job.asked.posted] for job in one.jobs]
        fine = [event for some in one.posted for posted in some for event in posted.events]
        kept = iter(received_events.keep(self.engine, self.spec.name, fine, now=self._now(one.served)) if fine else ())
        one.kept = [[[next(kept) for _ in posted.events] for posted in some] for some in one.posted]

    def _now(self, served: Served) -> datetime:
        """The present, and no earlier than what the batch knew already."""
        return self.clock.now() if served.until is None else max(self.clock.now(), served.until)

    def _touched(self, one: _Pass) -> dict[str, int | None]:
        """The customers to be judged, each with the number of the last event that touches them."""
        asked: dict[str, int | None] = {job.asked.customer: None for job in one.jobs if job.asked.customer}
        for some, kept in zip(one.posted, one.kept, strict=True):
            for posted, found in zip(some, kept, strict=True):
                for event, row in zip(posted.events, found, strict=True):
                    if row.state not in (CONFLICT, ERASED):
                        asked[event.customer_id] = row.number
        return asked

    def _judged(self, one: _Pass, touched: Mapping[str, int | None]) -> list[dict[str, Any]]:
        """What is known now of customers, as plain data, and kept as answers."""
        served, customers = one.served, self._there(one, touched)
        if not customers:
            return []
        received, newest = self._received(served, customers)
        as_of = max([self._now(served), *([newest + TICK] if newest else [])])
        found = judging.judged(self.spec, served, self.engine, customers, received, as_of=as_of)
        by_events = [who for who in customers if touched[who] is not None]
        there = judging.warned(self.spec, served, self.engine, found.of(by_events))
        if served.file is None or len(by_events) < len(customers) or len(found.rows) < len(customers):
            there = self._warnings(customers)
        every = judging.told(self.spec, served, self.engine, customers, found, open_warnings.urgent(there))
        self._note(every, found, touched)
        return every

    def _warnings(self, customers: Sequence[str]) -> list[dict[str, Any]]:
        """All warnings of customers."""
        with databases.answering(self.engine, database.NAMED), self.engine.connect() as connection:
            return warnings.listed(connection, self.spec.name, customers)

    def _there(self, one: _Pass, touched: Mapping[str, int | None]) -> list[str]:
        """Those whom the batch or a row that was kept knows, and who were not erased, in the order of their names."""
        known = {*one.joined, *(who for who, number in touched.items() if number is not None)}
        return sorted(who for who in touched if who in known and who not in one.gone)

    def _received(self, served: Served, customers: Sequence[str]) -> tuple[dict[str, pa.Table], datetime | None]:
        """What was received of customers since the batch, by table, and when the last of it was known."""
        if served.batch is None:
            return {}, None
        came = received_events.of_customers(self.engine, self.spec.name, customers, after=served.batch.received)
        return with_tones(served, came), max((one.known_at for one in came), default=None)

    def _note(self, every: Sequence[Mapping[str, Any]], found: Judged, touched: Mapping[str, int | None]) -> None:
        """Keep what was answered."""
        whom = map(str, found.rows["customer_id"]) if len(found.rows) else ()
        digests = {who: hashlib.sha256(row.tobytes()).hexdigest() for who, row in zip(whom, found.X, strict=True)}
        answers.keep(
            self.engine,
            [
                {
                    "spec": self.spec.name,
                    "customer_id": row["customer_id"],
                    "version": row["version"],
                    "answered_at": row["as_of"],
                    "digest": digests.get(row["customer_id"], ""),
                    "score": row["risk"]["churn_probability"],
                    "advice": orjson.dumps(row["advice"]).decode(),
                    "event": touched[row["customer_id"]],
                    "kind": "customer" if touched[row["customer_id"]] is None else "event",
                }
                for row in every
            ],
        )

    def _answer(self, one: _Pass, place: int, job: Job[Asked], by_customer: Mapping[str, dict[str, Any]]) -> None:
        if (who := job.asked.customer) is not None:
            if who not in by_customer:
                job.answer.set_exception(NotFound("there is no such customer."))
            else:
                job.answer.set_result({**by_customer[who], "timeline": self._timeline(one.served, who)})
            return
        pairs = list(zip(one.posted[place], one.kept[place], strict=True))
        whom = dict.fromkeys(event.customer_id for posted, _ in pairs for event in posted.events)
        job.answer.set_result(
            {
                "spec": self.spec.name,
                "events": [events.told(*pair) for pair in pairs],
                "customers": [by_customer[who] for who in whom if who in by_customer],
            }
        )

    def _timeline(self, served: Served, customer: str) -> list[dict[str, Any]]:
        """What happened to a customer and what was done, the latest known first."""
        rows = [
            {name: _text(value) for name, value in row.items()}
            for row in served.rows.timeline(customer, limit=TIMELINE)
        ]
        done = came_back.contacts_of(self.engine, self.spec.name, customer)
        shown = ["contact", "action", "outcome", "happened_at", "known_at"]
        rows += [{"table": "contacts", **{name: row[name] for name in shown}} for row in done.to_dict("records")]
        return sorted(rows, key=lambda row: str(row["known_at"]), reverse=True)[:TIMELINE]


def with_tones(served: Served, came: Sequence[Received]) -> dict[str, pa.Table]:
    """Received rows by table, in the columns of the batch; what customers wrote has the tone that its reader gives."""
    found = received_rows.arrow_rows(came, served.declared)
    if served.reader is not None and tones.TABLE in found:
        found[tones.TABLE] = tones.with_tones(found[tones.TABLE], served.reader)
    return found


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
