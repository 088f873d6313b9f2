"""A desk that holds everything in memory and has a formula for a model: what the web is tested with."""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.errors import ContractError, StorageError
from pipelines.jobs.service.refusals import NotFound
from pipelines.jobs.service.web.desk_protocol import Incoming

BEGAN = datetime(2026, 1, 30, 9, 0)
COLUMNS = ("tenure", "plan")


class MemoryDesk:
    """Serves a spec whose risk is 1 / (1 + tenure), and keeps events by key."""

    def __init__(self, name: str, *, seconds: float = 0.0) -> None:
        self.name, self.time_zone, self.seconds = name, "Europe/Berlin", seconds
        self.held = threading.Event()  # set once a call has begun
        self.closed = False
        self.why: list[str] = []
        self.sizes: list[int] = []
        self.acted: list[tuple[str, Mapping[str, str]]] = []
        self._kept: dict[str, tuple[Incoming, int]] = {}
        self._lock = threading.Lock()

    def version(self) -> dict[str, Any]:
        since, until = "2026-01-26T04:20:11+00:00", "2026-01-25"
        numbers = {"version": "7", "received": len(self._kept)}
        return {"spec": self.name, **numbers, "since": since, "data_until": until, "problem": None}

    def ready(self) -> list[str]:
        return self.why

    def columns(self) -> list[dict[str, Any]]:
        return [
            {"name": "tenure", "type": "number", "meaning": "Months", "unit": "months", "categories": []},
            {"name": "plan", "type": "category", "meaning": "Plan", "unit": "", "categories": ["basic", "large"]},
        ]

    def score(self, rows: pd.DataFrame, *, reasons: int) -> tuple[str, pd.DataFrame]:
        self.held.set()
        time.sleep(self.seconds)
        self.sizes.append(len(rows))
        if missing := [name for name in COLUMNS if name not in rows.columns]:
            raise ContractError(f"the rows have no column {missing}; the contract asks for them")
        risks = [self._risk(cell, place) for place, cell in enumerate(rows["tenure"])]
        found = pd.DataFrame({"churn_score": risks, "churn_probability": risks}, index=rows.index)
        said = {f"reason_{k + 1}": [f"plan: {plan}" for plan in rows["plan"]] for k in range(min(reasons, 2))}
        return "7", found.assign(**said)

    def _risk(self, cell: Any, place: int) -> float:
        if cell is None or cell != cell:  # noqa: PLR0124 - NaN
            return float("nan")
        if isinstance(cell, str) or not 0 <= cell < 1e300:
            raise ContractError(f"column 'tenure', row {place} (index {place}): {cell!r} cannot be read; expected more")
        if cell == 13:
            raise RuntimeError(f"unforeseen for {cell}")
        if cell == 14:
            raise StorageError("postgresql://secret.example is gone")
        return float(1 / (1 + np.float64(cell)))

    def receive(self, events: Sequence[Incoming]) -> dict[str, Any]:
        with self._lock:
            states = [self._kept_as(one) for one in events]
        touched = {
            str(one.row.get("customer_id")) for one, state in zip(events, states, strict=True) if "number" in state
        }
        customers = [self._customer(one) for one in sorted(touched)]
        return {"spec": self.name, "events": states, "customers": customers}

    def _kept_as(self, one: Incoming) -> dict[str, Any]:
        if "customer_id" not in one.row:
            return {"key": one.key, "state": "refused", "why": "there is no column 'customer_id'."}
        before, number = self._kept.setdefault(one.key, (one, len(self._kept) + 1))
        if before != one:
            return {"key": one.key, "state": "conflict"}
        known_at = (BEGAN + timedelta(microseconds=number)).isoformat(timespec="microseconds")
        return {"key": one.key, "state": "new" if before is one else "known", "number": number, "known_at": known_at}

    def _customer(self, customer_id: str) -> dict[str, Any]:
        return {
            "spec": self.name,
            "customer_id": customer_id,
            "version": "7",
            "as_of": BEGAN.isoformat(),
            "risk": {"churn_probability": 0.5, "level": "high"},
            "uplift": {"call": 0.1},
            "reasons": [{"en": "a ticket", "zh": "工单"}],
            "warnings": [],
            "advice": {"action": "call", "because": "uplift", "round": None, "withheld_until": None},
            "active": True,
        }

    def customer(self, customer_id: str) -> dict[str, Any]:
        if customer_id.startswith("nobody"):
            raise NotFound("there is no such customer.")
        return {**self._customer(customer_id), "timeline": []}

    def listed(self, *, offset: int, limit: int) -> dict[str, Any]:
        advice = {"action": "none", "because": "in no open round", "round": None, "withheld_until": None}
        customers = [
            {"rank": number + 1, "customer_id": f"C{number}", "churn_probability": 0.5, "advice": advice}
            for number in range(250)[offset : offset + limit]
        ]
        return {"spec": self.name, "as_of": "2026-01-26", "version": "7", "total": 250, "customers": customers}

    def act(self, rows: Sequence[Mapping[str, str]], *, signed: str) -> dict[str, Any]:
        self.acted += [(signed, row) for row in rows]
        return {"new": len(rows), "known": 0, "corrections": 0}

    def close(self) -> None:
        self.closed = True
