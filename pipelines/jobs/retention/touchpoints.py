"""Net promoter scores by touchpoint, and what goes with them: the last contact, failed payments, tenure and price."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.evaluation.retention import drivers, nps
from experiments.metric import Numbers
from pipelines.jobs.retention.company import Company
from pipelines.jobs.retention.windows import EARLY, Window
from pipelines.reporting import catalogue

BACK_DAYS, SEED = 90, 0
_DAY = 86_400
# Longer than any two seconds of ours are apart.
_APART = 2**34


def scores(company: Company, window: Window) -> dict[str, Any]:
    """The score of those who were asked in a window, by touchpoint; nothing where it opens before the data."""
    surveys = company.tables.get("surveys")
    if surveys is None or window.state == EARLY:
        return {}
    opens, closes = window.edges
    asked = surveys[(surveys["event_at"] >= opens) & (surveys["event_at"] < closes)]
    parts = {"all": asked, **{str(name): rows for name, rows in asked.groupby("touchpoint", sort=True)}}
    return {name: _nps(rows).to_dict() for name, rows in parts.items() if len(rows)}


def _nps(rows: pd.DataFrame) -> nps.Nps:
    return nps.nps(rows["score"].to_numpy(dtype=float), rows["place"].to_numpy())


def found_drivers(company: Company, window: Window) -> list[dict[str, Any]]:
    """Thresholds of drivers by touchpoint in a window, those that tell something first.

    Half of the customers finds them, the other half measures them; all gaps of all touchpoints hold together.
    """
    surveys = company.tables.get("surveys")
    if surveys is None or window.state == EARLY:
        return []
    opens, closes = window.edges
    inside = (surveys["event_at"] >= opens) & (surveys["event_at"] < closes)
    rows = surveys[inside & surveys["score"].notna()].reset_index(drop=True)
    columns = _columns(company, rows)
    parts = {str(name): part.index.to_numpy() for name, part in rows.groupby("touchpoint", sort=True)}
    finds = drivers.halves(len(company.ids), seed=SEED)
    family = len(columns) * len(parts)
    told, words = [], catalogue.of_page("kpis")
    for touchpoint, places in parts.items():
        of = rows.loc[places]
        for one in drivers.drivers(
            {name: values[places] for name, values in columns.items()},
            of["score"].to_numpy(dtype=float),
            of["place"].to_numpy(),
            finds=finds,
            family=family,
        ):
            says = words.english(f"driver_{one.column}", over=f"{one.threshold:g}", more=f"{one.threshold + 1:g}")
            told.append({**one.to_dict(), "touchpoint": touchpoint, "says": says})
    return sorted(told, key=lambda one: (not one["tells"], -abs(one["gap"]["value"]), one["touchpoint"], one["column"]))


def _columns(company: Company, rows: pd.DataFrame) -> dict[str, Numbers]:
    """What was known of each customer when asked, shape (n_answers,) each; missing where there is none."""
    found: dict[str, Numbers] = {}
    asked = rows["event_at"].to_numpy(dtype="datetime64[us]")
    if (contacts := company.tables.get("interactions")) is not None:
        found |= _contacts(rows, asked, contacts)
    if (failed := company.tables.get("failed_payments")) is not None:
        found["failed_payments_90d"] = before(rows, failed)[0]
    joined = company.joined()[rows["place"].to_numpy()]
    found["tenure_days"] = (asked - joined) / np.timedelta64(1, "D")
    if (contracts := company.contracts) is not None:
        ordered = contracts.sort_values(["place", "event_at"], kind="stable")
        count, last = before(rows, ordered, days=None)
        prices = ordered["price"].to_numpy(dtype=float)
        found["price"] = np.where(count > 0, prices[np.maximum(last, 0)], np.nan)
    return {name: values for name, values in found.items() if not np.isnan(values).all()}


def _contacts(rows: pd.DataFrame, asked: np.ndarray, contacts: pd.DataFrame) -> Mapping[str, Numbers]:
    ordered = contacts.sort_values(["place", "event_at", "interaction_id"]).reset_index(drop=True)
    count, last = before(rows, ordered)
    there = count > 0
    at = np.maximum(last, 0)
    found = {"contacts_90d": count}
    if "complaint" in ordered:
        complaints = ordered[ordered["complaint"].fillna(False).astype(bool)]
        found["complaints_90d"] = before(rows, complaints)[0]
    if "handling_minutes" in ordered and len(ordered):
        minutes = ordered["handling_minutes"].to_numpy(dtype=float)[at]
        found["handling_minutes"] = np.where(there, minutes, np.nan)
    if "resolved_at" in ordered and len(ordered):
        began, resolved = (ordered[name].to_numpy(dtype="datetime64[us]")[at] for name in ("event_at", "resolved_at"))
        known = there & (resolved < asked)
        found["days_to_resolve"] = np.where(known, (resolved - began) / np.timedelta64(1, "D"), np.nan)
    return found


def before(rows: pd.DataFrame, events: pd.DataFrame, *, days: int | None = BACK_DAYS) -> tuple[Numbers, np.ndarray]:
    """How many events each row's customer had within so many days before it, and the position of the last in events.

    Both frames have place and event_at; events are in the order of both. Seconds are whole ones: what happened in the
    second of the row is not before it. The position means nothing where there is none.
    """
    ordered = events.sort_values(["place", "event_at"], kind="stable")
    keys = _seconds(ordered) + ordered["place"].to_numpy(dtype=np.int64) * _APART
    place = rows["place"].to_numpy(dtype=np.int64) * _APART
    until = np.searchsorted(keys, _seconds(rows) + place, side="left")
    first = place if days is None else np.maximum(_seconds(rows) - days * _DAY, 0) + place
    since = np.searchsorted(keys, first, side="left")
    return (until - since).astype(float), until - 1


def _seconds(rows: pd.DataFrame) -> np.ndarray:
    return rows["event_at"].to_numpy(dtype="datetime64[s]").astype(np.int64)
