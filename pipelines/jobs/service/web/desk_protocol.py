"""What the web asks of a served spec; `pipelines/jobs/service/desk.py` is the one that has models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd


@dataclass(frozen=True)
class Incoming:
    """One posted event: a canonical row of a table, or a raw row of a file that the spec's mapping reads."""

    key: str
    table: str | None
    file: str | None
    row: Mapping[str, Any]


class Desk(Protocol):
    """One spec that is served. All functions are thread-safe and block; the web calls them in worker threads.

    Their refusals are `refusals.Refused`, StorageError, DataError and UsageError; `errors.py` gives each its status.
    """

    name: str
    time_zone: str

    def version(self) -> dict[str, Any]:
        """spec, version, since, data_until, received and problem: why a newer champion is not served, or None."""

    def ready(self) -> list[str]:
        """Why it is not ready; empty where it is."""

    def columns(self) -> list[dict[str, Any]]:
        """The model's columns: name, type, meaning, unit, categories."""

    def score(self, rows: pd.DataFrame, *, reasons: int) -> tuple[str, pd.DataFrame]:
        """The version, and the predictions with the index of the rows."""

    def receive(self, events: Sequence[Incoming]) -> dict[str, Any]:
        """spec, events (key, state, and number and known_at, or why) and customers, those that events touched."""

    def customer(self, customer_id: str) -> dict[str, Any]:
        """What is known and advised of a customer, with a timeline. Raises NotFound."""

    def listed(self, *, offset: int, limit: int) -> dict[str, Any]:
        """spec, as_of, version, total and customers: a part of the ranked list."""

    def act(self, rows: Sequence[Mapping[str, str]], *, signed: str) -> dict[str, Any]:
        """Record what was done, as `record` does: new, known and corrections."""

    def close(self) -> None:
        """End its threads and connections."""
