"""All retention figures of a spec as plain data, with a reason for each that cannot be had."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from experiments.spec import ExperimentSpec
from experiments.statistics import rounding
from features.errors import UsageError
from pipelines.files import storage
from pipelines.jobs.retention import in_window, reading, touchpoints, windows, worth
from pipelines.jobs.retention.company import Company
from pipelines.jobs.retention.contacts import Contacts
from pipelines.jobs.retention.windows import Window
from pipelines.outreach.operations import clock
from pipelines.reporting import catalogue
from pipelines.workspace import Workspace

MOVEMENTS, REVENUE, LIFETIME, NPS, EARLY, ACTED = (
    "customers, retention and churn",
    "net and gross revenue retention",
    "lifetime value",
    "net promoter score and its drivers",
    "leavers on a list ahead, and lead time",
    "warnings acted on in time",
)
NOT_HAD = "cannot be had"


def figures(spec: ExperimentSpec, workspace: Workspace, *, at: str | None, by: str | None) -> dict[str, Any]:
    """Everything, rounded; missing gives the reason of each figure that the data do not allow.

    at is the date at which all windows close, by a further column to group by. Raises UsageError for a date that is
    none or a column that customers do not have, MissingError before the data are ingested.
    """
    about = storage.read_json(workspace.tables / "about.json")
    ends = datetime.fromisoformat(about["extracted_at"]) if about["extracted_at"] else None
    contacts, now = Contacts.read(workspace.root, spec.name), clock.now(spec.clocks)
    found: dict[str, Any] = {"spec": spec.name, "title": spec.title, "currency": spec.currency}
    company = reading.read(spec, workspace, ends=ends or now)
    if isinstance(company, str):
        return _rounded(found | _of_contacts_only(company, contacts, spec, at=at, now=now))
    columns = _grouping(company, by)
    closes = windows.closing(at, company)
    asked = [windows.window(days, closes, company) for days in spec.kpis.days]
    parts = [_of(company, one, spec, columns, contacts, now) for one in asked]
    worth_ = worth.lifetime(spec, workspace, company, columns)
    found |= {
        "at": str(closes.date()),
        "basis": company.basis,
        "active_days": company.active_days,
        "data": [str(company.data_begin.date()), str(company.ends.date())],
        "lag_days": company.lag_days,
        "by": [*columns, in_window.COHORT],
        "windows": parts,
        "drivers": _drivers(company, asked),
        "lifetime": None if isinstance(worth_, str) else worth_,
        "missing": _missing(company, parts, worth_, contacts),
    }
    return _rounded(found)


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {name: rounding.plain(one) for name, one in found.items()}


def _of(
    company: Company,
    window: Window,
    spec: ExperimentSpec,
    columns: tuple[str, ...],
    contacts: Contacts | None,
    now: datetime,
) -> dict[str, Any]:
    found = in_window.figures(company, window, spec.kpis, (*columns, in_window.COHORT))
    found["nps"] = touchpoints.scores(company, window)
    found["early"] = contacts.early(company, window) if contacts else None
    found["acted"] = contacts.acted(window.opens, window.closes, now=now) if contacts else None
    return found


def _drivers(company: Company, asked: list[Window]) -> dict[str, Any] | None:
    """The drivers of the longest window that does not open before the data; None where there are no surveys."""
    held = [one for one in asked if one.state != windows.EARLY]
    if "surveys" not in company.tables or not held:
        return None
    longest = held[-1]
    return {"days": longest.days, "thresholds": touchpoints.found_drivers(company, longest)}


def _grouping(company: Company, by: str | None) -> tuple[str, ...]:
    there = company.grouping()
    if by is not None and by not in (*there, in_window.COHORT):
        raise UsageError(f"--by '{by}': customers can be grouped by {sorted([*there, in_window.COHORT])}.")
    usual = ["segment"] if "segment" in there else []
    return tuple(dict.fromkeys([*usual, *([by] if by is not None and by != in_window.COHORT else [])]))


def _missing(
    company: Company, parts: Sequence[Mapping[str, Any]], worth_: Any, contacts: Contacts | None
) -> dict[str, str]:
    found, words = {}, catalogue.of_page("kpis")
    if company.basis != "contracts":
        found[REVENUE] = words.english("no_price_by_activity")
    elif company.paying(np.datetime64(company.ends)) is None:
        found[REVENUE] = words.english("no_price")
    if isinstance(worth_, str):
        found[LIFETIME] = worth_
    if "surveys" not in company.tables:
        found[NPS] = words.english("no_surveys")
    elif not any(one["nps"].get("all", {}).get("score") for one in parts):
        found[NPS] = words.english("no_answers")
    if contacts is None:
        found |= dict.fromkeys((EARLY, ACTED), words.english("no_contacts"))
    return found


def _of_contacts_only(
    why: str, contacts: Contacts | None, spec: ExperimentSpec, *, at: str | None, now: datetime
) -> dict[str, Any]:
    """What can be told where nobody can say who was a customer when: warnings acted on in time."""
    closes = windows.date_of(at) if at else datetime(now.year, now.month, now.day) + timedelta(days=1)
    parts = []
    for days in spec.kpis.days:
        one = Window(days, closes - timedelta(days=days), closes, NOT_HAD, why)
        acted = contacts.acted(one.opens, one.closes, now=now) if contacts else None
        parts.append({**one.to_dict(), "all": None, "groups": {}, "nps": {}, "early": None, "acted": acted})
    missing = dict.fromkeys((MOVEMENTS, REVENUE, LIFETIME, NPS, EARLY), why)
    return {
        "at": str(closes.date()),
        "basis": None,
        "active_days": 0,
        "data": [],
        "lag_days": 0,
        "by": [],
        "windows": parts,
        "drivers": None,
        "lifetime": None,
        "missing": missing | ({} if contacts else {ACTED: catalogue.of_page("kpis").english("no_contacts")}),
    }
