"""Who was a customer when, what they paid and which group they were in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from experiments.evaluation.retention.spans import Moments, Spans
from experiments.metric import Numbers

GROUPING = ("segment", "region", "language")


@dataclass(frozen=True)
class Company:
    """All customers by today's knowledge; arrays have shape (n_customers,), in the order of ids.

    data_begin and ends bound the data, and from begins on it is known who is a customer. lag_days is how long it takes
    until 99 % of the ends of contracts are known. basis is "contracts" or "activity" (whoever did something within
    active_days). contracts and customers hold every version with `place`, the customer's position; tables are those
    that figures of surveys and of money need.
    """

    ids: pd.Index
    spans: Spans
    basis: str
    active_days: int
    data_begin: datetime
    begins: datetime
    ends: datetime
    lag_days: int
    contracts: pd.DataFrame | None
    customers: pd.DataFrame | None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def paying(self, moment: np.datetime64) -> Numbers | None:
        """What each customer's running contracts cost a month at a moment; None where there is no price."""
        if self.contracts is None or self.basis != "contracts" or not (self.contracts["price"] > 0).any():
            return None
        rows = in_force(self.contracts, moment)
        running = (rows["begins_at"] < moment) & ~(rows["stops_at"] < moment)
        prices = rows["price"].where(running, 0.0).fillna(0.0).to_numpy(dtype=float)
        found = np.bincount(rows["place"].to_numpy(), weights=prices, minlength=len(self.ids))
        return np.asarray(found, dtype=np.float64)

    def grouping(self) -> list[str]:
        """The columns by which customers can be grouped."""
        held = [] if self.customers is None else [one for one in GROUPING if self.customers[one].notna().any()]
        return held + (["plan"] if self.contracts is not None else [])

    def group(self, column: str, moment: np.datetime64) -> pd.Series:
        """The value of a column for each customer as it was at a moment, or first became after it; missing: none."""
        held = self.contracts if column == "plan" else self.customers
        if held is None:
            return pd.Series(None, index=range(len(self.ids)), dtype=object)
        rows = in_force(held, moment)
        if column == "plan":  # of several contracts the one that runs, and of those the first
            rows = rows.assign(off=~((rows["begins_at"] < moment) & ~(rows["stops_at"] < moment)))
            rows = rows.sort_values(["place", "off", "begins_at", "contract_id"]).drop_duplicates("place")
        return rows.set_index("place")[column].reindex(range(len(self.ids))).astype(object)

    def joined(self) -> Moments:
        """When each customer joined: as the company says, else the beginning of the first span; may be missing."""
        first = np.full(len(self.ids), np.datetime64("NaT"), dtype="datetime64[us]")
        first[self.spans.customer[::-1]] = self.spans.start[::-1]
        if self.customers is None:
            return first
        rows = self.customers.drop_duplicates("place", keep="last").set_index("place")["joined_at"]
        said = rows.reindex(range(len(self.ids))).to_numpy(dtype="datetime64[us]")
        return np.where(np.isnat(said), first, said)


def in_force(versions: pd.DataFrame, moment: np.datetime64) -> pd.DataFrame:
    """Of each key the version that held at a moment: the last before it, of those of one time the one known last.

    Where all came later it is the first. versions is in the order of key, event_at and known_at; `code` numbers keys.
    """
    latest = versions.drop_duplicates(["code", "event_at"], keep="last")
    earlier = latest["event_at"] < moment
    before = latest[earlier].drop_duplicates("code", keep="last")
    has_one = np.zeros(int(versions["code"].max()) + 1 if len(versions) else 0, dtype=np.bool_)
    has_one[before["code"].to_numpy()] = True
    after = latest[~has_one[latest["code"].to_numpy()]].drop_duplicates("code", keep="first")
    found: pd.DataFrame = pd.concat([before, after])
    return found
