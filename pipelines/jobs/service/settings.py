"""What `serve` is told on its command line, and the limits of a request."""

from dataclasses import dataclass

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Settings:
    """Where the service listens, what it keeps of its answers, and its limits.

    keep_answers is the share, in [0, 1], of the answers of POST /score that are kept; rate is in requests a minute for
    each key; streams is how many Arrow bodies are in memory at once, body_seconds how long a body may take to arrive,
    in_flight how many requests are held at once, and stop_seconds how long those are waited for at the end.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    without_keys: bool = False
    keep_answers: float = 1.0
    rate: int = 30_000
    json_bytes: int = 2 * MEGABYTE
    arrow_bytes: int = 64 * MEGABYTE
    arrow_rows: int = 1_000_000
    streams: int = 4
    body_seconds: float = 30.0
    in_flight: int = 500
    stop_seconds: int = 20

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK
