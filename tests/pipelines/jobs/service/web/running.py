"""A service on loopback in a thread of this process, and what asks it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import server
from pipelines.jobs.service.web.app import made
from pipelines.jobs.service.web.desk_protocol import Desk
from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk

KEYS = {"hf_reader": ("crm", "read"), "hf_writer": ("feed", "write"), "hf_team": ("team", "desk")}
ROW = {"tenure": 3, "plan": "basic"}


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def plain(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return self.plain["error"]["message"]


@dataclass(frozen=True)
class Running:
    """The address of a running service, and its first desk."""

    port: int
    desk: MemoryDesk

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = "hf_reader", **headers: str) -> Reply:
        """One request on a connection of its own; a body that is not bytes is sent as JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            named["X-API-Key"] = key
        if body is not None:
            named.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, named)
            found = connection.getresponse()
            return Reply(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
        finally:
            connection.close()

    def raw(self, sent: bytes) -> bytes:
        """What comes back for these bytes until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(sent)
            parts = []
            while part := connection.recv(65_536):
                parts.append(part)
        return b"".join(parts)


@contextmanager
def running(*desks: Desk, keys: Any = KEYS.get, **limits: Any) -> Iterator[Running]:
    """A service of these desks, by default one of the demo; limits are those of `Settings`."""
    served = desks or (MemoryDesk("demo"),)
    settings = Settings(port=0, **limits)
    uvicorn = server.server(made({one.name: one for one in served}, keys=keys, settings=settings), settings)
    listening = server.bound(settings)
    thread = threading.Thread(target=uvicorn.run, args=([listening],))
    thread.start()
    try:
        yield Running(listening.getsockname()[1], served[0])
    finally:
        uvicorn.should_exit = True
        thread.join()
        listening.close()
