"""The figures of one window: movements, rates with their targets, revenue, by segment and cohort."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from experiments.evaluation.retention import rates
from experiments.evaluation.retention.movements import movement
from experiments.evaluation.retention.revenue import revenue_retention
from experiments.evaluation.retention.spans import Mask
from experiments.metric import Numbers
from experiments.sections.kpis import KpisSpec
from pipelines.jobs.retention.company import Company
from pipelines.jobs.retention.windows import COMPLETE, EARLY, Window

COHORT, UNKNOWN, REST = "cohort", "unknown", "all others"
# A column with more values than this has the rest of them together.
MOST_GROUPS = 30


def figures(company: Company, window: Window, asked: KpisSpec, by: tuple[str, ...]) -> dict[str, Any]:
    """All that a window holds, as plain data; of one that opens before the data, or after them, only why not."""
    if window.state == EARLY or window.opens + timedelta(days=company.lag_days) > company.ends:
        return {**window.to_dict(), "all": None, "groups": {}}
    opens, closes = window.edges
    paid = company.paying(opens), company.paying(closes)
    everybody = np.ones(len(company.ids), dtype=np.bool_)
    return {
        **window.to_dict(),
        "all": _of(company, window, asked, everybody, paid),
        "groups": {
            column: {name: _of(company, window, asked, mask, paid) for name, mask in groups(company, column, window)}
            for column in by
        },
    }


def groups(company: Company, column: str, window: Window) -> Iterator[tuple[str, Mask]]:
    """Each value of a column that somebody has who was a customer at either edge of a window or between, with them."""
    opens, closes = window.edges
    spans = company.spans
    present = spans.any_of((spans.start < closes) & (spans.end >= opens))
    values = cohorts(company, window.closes) if column == COHORT else company.group(column, opens)
    named = values.astype(object).where(values.notna(), UNKNOWN).astype(str).to_numpy()
    common = pd.Series(named[present]).value_counts()
    if len(common) > MOST_GROUPS:
        named = np.where(np.isin(named, common.index[: MOST_GROUPS - 1].to_numpy()), named, REST)
    for name in sorted(set(named[present])):
        yield str(name), named == name


def cohorts(company: Company, closes: datetime) -> pd.Series:
    """The cohort of each customer: the quarter of joining, or the year where that is not the last or the one before."""
    joined = pd.Series(pd.to_datetime(company.joined()))
    year, quarter = joined.dt.year, joined.dt.quarter
    recent = year >= closes.year - 1
    named = year.astype("Int64").astype(str)
    named = named.where(~recent, named + "-Q" + quarter.astype("Int64").astype(str))
    return named.where(joined.notna())


def _of(
    company: Company, window: Window, asked: KpisSpec, among: Mask, paid: tuple[Numbers | None, Numbers | None]
) -> dict[str, Any]:
    opens, closes = window.edges
    moved = movement(company.spans, opens=opens, closes=closes, among=among)
    found: dict[str, Any] = {"customers": moved.to_dict()}
    complete = window.state == COMPLETE
    found |= _rates(moved.at_start - moved.lost, moved.at_start, asked.target_of(window.days), complete=complete)
    before, after = paid
    found["revenue"] = None
    if before is not None and after is not None and complete:
        start = company.spans.there(opens) & among
        new = float(after[among & ~start].sum())
        found["revenue"] = {**revenue_retention(before[start], after[start]).to_dict(), "of_others": new}
    return found


def _rates(kept: int, of: int, target: float | None, *, complete: bool) -> Mapping[str, Any]:
    """Retention and churn with the verdict; no rates where the window is not complete or nobody was there."""
    none: dict[str, Any] = {"retention": None, "churn": None, "target": target, "verdict": None}
    if target is not None:
        none["verdict"] = "cannot tell"
    if not complete or of == 0:
        return none
    retention = rates.share(kept, of)
    return {
        "retention": retention.to_dict(),
        "churn": rates.complement(retention).to_dict(),
        "target": target,
        "verdict": None if target is None else rates.verdict(retention, target),
    }
