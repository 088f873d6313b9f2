"""Of a window's leavers, who stood on a list in time; of its warnings, how many were acted on in time."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.evaluation.retention import early_warning
from pipelines.jobs.retention.company import Company
from pipelines.jobs.retention.windows import COMPLETE, Window
from pipelines.outreach.operations import acting, database


@dataclass(frozen=True)
class Contacts:
    """What the operations database holds of a spec: lists of rounds, and warnings."""

    listed: pd.DataFrame
    made: pd.Series
    warnings: pd.DataFrame

    @classmethod
    def read(cls, root: Path, spec: str) -> "Contacts | None":
        """What is kept; None where there is no database, or nothing of the spec in it."""
        if not database.exists(root):
            return None
        engine = database.opened(root)
        found = cls(*acting.listings(engine, spec), acting.warning_times(engine, spec))
        return found if len(found.made) or len(found.warnings) else None

    def early(self, company: Company, window: Window) -> dict[str, Any] | None:
        """How early a window's leavers were on a round's list, and how early a warning was raised."""
        if window.state != COMPLETE:
            return None
        opens, closes = window.edges
        lost = np.flatnonzero(company.spans.there(opens) & ~company.spans.there(closes))
        left_at = company.spans.left_at(closes)[lost]
        leavers = company.ids[lost].astype(str)
        raised = self.warnings.rename(columns={"raised": "at"})
        found = {}
        for name, rows, made in (("rounds", self.listed, self.made), ("warnings", raised, raised["at"])):
            at, dates = (one.to_numpy(dtype="datetime64[us]") for one in (rows["at"], made))
            places = leavers.get_indexer(pd.Index(rows["customer_id"].astype(str)))
            found[name] = early_warning.listed(left_at, places, at, made_at=dates).to_dict()
        return found

    def acted(self, opens: datetime, closes: datetime, *, now: datetime) -> dict[str, Any] | None:
        """The warnings raised after opens, until closes; None where there are none."""
        raised = self.warnings["raised"]
        rows = self.warnings[(raised > opens) & (raised <= closes)]
        if rows.empty:
            return None
        due, acted, over = (rows[name].to_numpy(dtype="datetime64[us]") for name in ("due", "acted", "over"))
        return early_warning.acted_on(due, acted, over, now=np.datetime64(now, "us")).to_dict()
