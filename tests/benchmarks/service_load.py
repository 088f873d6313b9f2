"""Clients of the service: each asks one thing after the other over a connection of its own, and times the answers."""

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Request = tuple[str, str, bytes | None, str]
JSON = "application/json"


@dataclass
class Taken:
    """Seconds of each answer by what was asked, and how many answers were no success."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: int = 0
    wall: float = 0.0

    def shown(self, kind: str) -> str:
        """Requests a second, median, p95 and p99 in milliseconds."""
        some = 1e3 * np.array(self.seconds[kind])
        p50, p95, p99 = np.quantile(some, (0.5, 0.95, 0.99))
        return f"{len(some):,} | {len(some) / self.wall:.0f} | {p50:.1f} | {p95:.1f} | {p99:.1f}"


def closed(port: int, clients: int, seconds: float, ask: Callable[[int, int], tuple[str, Request]]) -> Taken:
    """Each client asks as soon as it is answered; ask gives, of a client and a number, the kind and the request."""
    return _run(port, clients, seconds, ask, rate=None)


def paced(
    port: int, clients: int, seconds: float, rate: float, ask: Callable[[int, int], tuple[str, Request]]
) -> Taken:
    """So many requests a second in all, each by a client that is free; where all wait for answers, waiting counts."""
    return _run(port, clients, seconds, ask, rate=rate)


def _run(
    port: int, clients: int, seconds: float, ask: Callable[[int, int], tuple[str, Request]], *, rate: float | None
) -> Taken:
    found, lock, places, began = Taken(), threading.Lock(), itertools.count(), time.perf_counter()

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        own: dict[str, list[float]] = {}
        failed = 0
        while True:
            place, now = next(places), time.perf_counter() - began
            due = now if rate is None else place / rate
            if max(now, due) >= seconds:
                break
            if due > now:
                time.sleep(due - now)
            kind, (method, path, body, content) = ask(number, place)
            start = time.perf_counter() if rate is None else began + due
            connection.request(method, path, body, {"Content-Type": content} if body is not None else {})
            answer = connection.getresponse()
            answer.read()
            own.setdefault(kind, []).append(time.perf_counter() - start)
            failed += answer.status != 200
        connection.close()
        with lock:
            for kind, some in own.items():
                found.seconds.setdefault(kind, []).extend(some)
            found.failed += failed

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found.wall = time.perf_counter() - began
    return found


def table(title: str, taken: Taken, kinds: Sequence[str]) -> None:
    """Print what was taken, a row for each kind."""
    for kind in kinds:
        print(f"| {title}: {kind} | {taken.shown(kind)} | {taken.failed} |", flush=True)
