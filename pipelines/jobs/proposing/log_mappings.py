"""The mapping of each file of an event log: an expression for every column of its canonical table, and why."""

import re

import pyarrow as pa

from features.event_log.expressions import literal, quoted
from pipelines.jobs.proposing import names
from pipelines.jobs.proposing.log_files import ENDS, Log
from pipelines.jobs.proposing.table_roles import Arms

_PLAIN = r"[A-Za-z_][A-Za-z0-9_]*"
Columns = dict[str, tuple[str, str]]  # the expression of each column, and why


_WORDS = frozenset(
    [
        "select",
        "from",
        "where",
        "group",
        "order",
        "case",
        "when",
        "then",
        "else",
        "end",
        "table",
        "user",
        "default",
        "desc",
        "asc",
        "in",
        "is",
        "not",
        "null",
        "and",
        "or",
        "all",
        "any",
        "as",
        "by",
        "check",
        "column",
        "to",
    ]
)


def reference(name: str) -> str:
    """A column's name in an SQL expression, quoted where needed."""
    return name if re.fullmatch(_PLAIN, name) and name.lower() not in _WORDS else quoted(name)


def key(log: Log) -> str:
    """The expression of the customer's key; whole numbers stored as decimals are cast to integers."""
    place = log.sheet.columns.index(log.customer)
    kinds = [one.types.get(one.columns[place]) for one in log.sheets]
    is_decimal = any(kind is not None and pa.types.is_floating(kind) for kind in kinds)
    return f"{reference(log.customer)}::BIGINT" if is_decimal else reference(log.customer)


def number(log: Log, name: str) -> str:
    """The expression of a numeric column; texts are cast."""
    kind = log.sheet.types.get(name)
    is_text = kind is None or not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
    return f"{reference(name)}::DOUBLE" if is_text else reference(name)


def of_events(log: Log) -> Columns:
    """The mapping of a file of events onto its canonical table."""
    found: Columns = {
        "customer_id": (key(log), "the customer's key by its name"),
        "event_at": (reference(log.event), "sure: its days"),
    }
    if log.table == "transactions":
        return {**found, **_transactions(log)}
    if log.table == "interactions":
        topic = log.column({"code", "topic", "reason", "subject", "category", "type", "issue"})
        channel = log.column({"channel"})
        said = log.profiles[channel].values if channel else ()
        known = channel and set(said) <= {"call", "chat", "ticket", "email"}
        found["channel"] = ("'ticket'", "guess: the file names none")
        found |= {"channel": (reference(channel), "sure")} if known and channel else {}
        found["complaint"] = ("false", "guess: the file does not say which are complaints")
        return {**found, **({"topic": (reference(topic), "likely: by its name")} if topic else {})}
    kind = log.column({"type", "kind", "event", "action", "screen", "page", "feature", "name"})
    session = log.column({"session"})
    found |= {"kind": (reference(kind), "likely: by its name")} if kind else {}
    session_key = session if session and log.profiles[session].distinct > 1 else log.event
    found["session"] = (reference(session_key), "likely: it identifies a session")
    minutes = log.column({"minutes", "mins"})
    seconds = log.column({"seconds", "secs", "duration"})
    if minutes:
        found["minutes"] = (reference(minutes), "likely: by its name")
    elif seconds and names.says(seconds, {"seconds", "secs"}):
        found["minutes"] = (f"{number(log, seconds)} / 60", "likely: seconds by its name")
    return found


def _transactions(log: Log) -> Columns:
    money = " * ".join(number(log, name) for name in log.amount) or "0"
    negative = any(log.profiles[name].negative for name in log.amount)
    why = "likely: the amount of a row, by the names" if log.amount else "guess: no column of amounts was found"
    if not negative:
        return {"kind": ("'payment'", "likely: no amount is below 0"), "amount": (money, why)}
    return {
        "kind": (f"CASE WHEN {money} < 0 THEN 'refund' ELSE 'payment' END", "likely: amounts below 0 are refunds"),
        "amount": (f"abs({money})", why),
    }


def of_customers(log: Log) -> Columns:
    """The mapping onto the table of customers, for a file with one row per customer."""
    found: Columns = {
        "customer_id": (key(log), "the customer's key by its name"),
        "event_at": (reference(log.event), "likely: the day of joining"),
        "joined_at": (reference(log.event), "likely: the day of joining"),
    }
    for column, words in {
        "segment": {"segment"},
        "region": {"region", "country", "state"},
        "language": {"language"},
    }.items():
        if name := log.column(words):
            found[column] = (reference(name), "likely: by its name")
    return found


def end_column(log: Log) -> str | None:
    """The column of the leaving date; None where there is none."""
    return next((name for name in log.days if names.says(name, ENDS) and name != log.event), None)


def contract(log: Log, *, ended_at: str | None, known_at: str | None) -> Columns:
    """The mapping onto contracts: one per customer, from the joining date; ended where ended_at is given."""
    plan = log.column({"plan", "contract", "tariff", "product"})
    price = log.column({"price", "fee", "charge", "charges"})
    found: Columns = {
        "contract_id": (key(log), "guess: one contract a customer"),
        "customer_id": (key(log), "the customer's key"),
        "event_at": (known_at or reference(log.event), ""),
        "starts_at": (reference(log.event), "likely: the day of joining"),
    }
    found |= {"ended_at": (ended_at, "")} if ended_at else {}
    found |= {"plan": ("'customer'", "guess: the file names no plan"), "price": ("0", "guess: it names no price")}
    found |= {"plan": (reference(plan), "likely: by its name")} if plan else {}
    found |= {"price": (number(log, price), "likely: by its name")} if price else {}
    return found


def treatments(log: Log, arms: Arms, *, day: str) -> Columns:
    """The mapping onto treatments, all on one day; an arm's probability is its share, as none is logged."""
    shares = dict(log.profiles[arms.column].top)
    total = sum(shares.values())
    whens = " ".join(f"WHEN {literal(text)} THEN {literal(name)}" for name, text in arms.arms.items())
    chances = " ".join(f"WHEN {literal(text)} THEN {shares[text] / total:.4f}" for text in arms.arms.values())
    column, control = reference(arms.column), f"{shares[arms.control] / total:.4f}"
    return {
        "customer_id": (key(log), "the customer's key"),
        "event_at": (literal(day), "guess: on the day of the observation"),
        "campaign": (literal("_".join(names.words(arms.column))), ""),
        "action": (f"CASE {column} {whens} ELSE 'control' END", arms.why),
        "probability": (f"CASE {column} {chances} ELSE {control} END", "each arm's share: no probability is logged"),
    }
