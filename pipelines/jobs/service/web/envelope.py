"""What is around every request: its id, headers that browsers heed, a line of the log, metrics, and the last resort."""

import os
import re
import time
import traceback
from types import TracebackType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.jobs.service import metrics
from pipelines.jobs.service.web import access_log
from pipelines.jobs.service.web.errors import UNFORESEEN, Busy, answer, headers_of
from pipelines.messages import log

A_TOKEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
LAST_PLACES = 8
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


class Envelope:
    """ASGI middleware; a plain one, as Starlette's base class costs a task and two streams for each request."""

    def __init__(self, app: ASGIApp, *, in_flight: int) -> None:
        self._app = app
        self._most = in_flight
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = _Told(scope, send)
        self._held += 1
        try:
            if self._held > self._most and scope["path"] != "/health":  # who is busy is well
                busy = Busy("too many requests are waiting here; ask again in a second.")
                await answer(503, str(busy), told.request_id, headers_of(busy))(scope, receive, told.send)
            else:
                await self._answered(scope, receive, told)
        finally:
            self._held -= 1
            told.end()

    async def _answered(self, scope: Scope, receive: Receive, told: "_Told") -> None:
        last_resort = _LastResort(told.request_id)
        with last_resort:
            await self._app(scope, receive, told.send)
        if last_resort.used and not told.begun:
            await answer(500, UNFORESEEN, told.request_id)(scope, receive, told.send)


class _Told:
    """What is known of a request: its id, and of its answer the status."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        self.request_id = given.decode() if A_TOKEN.fullmatch(given) else os.urandom(16).hex()
        self.begun, self.status = False, 499  # as nginx says of a client that has gone
        self._scope, self._send, self._began = scope, send, time.perf_counter()
        scope["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        """Send on, with the headers."""
        if message["type"] == "http.response.start":
            self.begun, self.status = True, message["status"]
            message["headers"] = [*message["headers"], *HEADERS, (b"x-request-id", self.request_id.encode())]
        await self._send(message)

    def end(self) -> None:
        """Count it, and write its line."""
        seconds = time.perf_counter() - self._began
        template = self._scope.get("template", "none")
        method = self._scope["method"] if self._scope["method"] in METHODS else "other"
        metrics.REQUESTS.labels(template, method, str(self.status)).inc()
        metrics.REQUEST_SECONDS.labels(template, method).observe(seconds)
        access_log.write(
            method=method,
            route=template,
            status=self.status,
            milliseconds=round(seconds * 1000, 2),
            key=self._scope.get("key"),
            request_id=self.request_id,
        )


class _LastResort:
    """A block in which what nobody foresaw is logged, by its kind and place, and goes no further.

    Its text is not logged: it may hold what a customer wrote.
    """

    def __init__(self, request_id: str) -> None:
        self.used = False
        self._request_id = request_id

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Whether it was an error, rather than a cancellation or a stop."""
        if kind is None or not issubclass(kind, Exception):
            return False
        self.used = True
        places = [f"{one.filename}:{one.lineno} in {one.name}" for one in traceback.extract_tb(trace)[-LAST_PLACES:]]
        log.error("\n  ".join([f"{kind.__name__} in the request {self._request_id}", *places]))
        return True
