"""What each route answers: the request is read, a desk is asked in a worker thread, and its answer is counted."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import pyarrow as pa
from prometheus_client import generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pipelines.jobs.service import metrics
from pipelines.jobs.service.refusals import NotFound
from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import arrow_stream, bodies, json_bodies, raw_bodies
from pipelines.jobs.service.web.batches import Batches
from pipelines.jobs.service.web.desk_protocol import Desk
from pipelines.jobs.service.web.errors import BadRequest
from pipelines.jobs.service.web.raw_bodies import ARROW, JSON

Found = TypeVar("Found")
# Parsing more than this holds up everybody else, so a worker thread does it.
LARGE = 64_000
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
MOST_LISTED, LISTED = 1000, 100
# How many requests wait for passes of one desk at once. Their threads are its own: others' requests, and the look-up of
# keys, do not wait for a slow pass.
WAITING = 64


@dataclass(frozen=True)
class Answering:
    """The desks by spec, and the limits. Each function but `health` answers a request whose key may ask it."""

    desks: Mapping[str, Desk]
    settings: Settings
    batches: Mapping[str, Batches] = field(init=False)
    passes: Mapping[str, ThreadPoolExecutor] = field(init=False)
    streams: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "batches", {name: Batches(desk) for name, desk in self.desks.items()})
        threads = {name: ThreadPoolExecutor(WAITING, f"passes {name}") for name in self.desks}
        object.__setattr__(self, "passes", threads)
        object.__setattr__(self, "streams", asyncio.Semaphore(self.settings.streams))

    async def health(self, request: Request) -> Response:
        """The process answers; no key is needed."""
        raw_bodies.query(request, ())
        return plain({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Whether every spec is ready: 200, or 503 with the reasons."""
        raw_bodies.query(request, ())
        found = await in_thread(lambda: [(name, desk.ready()) for name, desk in self.desks.items()])
        specs = [{"spec": name, "ready": not why, "why": why} for name, why in found]
        ready = all(one["ready"] for one in specs)
        return plain({"ready": ready, "specs": specs}, 200 if ready else 503)

    async def version(self, request: Request) -> Response:
        """Which version of each spec is served, since when, and until when its data reach."""
        raw_bodies.query(request, ())
        return plain({"specs": await in_thread(lambda: [desk.version() for desk in self.desks.values()])})

    async def columns(self, request: Request) -> Response:
        """The columns that POST /score takes."""
        desk = self._desk(raw_bodies.query(request, ("spec",)).get("spec"))
        return plain({"spec": desk.name, "columns": await in_thread(desk.columns)})

    async def metrics(self, request: Request) -> Response:
        """Counts and durations, for Prometheus."""
        raw_bodies.query(request, ())
        return Response(await in_thread(self._measured), media_type=PROMETHEUS)

    def _measured(self) -> bytes:
        """The metrics, with the versions of this moment."""
        found = [(name, desk.version()["version"], desk.ready()) for name, desk in self.desks.items()]
        metrics.CHAMPION.clear()
        for name, version, why in found:
            metrics.READY.labels(name).set(not why)
            if version is not None:
                metrics.CHAMPION.labels(name, str(version)).set(1)
        return generate_latest(metrics.REGISTRY)

    async def score(self, request: Request) -> Response:
        """Predictions for ready rows, of JSON or of an Arrow stream."""
        kind = raw_bodies.content_type(request, (JSON, ARROW))
        if kind == ARROW:
            return await self._score_stream(request)
        asked = raw_bodies.query(request, ("spec",))
        body = bodies.checked(bodies.ScoreBody, await self._json(request))
        bodies.check_cells(body.rows, "rows")
        desk = self._desk(body.spec, asked.get("spec"))
        version, predictions = await self.batches[desk.name].score(body.rows, body.reasons)
        metrics.ANSWERS.labels(desk.name, version, "score").inc(len(predictions))
        return plain({"spec": desk.name, "version": version, "predictions": predictions})

    async def _score_stream(self, request: Request) -> Response:
        asked = raw_bodies.query(request, ("spec", "reasons"))
        reasons = raw_bodies.number(asked.get("reasons"), "reasons", least=0, most=bodies.MOST_REASONS, otherwise=0)
        desk = self._desk(asked.get("spec"))
        async with self.streams:
            body = await self._body(request, self.settings.arrow_bytes)

            def scored() -> tuple[str, int, bytes]:
                rows = arrow_stream.read(body, most=self.settings.arrow_rows)
                version, predictions = desk.score(rows, reasons=reasons)
                return version, len(rows), arrow_stream.written(pa.Table.from_pandas(predictions, preserve_index=False))

            version, count, stream = await in_thread(scored)
        metrics.ANSWERS.labels(desk.name, version, "score").inc(count)
        return Response(stream, media_type=ARROW, headers={"X-Spec": desk.name, "X-Version": version})

    async def events(self, request: Request) -> Response:
        """Keep events, and score their customers again."""
        raw_bodies.content_type(request, (JSON,))
        asked = raw_bodies.query(request, ("spec",))
        body = bodies.checked(bodies.EventsBody, await self._json(request))
        bodies.check_cells([one.row for one in body.events], "events")
        desk = self._desk(body.spec, asked.get("spec"))
        found = await self._in_pass(desk, lambda: desk.receive([one.incoming for one in body.events]))
        for one in found["events"]:
            metrics.EVENTS.labels(desk.name, one["state"]).inc()
        for customer in found["customers"]:
            metrics.ANSWERS.labels(desk.name, str(customer["version"]), "event").inc()
        return plain(found)

    async def customer(self, request: Request) -> Response:
        """What is known and advised of a customer."""
        desk = self._desk(raw_bodies.query(request, ("spec",)).get("spec"))
        customer_id = raw_bodies.path_id(request, "/customers/")
        found = await self._in_pass(desk, lambda: desk.customer(customer_id))
        metrics.ANSWERS.labels(desk.name, str(found["version"]), "customer").inc()
        return plain(found)

    async def listed(self, request: Request) -> Response:
        """A part of the ranked list."""
        asked = raw_bodies.query(request, ("spec", "offset", "limit"))
        desk = self._desk(asked.get("spec"))
        offset = raw_bodies.number(asked.get("offset"), "offset", least=0, most=999_999_999, otherwise=0)
        limit = raw_bodies.number(asked.get("limit"), "limit", least=1, most=MOST_LISTED, otherwise=LISTED)
        return plain(await in_thread(lambda: desk.listed(offset=offset, limit=limit)))

    async def actions(self, request: Request) -> Response:
        """Record what was done, signed by the key's name."""
        raw_bodies.content_type(request, (JSON,))
        asked = raw_bodies.query(request, ("spec",))
        body = bodies.checked(bodies.ActionsBody, await self._json(request))
        bodies.check_cells(body.actions, "actions")
        rows = [bodies.texts(row, number) for number, row in enumerate(body.actions)]
        desk, signed = self._desk(body.spec, asked.get("spec")), f"key {request.scope['key']}"
        return plain(await in_thread(lambda: desk.act(rows, signed=signed)))

    def _desk(self, *named: str | None) -> Desk:
        """The desk of a spec. Raises NotFound for an unknown one, BadRequest where none of several is named, or two."""
        names = {name for name in named if name is not None}
        if len(names) > 1:
            raise BadRequest("the body and the query name different specs.")
        if not names and len(self.desks) > 1:
            raise BadRequest(f"say which spec: {', '.join(sorted(self.desks))}.")
        name = names.pop() if names else next(iter(self.desks))
        if name not in self.desks:
            raise NotFound(f"there is no such spec here; there is {', '.join(sorted(self.desks))}.")
        return self.desks[name]

    async def _in_pass(self, desk: Desk, ask: Callable[[], Found]) -> Found:
        """What a function gives that waits for a pass of a desk."""
        return await asyncio.get_running_loop().run_in_executor(self.passes[desk.name], ask)

    async def _json(self, request: Request) -> Any:
        body = await self._body(request, self.settings.json_bytes)
        return json_bodies.parsed(body) if len(body) < LARGE else await in_thread(lambda: json_bodies.parsed(body))

    async def _body(self, request: Request, limit: int) -> bytes:
        return await raw_bodies.body(request, limit=limit, seconds=self.settings.body_seconds)


async def in_thread(ask: Callable[[], Found]) -> Found:
    """What a function gives that blocks."""
    return await run_in_threadpool(ask)


def plain(found: Any, status: int = 200) -> Response:
    """Plain data as a response."""
    return Response(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY), status, media_type=JSON)
