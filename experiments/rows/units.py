"""Which customers and label windows earlier comparisons have used, so that reused outcomes are not counted as new."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.rows.split import customer_hash
from experiments.sections.label import LabelSpec

Customers = npt.NDArray[np.uint32]

# So many customers stand for all: a share of new ones is then known to about 2 per cent of itself.
KEPT_CUSTOMERS = 2048
SEED = 910_417
# Of rows without dates: one window for all time.
ALWAYS = (datetime.min, datetime.max)
HASHES = 2.0**64


@dataclass(frozen=True)
class Window:
    """A label window [opens, closes) and the customers observed in it, as sorted hashes."""

    opens: datetime
    closes: datetime
    customers: Customers

    def to_dict(self) -> dict[str, str]:
        """The window as JSON-compatible data."""
        text = base64.b64encode(self.customers.astype(">u4").tobytes()).decode()
        return {"opens": self.opens.isoformat(), "closes": self.closes.isoformat(), "customers": text}

    @classmethod
    def from_dict(cls, plain: Mapping[str, str]) -> "Window":
        """The window that `to_dict` wrote."""
        customers = np.frombuffer(base64.b64decode(plain["customers"]), dtype=">u4").astype(np.uint32)
        return cls(datetime.fromisoformat(plain["opens"]), datetime.fromisoformat(plain["closes"]), customers)


def rate_for(customers: int) -> float:
    """The sampling rate of customers, in (0, 1]: 1 where they are few."""
    return min(1.0, KEPT_CUSTOMERS / max(customers, 1))


def windows_of(rows: pd.DataFrame, label: LabelSpec, *, rate: float) -> tuple[Window, ...]:
    """The label windows of rows (customer_id, as_of), earliest first, with the customers sampled at a rate.

    Whether a customer is kept follows from customer_id alone. Rows without a date, or of a label without a horizon,
    have one window for all time: without dates nothing tells a new month from a corrected file.
    """
    hashed = customer_hash(rows["customer_id"], SEED)
    kept = hashed.astype(np.float64) / HASHES <= rate
    chosen = pd.DataFrame({"as_of": rows["as_of"].to_numpy()[kept], "hash": (hashed[kept] & 0xFFFFFFFF)})
    return tuple(
        Window(*_window(as_of, label), np.unique(among["hash"].to_numpy().astype(np.uint32)))
        for as_of, among in chosen.groupby("as_of", dropna=False)
    )


def _window(as_of: Any, label: LabelSpec) -> tuple[datetime, datetime]:
    if pd.isna(as_of) or not label.horizon_days:
        return ALWAYS
    opens = as_of.to_pydatetime() + timedelta(days=label.lead_time_days)
    return opens, opens + timedelta(days=label.horizon_days)


def unseen(judged: Iterable[Window], seen: Iterable[Window]) -> float:
    """How many units of the judged windows are new: a customer counts by the unused part of the window.

    What a judged window shares with one before it counts once.
    """
    known, total = list(seen), 0.0
    for window in judged:
        length = window.closes - window.opens
        for start, end in _pieces(window, known):
            covering = [one.customers for one in known if one.opens <= start and end <= one.closes]
            there = np.isin(window.customers, np.concatenate(covering)) if covering else np.zeros(0, dtype=np.bool_)
            total += (window.customers.size - int(there.sum())) * ((end - start) / length)
        known.append(window)
    return total


def _pieces(window: Window, known: list[Window]) -> list[tuple[datetime, datetime]]:
    """The window, cut wherever a known one begins or ends."""
    cuts = {edge for one in known for edge in (one.opens, one.closes) if window.opens < edge < window.closes}
    edges = sorted({window.opens, window.closes, *cuts})
    return list(pairwise(edges))


def newly_seen(judged: Iterable[Window], seen: Iterable[Window]) -> tuple[Window, ...]:
    """The windows to record so that, with the earlier record, all judged outcomes are covered."""
    known = list(seen)
    found = []
    for window in judged:
        same = [one.customers for one in known if (one.opens, one.closes) == (window.opens, window.closes)]
        new = np.setdiff1d(window.customers, np.concatenate(same)) if same else window.customers
        if new.size:
            found.append(Window(window.opens, window.closes, new))
    return tuple(found)
