"""The server: uvicorn in this process, which ends by SIGTERM, SIGINT or SIGHUP once it has answered what it holds."""

import asyncio
import gc
import signal
import socket
from contextlib import suppress
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from features.errors import UsageError
from pipelines.jobs.service.settings import Settings
from pipelines.messages import log

MOST_HEADERS = 32_768


class OneWrite:
    """A transport that sends what is written in one turn of the loop together: an answer's headers with its body.

    To send takes a quarter of the time of a short request, and wakes the client each time.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send it at the end of the turn."""
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._send)
        self._parts.append(data)

    def close(self) -> None:
        """Send what was written, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts and not self._transport.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()

    def __getattr__(self, name: str) -> Any:
        """Everything else is that of the transport."""
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn reads it with httptools, with a limit on request line and headers, which that lacks."""

    _of_headers, _in_headers = 0, True

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(cast("asyncio.Transport", OneWrite(transport)))

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its headers have ended."""
        self._in_headers = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes have come; of headers that do not end there are soon too many."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._of_headers = self._of_headers + len(data) if self._in_headers else 0
        if self._of_headers > MOST_HEADERS and not self.transport.is_closing():
            self.send_400_response("The headers of the request are too large.")


def server(app: Starlette, settings: Settings) -> uvicorn.Server:
    """The server of an application; it sends no name of its own and logs no request, as the application does."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.stop_seconds,
        )
    )


def bound(settings: Settings) -> socket.socket:
    """The socket that it listens on; port 0 takes a free one. Raises UsageError where host or port cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"{settings.host} port {settings.port} cannot be listened on: {error}; name others by --host and --port."
        ) from error


def run(app: Starlette, settings: Settings) -> None:
    """Serve until a signal stops it. Raises UsageError as `bound`."""
    serving, listening = server(app, settings), bound(settings)
    host, port = listening.getsockname()[:2]
    before = signal.getsignal(signal.SIGHUP)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, serving.handle_exit)
    # What is loaded stays: nobody looks through it for garbage while requests wait.
    gc.collect()
    gc.freeze()
    log.note(f"serve: http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        # Once it has ended, uvicorn raises the signal again, for whoever handled it before.
        with suppress(KeyboardInterrupt):
            serving.run(sockets=[listening])
    finally:
        signal.signal(signal.SIGHUP, before)
        listening.close()
    log.note("serve: stopped; every request that was held is answered")
