"""Reading a company from the canonical tables: who was a customer when, and from when on that is known."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

import ibis
import numpy as np
import pandas as pd

from experiments.evaluation.retention.spans import Spans
from experiments.sections.label import HasLabel
from experiments.sections.observations import HasObservations
from features.errors import DataError
from features.hindsight import Hindsight
from features.history import EXACT, YEAR_DAYS
from pipelines.jobs.retention.company import Company
from pipelines.matrix.dated import ENGINES
from pipelines.matrix.duckdb_engine import Engine
from pipelines.reporting import catalogue
from pipelines.specs.options import Sourced, source_of
from pipelines.workspace import Workspace

# Besides contracts these show from when on a company's data are kept.
EVENTS = ("usage", "transactions", "interactions", "surveys", "milestones")
# So much of the ends is known after so many days; whoever reports later than a month loaded old data.
KNOWN_SHARE, MOST_LAG_DAYS = 0.99, 31
PATIENCE = 5


class Counted(Sourced, HasLabel, HasObservations, Protocol):
    """A spec as far as it says who is a customer."""


def read(spec: Counted, workspace: Workspace, *, ends: datetime) -> Company | str:
    """The company of a spec, or why nothing can be counted, as a sentence. ends is where the data do."""
    if spec.observations is None:
        return catalogue.of_page("kpis").english("no_dates")
    source, options = source_of(spec)
    with ENGINES[spec.observations.engine](workspace.tables, source.declare(options)) as opened:
        there = set(opened.known_today.tables)
        of_activity = spec.label.kind == "inactive"
        needed = spec.label.table if of_activity else "contracts"
        if needed not in there:
            return catalogue.of_page("kpis").english("no_table", table=needed)
        return _company(spec, opened, of_activity=of_activity, ends=ends)


def _company(spec: Counted, opened: Engine, *, of_activity: bool, ends: datetime) -> Company | str:
    today = opened.known_today
    contracts = _versions(opened, "contracts", "contract_id") if "contracts" in today.tables else None
    customers = _versions(opened, "customers", "customer_id") if "customers" in today.tables else None
    if contracts is not None:
        contracts = _with_terms(contracts)
    if contracts is not None and not of_activity and not len(_ends_until(contracts, ends)):
        return catalogue.of_page("kpis").english("no_end")
    events = _activity(spec, opened) if of_activity else None
    known = [one["customer_id"] for one in (contracts, customers, events) if one is not None]
    ids = pd.Index(pd.concat(known).unique()).sort_values()
    contracts, customers, events = (_placed(one, ids) for one in (contracts, customers, events))
    spans = _spans_of_activity(events, spec.label.active_days, len(ids)) if events is not None else None
    if spans is None and contracts is not None:
        spans = _spans_of_contracts(contracts, len(ids))
    if spans is None or not spans.customer.size:
        raise DataError("no row of the data makes anybody a customer; check the tables and the section label.")
    tables = {name: _placed(_latest(opened, name), ids) for name in ("surveys", "interactions") if name in today.tables}
    moved = _moved(opened, ids, ends)
    names = [spec.label.table] if of_activity else [one for one in EVENTS if one in today.tables]
    begins = _begins(opened, names, None if of_activity else contracts, ends)
    return Company(
        ids=ids,
        spans=spans,
        basis="activity" if of_activity else "contracts",
        active_days=spec.label.active_days if of_activity else 0,
        data_begin=begins,
        begins=begins + timedelta(days=spec.label.active_days if of_activity else 0),
        ends=ends,
        lag_days=_lag(contracts, ends) if not of_activity else 0,
        contracts=contracts,
        customers=customers,
        tables={name: one for name, one in (tables | moved).items() if one is not None},
    )


def _versions(opened: Engine, name: str, key: str) -> pd.DataFrame:
    rows: pd.DataFrame = opened.rows(opened.known_today.tables[name]).to_pandas()
    ordered = rows.sort_values([key, "event_at", "known_at"], kind="stable").reset_index(drop=True)
    return ordered.assign(code=pd.factorize(ordered[key])[0])


def _latest(opened: Engine, name: str) -> pd.DataFrame:
    table = opened.known_today.latest(name)
    heavy = [column for column in ("text",) if column in table.columns]
    rows: pd.DataFrame = opened.rows(table.drop(*heavy) if heavy else table).to_pandas()
    return rows


def _moved(opened: Engine, ids: pd.Index, ends: datetime) -> dict[str, pd.DataFrame | None]:
    """The payments that failed, and what was paid in the last year; nothing where the data have no transactions."""
    if "transactions" not in opened.known_today.tables:
        return {}
    moved = opened.known_today.latest("transactions")
    failed = moved.filter(moved.kind == "failed").select("customer_id", "event_at")
    recent = moved.filter(moved.event_at >= ends - timedelta(days=YEAR_DAYS), moved.event_at < ends)
    signed = ibis.cases((recent.kind == "payment", recent.amount), (recent.kind == "refund", -recent.amount), else_=0.0)
    # As decimals, whose sum no order of rows moves.
    paid = recent.group_by("customer_id").aggregate(paid=signed.cast(EXACT).sum().cast("float64"))
    found = {"failed_payments": failed, "paid_in_a_year": paid}
    return {name: _placed(opened.rows(one).to_pandas(), ids) for name, one in found.items()}


def _with_terms(contracts: pd.DataFrame) -> pd.DataFrame:
    """Every version with begins_at and stops_at, when its contract began and ended by what is known today."""
    last = contracts.sort_values(["contract_id", "known_at"], kind="stable").drop_duplicates("contract_id", keep="last")
    terms, of = last.set_index("contract_id"), contracts["contract_id"]
    named = {"begins_at": "starts_at", "stops_at": "ended_at"}
    return contracts.assign(
        **{new: terms[name].reindex(of).to_numpy(dtype="datetime64[us]") for new, name in named.items()}
    )


def _activity(spec: Counted, opened: Engine) -> pd.DataFrame:
    """customer_id and event_at of what makes a customer active, by the label."""
    events = opened.known_today.latest(spec.label.table)
    if spec.label.event is not None:
        events = events.filter(events.kind == spec.label.event)
    daily = opened.known_today.declared[spec.label.table].daily
    moment = events.event_at.truncate("D") if daily else events.event_at
    rows: pd.DataFrame = opened.rows(events.select("customer_id", event_at=moment).distinct()).to_pandas()
    return rows


def _placed(rows: pd.DataFrame | None, ids: pd.Index) -> pd.DataFrame | None:
    """The rows with the positions of their customers; rows of nobody who is known are left out."""
    if rows is None:
        return None
    placed = rows.assign(place=ids.get_indexer(pd.Index(rows["customer_id"])))
    return placed[placed["place"] >= 0].reset_index(drop=True)


def _spans_of_contracts(contracts: pd.DataFrame, size: int) -> Spans:
    each = contracts.drop_duplicates("contract_id")
    start, end = (each[name].to_numpy(dtype="datetime64[us]") for name in ("begins_at", "stops_at"))
    return Spans.joined(each["place"].to_numpy(), start, end, n_customers=size)


def _spans_of_activity(events: pd.DataFrame, days: int, size: int) -> Spans:
    start = events["event_at"].to_numpy(dtype="datetime64[us]")
    end = (start + np.timedelta64(days, "D")).astype("datetime64[us]")
    return Spans.joined(events["place"].to_numpy(), start, end, n_customers=size)


def _begins(opened: Engine, names: Collection[str], contracts: pd.DataFrame | None, ends: datetime) -> datetime:
    """From when on the data show what happened, a midnight: the first event of these tables, or the first end.

    Events may have been kept for longer than ends of contracts, and contracts of before be those only of who stayed.
    Where ends come at their usual rate, the chance of none in the time of PATIENCE of them is exp(-PATIENCE): what lies
    that long before the first is not covered.
    """
    today: Hindsight = opened.known_today
    firsts = [opened.rows(today.tables[one].event_at.min().name("first").as_table()) for one in names]
    found = [one for first in firsts if not pd.isna(one := pd.Timestamp(first["first"][0].as_py()))]
    if contracts is None:
        return min(found).floor("D").to_pydatetime()
    stops = _ends_until(contracts, ends)
    gap = (pd.Timestamp(ends) - stops.min()) / len(stops)
    begins = min([*found, stops.min()])
    found_begin: datetime = max(begins, stops.min() - PATIENCE * gap).floor("D").to_pydatetime()
    return found_begin


def _ends_until(contracts: pd.DataFrame, ends: datetime) -> pd.Series:
    """When contracts ended where they have; an end that lies ahead is nobody's leaving yet."""
    stops = contracts.drop_duplicates("contract_id")["stops_at"]
    ended: pd.Series = stops[stops <= pd.Timestamp(ends)]
    return ended


def _lag(contracts: pd.DataFrame | None, ends: datetime) -> int:
    """After how many days 99 % of the ends of the last year were known, from 0 to 31; ends that lie ahead are none."""
    if contracts is None:
        return 0
    ended = contracts[contracts["ended_at"].notna()].drop_duplicates("contract_id")
    until = pd.Timestamp(ends)
    recent = ended[(ended["ended_at"] >= until - pd.Timedelta(days=365)) & (ended["ended_at"] <= until)]
    if recent.empty:
        return 0
    late = (recent["known_at"] - recent["ended_at"]).dt.total_seconds().to_numpy(dtype=float)
    days = np.maximum(np.ceil(late / 86_400), 0.0)
    return int(min(MOST_LAG_DAYS, np.quantile(days, KNOWN_SHARE, method="higher")))
