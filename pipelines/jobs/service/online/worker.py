"""One thread that does what several others ask for, all that waits in one pass."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pipelines.jobs.service.refusals import Unavailable

Asked = TypeVar("Asked")


@dataclass(frozen=True)
class Job(Generic[Asked]):
    """What is asked, how much of a pass it takes, and where the answer goes."""

    asked: Asked
    size: int
    answer: "Future[Any]" = field(default_factory=Future)


class Worker(Generic[Asked]):
    """A queue and its thread. work answers every job of a pass; what it raises is the answer to all of them."""

    def __init__(self, name: str, work: Callable[[Sequence[Job[Asked]]], None], *, most: int) -> None:
        self._waiting: queue.SimpleQueue[Job[Asked] | None] = queue.SimpleQueue()
        self._work, self._most = work, most
        self._closing, self._ended = threading.Lock(), False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def ask(self, asked: Asked, *, size: int = 1) -> Any:
        """Wait for the answer. Raises what the work raised, and Unavailable once it has ended."""
        job = Job(asked, size)
        with self._closing:  # nothing is put behind the end, where nobody would answer it
            if self._ended:
                raise Unavailable("the service has ended here; ask again.")
            self._waiting.put(job)
        return job.answer.result()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._waiting.qsize()

    @property
    def lives(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Answer all that waits, and end."""
        with self._closing:
            self._ended = True
            self._waiting.put(None)
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        ended = False
        while not ended:
            jobs, ended = self._next()
            if not jobs:
                continue
            error = self._pool.submit(self._work, jobs).exception()
            for job in jobs:
                if error is not None and not job.answer.done():  # those who wait raise it
                    job.answer.set_exception(error)

    def _next(self) -> tuple[list[Job[Asked]], bool]:
        """All that waits, as much as a pass takes, and whether the end was asked for."""
        jobs: list[Job[Asked]] = []
        found = self._waiting.get()
        while found is not None:
            jobs.append(found)
            if sum(job.size for job in jobs) >= self._most:
                return jobs, False
            try:
                found = self._waiting.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True
