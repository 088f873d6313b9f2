"""The service in a copy of the repository, and how a client speaks to it."""

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.end_to_end.loaded import Started
from tests.end_to_end.repository import Repository, environment

READY_SECONDS = 120.0


@dataclass(frozen=True)
class Service:
    """A service on loopback: its port and its process."""

    port: int
    process: Started

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer of a request, as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            plain = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, plain, {"Content-Type": "application/json"} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The answer to a GET that succeeds."""
        status, found = self.ask("GET", path)
        assert status == 200, found
        return found

    def post(self, *events: Mapping[str, Any]) -> Any:
        """The answer to events that are taken."""
        status, found = self.ask("POST", "/events", {"events": list(events)})
        assert status == 200, found
        return found

    def kill(self) -> None:
        """End it as a power failure does."""
        os.kill(self.process.number, signal.SIGKILL)


@contextmanager
def served(
    repository: Repository, *specs: str, words: tuple[str, ...] = ("--without-keys",), **variables: str
) -> Iterator[Service]:
    """`serve SPECS WORDS` in a copy, ready; it is stopped in the end, unless it was killed."""
    assert repository.libraries is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["pipelines", "serve", *specs, *words, "--port", str(port)]
    process = repository.libraries.started(command, cwd=repository.root, env={**environment(), **variables})
    service = Service(port, process)
    try:
        _wait(service)
        yield service
    finally:
        stop(service)


def stop(service: Service) -> Any:
    """Stop it, if it still lives; what it said."""
    try:
        os.kill(service.process.number, signal.SIGTERM)
    except ProcessLookupError:
        return None
    return service.process.ended(60)


def _wait(service: Service) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            if service.ask("GET", "/ready")[0] == 200:
                return
        except OSError:
            os.kill(service.process.number, 0)  # a service that has ended will never be ready
            time.sleep(0.05)
    raise AssertionError("the service did not become ready")


def note(key: str, customer: str, **columns: Any) -> dict[str, Any]:
    """An event: a complaint in a call."""
    row = {"interaction_id": f"note-{key}", "customer_id": customer, "event_at": "2025-05-30T10:00:00"}
    row |= {"channel": "call", "complaint": True, "text": "very slow, I want to cancel", **columns}
    return {"key": key, "table": "interactions", "row": row}
