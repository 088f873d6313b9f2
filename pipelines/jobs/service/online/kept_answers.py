"""Answers to ready rows, written to the database by a thread of their own, some at a time."""

import hashlib
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.errors import StorageError
from pipelines.jobs.service.refusals import Unavailable
from pipelines.messages import log
from pipelines.outreach.operations import answers

# How many may wait to be written, how many are written at once, and how many of one large request are kept.
MOST_WAITING, AT_ONCE, MOST_OF_ONE = 100_000, 2_000, 1_000
PAUSE_SECONDS = 0.2


class KeptAnswers:
    """Keeps a share of the answers to POST /score; of a request of many rows MOST_OF_ONE by lot."""

    def __init__(self, engine: sa.Engine, spec: str, *, share: float) -> None:
        self._engine, self._spec, self._share = engine, spec, share
        self._lot = np.random.default_rng()
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"answers {spec}", daemon=True)
        self._thread.start()

    def add(self, rows: pd.DataFrame, scored: pd.DataFrame, *, version: str, at: str) -> None:
        """Note what a version said of rows. Raises Unavailable where too many wait, as on a database that is gone."""
        chosen = self._chosen(len(rows))
        if len(self._waiting) + len(chosen) > MOST_WAITING:
            raise Unavailable("answers cannot be kept now: the operations database does not take them.")
        if not len(chosen):
            return
        risk = scored["churn_probability"].to_numpy(dtype=float)
        told = {"spec": self._spec, "customer_id": None, "version": version, "answered_at": at}
        self._waiting += [
            {**told, "digest": one, "score": float(risk[place]), "advice": None, "event": None, "kind": "score"}
            for place, one in zip(chosen, digests(rows.iloc[chosen]), strict=True)
        ]

    def close(self) -> None:
        """Write what waits, and end."""
        self._closing.set()
        self._thread.join()

    def _chosen(self, size: int) -> np.ndarray:
        chosen = np.arange(size) if self._share >= 1 else np.flatnonzero(self._lot.random(size) < self._share)
        return chosen if len(chosen) <= MOST_OF_ONE else np.sort(self._lot.choice(chosen, MOST_OF_ONE, replace=False))

    def _run(self) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="answers") as writing:
            is_last = False
            while not is_last:
                is_last = self._closing.wait(PAUSE_SECONDS)
                # The text of what nobody foresaw may hold anything.
                if error := writing.submit(self._write).exception():
                    log.error(f"serve {self._spec}: answers were not written: {type(error).__name__}")
        if self._waiting:
            log.error(f"serve {self._spec}: {len(self._waiting):,} answers could not be kept")

    def _write(self) -> None:
        """Write all that waits; what cannot be written waits on."""
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                answers.keep(self._engine, some)
            except StorageError as error:
                self._waiting.extendleft(reversed(some))
                log.error(f"serve {self._spec}: {error}")
                return


def digests(rows: pd.DataFrame) -> list[str]:
    """SHA-256 of what each row holds, column by column."""
    names = list(map(str, rows))
    every = rows.to_numpy(dtype=object).tolist()
    return [hashlib.sha256(repr(list(zip(names, row, strict=True))).encode()).hexdigest() for row in every]
