"""The list of all customers by risk: the batch's, with the scores of events, and without those who left since."""

import threading
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from pipelines.outreach.operations import answers


class Listing:
    """The list of one version and batch, which has the events up to the number received. Thread-safe."""

    def __init__(self, engine: sa.Engine, spec: str, version: str, listed: pd.DataFrame, *, received: int = 0) -> None:
        self._engine, self._spec, self._version, self._received = engine, spec, version, received
        self._ids = listed["customer_id"].to_numpy().astype(str)
        self._risk = listed["churn_probability"].to_numpy(dtype=float)
        self._places = pd.Index(self._ids)
        self._lock, self._number, self._newer = threading.Lock(), 0, dict[str, float | None]()
        self._whole = self._ids, self._risk

    def part(self, *, offset: int, limit: int) -> tuple[int, list[dict[str, Any]]]:
        """How many customers there are, and some of them: rank, customer_id, churn_probability, highest risk first."""
        with self._lock:
            self._renew()
            ids, risk = self._whole
        shown = zip(ids[offset : offset + limit].tolist(), risk[offset : offset + limit].tolist(), strict=True)
        return len(ids), [
            {"rank": offset + place, "customer_id": who, "churn_probability": one}
            for place, (who, one) in enumerate(shown, start=1)
        ]

    def _renew(self) -> None:
        """Take in the answers that came since, of whichever process."""
        asked: dict[str, Any] = {"version": self._version, "number": self._number, "event": self._received}
        found = answers.scores_after(self._engine, self._spec, **asked)
        if not found:
            return
        self._number = found[-1][0]
        self._newer |= {who: score for _, who, score in found}
        places = self._places.get_indexer(pd.Index(list(self._newer)))
        ids, risk = np.delete(self._ids, places[places >= 0]), np.delete(self._risk, places[places >= 0])
        scored = [(who, score) for who, score in self._newer.items() if score is not None]
        newer = sorted(scored, key=lambda one: (-one[1], one[0]))
        at = np.searchsorted(-risk, [-score for _, score in newer])
        longest = max(ids.dtype, np.array(list(self._newer)).dtype)
        self._whole = (
            np.insert(ids.astype(longest), at, [who for who, _ in newer]),
            np.insert(risk, at, [score for _, score in newer]),
        )
