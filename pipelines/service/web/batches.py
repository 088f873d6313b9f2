"""Rows of several requests that wait for one desk are scored in one call: a row's answer is the same in any batch."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from anyio import to_thread

from pipelines.service import metrics
from pipelines.service.web import frames
from pipelines.service.web.desk_protocol import Desk

Rows = Sequence[Mapping[str, Any]]
Answer = tuple[str, list[dict[str, Any]]]
# More rows than this are scored by themselves: waiting for others would win nothing.
FEW = 64
MOST = 512


@dataclass(frozen=True)
class _Waiting:
    rows: Rows
    reasons: int
    answer: asyncio.Future[Answer]

    @property
    def alike(self) -> tuple[Any, ...]:
        """What requests share that are scored together."""
        return self.reasons, *self.rows[0]


class Batches:
    """The queue of a desk; it lives in one event loop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def score(self, rows: Rows, reasons: int) -> Answer:
        """The version, and a prediction for each row. Raises what the desk raises for these rows alone."""
        if len(rows) > FEW:
            return await self._ask(rows, reasons)
        one = _Waiting(rows, reasons, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await one.answer

    async def _work(self) -> None:
        """Score what waits until nothing does."""
        while self._waiting:
            batch = self._next()
            rows, reasons = [row for one in batch for row in one.rows], batch[0].reasons
            found = (await asyncio.gather(self._ask(rows, reasons), return_exceptions=True))[0]
            if not isinstance(found, BaseException):
                version, predictions = found
                parts = iter(predictions)
                answers: list[Answer | BaseException] = [(version, list(islice(parts, len(one.rows)))) for one in batch]
            elif len(batch) == 1:
                answers = [found]
            else:  # a row that cannot be read is refused to those who sent it
                asked = (self._ask(one.rows, reasons) for one in batch)
                answers = await asyncio.gather(*asked, return_exceptions=True)
            for one, answer in zip(batch, answers, strict=True):
                _tell(one.answer, answer)

    async def _ask(self, rows: Rows, reasons: int) -> Answer:
        return await to_thread.run_sync(_score, self._desk, rows, reasons)

    def _next(self) -> list[_Waiting]:
        """The first that waits and all that are like it, up to `MOST` rows."""
        first, size = self._waiting[0], 0
        batch: list[_Waiting] = []
        others: list[_Waiting] = []
        for one in self._waiting:
            fits = one.alike == first.alike and size + len(one.rows) <= MOST
            (batch if fits else others).append(one)
            size += len(one.rows) if fits else 0
        self._waiting = deque(others)
        return batch


def _score(desk: Desk, rows: Rows, reasons: int) -> Answer:
    """One call of the desk, in a worker thread."""
    began = time.perf_counter()
    version, predictions = desk.score(frames.table(rows), reasons=reasons)
    answer = version, frames.records(predictions)
    metrics.PASS_SIZE.labels(desk.name, "score").observe(len(rows))
    metrics.PASS_SECONDS.labels(desk.name, "score").observe(time.perf_counter() - began)
    return answer


def _tell(waiting: asyncio.Future[Answer], answer: Answer | BaseException) -> None:
    if waiting.done():  # the client has gone
        return
    if isinstance(answer, BaseException):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
