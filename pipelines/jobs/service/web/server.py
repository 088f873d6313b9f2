"""The server: uvicorn in this process, which ends by SIGTERM, SIGINT or SIGHUP once it has answered what it holds."""

import signal
import socket
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from features.errors import UsageError
from pipelines.jobs.service.settings import Settings
from pipelines.messages import log

MOST_HEADERS = 32_768


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn reads it with httptools, with a limit on request line and headers, which that lacks."""

    _of_headers, _in_headers = 0, True

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
    log.note(f"serve: http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        # Once it has ended, uvicorn raises the signal again, for whoever handled it before.
        with suppress(KeyboardInterrupt):
            serving.run(sockets=[listening])
    finally:
        signal.signal(signal.SIGHUP, before)
        listening.close()
    log.note("serve: stopped; every request that was held is answered")
