"""Rows of texts as what they say, with every fault that they have."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from experiments.sections.policy import EVERY_ACTION
from features.section import FIRST_YEAR
from pipelines.outreach.feedback.recorded_files import Recorded
from pipelines.outreach.feedback.recorded_known import Faults, Known
from pipelines.outreach.operations import clock

DONE, NOT_DONE, OPTED_OUT = "done", "not_done", "opted_out"
# What a contact may have come to, and whether the customer was reached; None where it does not say.
OUTCOMES: Mapping[str, bool | None] = {
    "reached": True,
    "accepted": True,
    "declined": True,
    OPTED_OUT: True,
    "not_reached": False,
    DONE: None,
    NOT_DONE: False,
}
AMOUNT = re.compile(r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
YES, NO = ("1", "1.0", "yes", "true", "y"), ("0", "0.0", "no", "false", "n")
LIMIT = 1e12
# From where Excel counts days, after February of 1900.
BEFORE_DAY_1 = date(1899, 12, 30)


def contacts(file: Recorded, known: Known, faults: Faults) -> list[dict[str, Any]]:
    """The contacts of a file, in its order, as `came_back.keep` wants them."""
    found = [_contact(row, known, faults.of(number)) for number, row in file.rows]
    _one_each(file, found, faults, key=("contact",), says="customer_id", what="contact")
    return found


def opt_outs(file: Recorded, known: Known, faults: Faults) -> list[dict[str, Any]]:
    """The opt-outs of a file; of customers whom nobody knows, too, as they may come."""
    found = []
    for number, row in file.rows:
        fault = faults.of(number)
        action = row.get("action") or EVERY_ACTION
        if not row["customer"]:
            fault("there is no customer in it.")
        if action not in (EVERY_ACTION, *known.actions):
            fault(f"there is no action '{action}'; the spec has {list(known.actions)}, and 'all' is all of them.")
        if like := known.like(row["customer"]):
            fault(f"there is no customer '{row['customer']}'{like}")
        out = _yes(row.get("opted_out", "") or "yes", "opted_out", fault)
        when = _moment(row, "when", known, fault)
        plain = {"customer_id": row["customer"], "action": action, "opted_out": bool(out), "happened_at": when}
        found.append({**plain, **_recorded(row, when, known, fault)})
    return found


def outcomes(file: Recorded, known: Known, faults: Faults) -> list[dict[str, Any]]:
    """Who of a round left, and who did not."""
    found = []
    for number, row in file.rows:
        fault = faults.of(number)
        when, on = _moment(row, "when", known, fault), _round(row, known, fault)
        churned = _yes(row["churned"], "churned", fault)
        if not row["churned"]:
            fault("churned is empty; write 1 or 0, or leave the row out while it is not known.")
        if on and when and when[:10] < on:
            fault(f"the outcome of {when} is before the round of {on}.")
        if on and when and churned and when[:10] >= known.closes[on]:
            fault(f"who left at {when} stayed in the window of {on}, until {known.closes[on]}; write 0 for churned.")
        if not row["round"]:
            fault("it names no round; write the date of its list.")
        plain = {"round": on or "", "customer_id": row["customer"], "churned": bool(churned), "happened_at": when}
        found.append({**plain, **_recorded(row, when, known, fault)})
    _one_each(file, found, faults, key=("round", "customer_id"), says="churned", what="outcome of a customer")
    return found


def _one_each(
    file: Recorded, found: Sequence[Mapping[str, Any]], faults: Faults, *, key: Sequence[str], says: str, what: str
) -> None:
    """Tell where rows of one file, recorded at one time, say different things of one contact or outcome."""
    first: dict[tuple[Any, ...], tuple[int, Any]] = {}
    for (number, _), row in zip(file.rows, found, strict=True):
        named = tuple(row[name] for name in (*key, "known_at"))
        earlier, said = first.setdefault(named, (number, row[says]))
        if said != row[says]:
            faults.of(number)(
                f"it has the same {what} as row {earlier}, and another {says}; leave one, or say recorded_at."
            )


def of_contact(contact: Mapping[str, Any]) -> dict[str, Any]:
    """The opt-out that a contact came to."""
    kept = ("customer_id", "happened_at", "by", "signed", "known_at")
    return {**{name: contact[name] for name in kept}, "action": EVERY_ACTION, "opted_out": True}


def _contact(row: Mapping[str, str], known: Known, fault: Callable[[str], None]) -> dict[str, Any]:
    when, customer, action = _moment(row, "when", known, fault), row["customer"], row["action"]
    if not when and not row["when"]:
        fault("it does not say when.")
    if customer not in known.customers:
        fault(f"there is no customer '{customer}', neither in the data nor in a round{known.like(customer) or '.'}")
    if action not in known.actions:
        fault(f"there is no action '{action}'; the spec has {list(known.actions)}.")
    outcome = row.get("outcome", "").lower().replace(" ", "_").replace("-", "_") or DONE
    if outcome not in OUTCOMES:
        fault(f"there is no outcome '{row['outcome']}'; write one of {list(OUTCOMES)}.")
    answered = _moment(row, "outcome_at", known, fault)
    if answered and when and clock.is_before(answered, when, known.time_zone):
        fault(f"the outcome of {answered} is before its action of {when}.")
    on = _round(row, known, fault)
    if on and when and not on <= when[:10] < known.closes[on]:
        fault(f"the contact of {when} is not within its round, from {on} until before {known.closes[on]}.")
    plain = {
        "contact": row.get("contact") or f"{customer}|{action}|{when}",
        "customer_id": customer,
        "action": action,
        "happened_at": when,
        "outcome": outcome,
        "offer_taken": _yes(row.get("offer_taken", ""), "offer_taken", fault),
        "cost": _cost(row, known, fault),
        "currency": known.currency,
        "round": on,
        "note": row.get("note", ""),
    }
    return {**plain, **_recorded(row, when, known, fault)}


def _recorded(
    row: Mapping[str, str], when: str | None, known: Known, fault: Callable[[str], None]
) -> dict[str, str | None]:
    """By whom, and when it was recorded, where the row says it."""
    at = _moment(row, "recorded_at", known, fault)
    if at and when and clock.is_before(at, when, known.time_zone):
        fault(f"it was recorded at {at}, before it happened at {when}.")
    return {"by": row.get("by", ""), "signed": known.signed, "known_at": at}


def _moment(row: Mapping[str, str], name: str, known: Known, fault: Callable[[str], None]) -> str | None:
    """A time as it is kept; None where there is none."""
    if not (said := row.get(name, "")):
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        fault(f"{name} '{said}' is no time; write such as 2026-01-31T09:00{_as_a_day(said)}.")
        return None
    if found.tzinfo is not None:
        fault(f"{name} '{said}' names a zone; write what the company's clocks show.")
        return None
    now, kept = clock.text(known.now), clock.text(found)
    if clock.is_before(now, kept, known.time_zone) or found.year < FIRST_YEAR:
        fault(f"{name} '{said}' is not between {FIRST_YEAR} and now, {now}.")
    return kept


def _as_a_day(said: str) -> str:
    """What a spreadsheet would show for a number of days, as part of a sentence; "" for any other text."""
    days = re.fullmatch(r"(\d{4,5})([.,]\d+)?", said)
    return f" (a spreadsheet shows day {said} as {BEFORE_DAY_1 + timedelta(int(days[1]))})" if days else ""


def _round(row: Mapping[str, str], known: Known, fault: Callable[[str], None]) -> str | None:
    """The date of the round that a row names; None where it names none."""
    if not (said := row.get("round", "")):
        return None
    try:
        on = datetime.fromisoformat(said).date().isoformat()
    except ValueError:
        fault(f"round '{said}' is no date; write that of its list, such as 2026-01-31.")
        return None
    if on not in known.drawn:
        fault(f"there is no round of {on}: it was never drawn, so nobody was shown it.")
        return None
    if row["customer"] not in known.drawn[on]:
        fault(f"the round of {on} did not draw customer '{row['customer']}'.")
    return on


def _yes(said: str, name: str, fault: Callable[[str], None]) -> bool | None:
    """Yes, no, or None where it is not said."""
    if said and said.lower() not in (*YES, *NO):
        fault(f"{name} is '{said}'; write yes or no.")
    return None if not said else said.lower() in YES


def _cost(row: Mapping[str, str], known: Known, fault: Callable[[str], None]) -> float | None:
    currency = row.get("currency", "").lower()
    if currency and currency != known.currency:
        fault(f"amounts are in {currency}, those of the spec in {known.currency}; convert them to one currency.")
    if not (said := row.get("cost", "")):
        return None
    found = float(said) if AMOUNT.fullmatch(said) else math.inf
    if found > LIMIT:
        fault(f"cost '{said}' is no amount of 0 or more; write such as 12.50.")
        return None
    return found
