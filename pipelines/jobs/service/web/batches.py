"""Rows of several requests that wait for one desk are scored in one call: a row's answer is the same in any batch."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from starlette.concurrency import run_in_threadpool

from pipelines.jobs.service import metrics
from pipelines.jobs.service.web import frames
from pipelines.jobs.service.web.desk_protocol import Desk

Rows = Sequence[Mapping[str, Any]]
Answer = tuple[str, list[dict[str, Any]]]
# More rows than this are scored by themselves: waiting for others would win nothing.
FEW = 64
MOST = 512


@dataclass
class _Waiting:
    rows: Rows
    reasons: int
    answer: "asyncio.Future[Answer]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def alike(self) -> tuple[Any, ...]:
        """What requests share that are scored together: a name that only another one has would be missing in this one,
        which alone is refused for it.
        """
        names = tuple(self.rows[0])
        if all(tuple(row) == names for row in self.rows):
            return self.reasons, *names
        return self.reasons, None, *sorted({name for row in self.rows for name in row})

    def tell(self, answer: Answer) -> None:
        """Give the answer, unless the client has gone; from any thread."""
        self._say(lambda: self.answer.set_result(answer))

    def refuse(self, error: Exception) -> None:
        """Raise the error where the answer is awaited."""
        self._say(lambda: self.answer.set_exception(error))

    def _say(self, say: Any) -> None:
        self.answer.get_loop().call_soon_threadsafe(lambda: None if self.answer.done() else say())


class Batches:
    """The queue of a desk, and the one thread that scores what waits there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: deque[_Waiting] = deque()
        self._worker = ThreadPoolExecutor(1, f"scores {desk.name}")

    async def score(self, rows: Rows, reasons: int) -> Answer:
        """The version, and a prediction for each row. Raises what the desk raises for these rows alone."""
        if len(rows) > FEW:
            return await run_in_threadpool(_score, self._desk, rows, reasons)
        one = _Waiting(rows, reasons)
        self._waiting.append(one)
        self._worker.submit(self._work)
        return await one.answer

    def _work(self) -> None:
        """Score what waits by now; a later turn may find nothing."""
        batch: dict[tuple[Any, ...], list[_Waiting]] = {}
        size = 0
        while self._waiting and size < MOST:
            one = self._waiting.popleft()
            batch.setdefault(one.alike, []).append(one)
            size += len(one.rows)
        for alike in batch.values():
            self._together(alike)

    def _together(self, batch: Sequence[_Waiting]) -> None:
        """Score requests in one call; where that fails each by itself, so that it fails whose rows are at fault."""
        attempt = _Attempt()
        with attempt:
            version, predictions = _score(self._desk, [row for one in batch for row in one.rows], batch[0].reasons)
            done = 0
            for one in batch:
                one.tell((version, predictions[done : done + len(one.rows)]))
                done += len(one.rows)
        if attempt.error is not None and len(batch) == 1:
            batch[0].refuse(attempt.error)
        elif attempt.error is not None:
            for one in batch:
                self._together([one])


class _Attempt:
    """A block whose error waits to be raised where its answer is awaited."""

    error: Exception | None = None

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keep the error."""
        if isinstance(error, Exception):
            self.error = error
            return True
        return False


def _score(desk: Desk, rows: Rows, reasons: int) -> Answer:
    """One call of the desk, in a worker thread."""
    began = time.perf_counter()
    version, predictions = desk.score(frames.table(rows), reasons=reasons)
    answer = version, frames.records(predictions)
    metrics.PASS_SIZE.labels(desk.name, "score").observe(len(rows))
    metrics.PASS_SECONDS.labels(desk.name, "score").observe(time.perf_counter() - began)
    return answer
