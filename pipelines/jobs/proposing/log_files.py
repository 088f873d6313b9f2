"""The files of an event log: grouped by columns, with the customer's key, the dates, and the canonical table."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import duckdb

from features.errors import UsageError
from pipelines.jobs.proposing import names
from pipelines.jobs.proposing.profiles import Profile, profile
from pipelines.jobs.proposing.settling import NO, Settling
from pipelines.jobs.proposing.sheets import Sheet

_TABLES = {
    "interactions": frozenset(
        [
            "ticket",
            "tickets",
            "call",
            "calls",
            "chat",
            "chats",
            "support",
            "contact",
            "contacts",
            "complaint",
            "complaints",
            "claim",
            "claims",
            "interaction",
            "interactions",
        ]
    ),
    "usage": frozenset(
        [
            "usage",
            "session",
            "sessions",
            "click",
            "clicks",
            "log",
            "logs",
            "visit",
            "visits",
            "app",
            "event",
            "events",
            "login",
            "logins",
            "page",
            "pages",
            "screen",
        ]
    ),
    "transactions": frozenset(
        [
            "order",
            "orders",
            "invoice",
            "invoices",
            "payment",
            "payments",
            "transaction",
            "transactions",
            "sale",
            "sales",
            "purchase",
            "purchases",
            "receipt",
            "receipts",
        ]
    ),
}
BEGINS = frozenset(
    [
        "signup",
        "sign",
        "joined",
        "join",
        "registered",
        "registration",
        "created",
        "since",
        "start",
        "started",
        "begin",
        "begins",
    ]
)
ENDS = frozenset(
    ["cancelled", "canceled", "cancellation", "ended", "end", "churned", "left", "closed", "terminated", "exit"]
)


@dataclass(frozen=True)
class Log:
    """Files with the same columns: the first sheet, all sheets, and renamed columns (later name: name in the first).

    customer is the key column and event the date column. is_of_customers says that the file has one row per customer;
    event is then the joining date. days are all date columns.
    """

    sheet: Sheet
    sheets: tuple[Sheet, ...]
    renamed: Mapping[str, str]
    profiles: Mapping[str, Profile]
    customer: str
    event: str
    days: tuple[str, ...]
    is_of_customers: bool

    @property
    def files(self) -> str | list[str]:
        """The file name, a glob that matches all files, or their names."""
        found = [one.file for one in self.sheets]
        if len(found) == 1:
            return found[0]
        masks = {re.sub(r"\d[\d_\-]*", "*", one) for one in found}
        return masks.pop() if len(masks) == 1 else found

    @property
    def table(self) -> str:
        """The canonical table for its rows, guessed from file and column names."""
        if self.is_of_customers:
            return "customers"
        said = set(names.words(self.sheet.file.rsplit(".", 1)[0]))
        scores = {name: len(said & known) for name, known in _TABLES.items()}
        for name, known in _TABLES.items():
            scores[name] += sum(names.says(column, known) for column in self.sheet.columns)
        scores["transactions"] += 3 * bool(self.amount)
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] else "usage"

    @property
    def amount(self) -> tuple[str, ...]:
        """The column of amounts, or those of quantity and price."""
        numeric = [name for name, one in self.profiles.items() if one.known and one.numbers == one.known]
        pieces = [name for name in numeric if names.says(name, {"quantity", "qty", "pieces", "units"})]
        price = [name for name in numeric if names.says(name, {"price"})]
        if pieces and price:
            return pieces[0], price[0]
        said = names.MONEY | {"total", "value"}
        money = [name for name in numeric if names.says(name, said) and name != self.customer]
        return (money[0],) if money else ()

    def column(self, words: Set[str]) -> str | None:
        """The first column, neither key nor date, whose name has one of these words."""
        there = [name for name in self.sheet.columns if name not in (self.customer, *self.days)]
        return next((name for name in there if names.says(name, words)), None)


def logs(sheets: Sequence[Sheet], settling: Settling, database: duckdb.DuckDBPyConnection) -> list[Log]:
    """The files, grouped by columns. Raises UsageError where one has no date column, or no clear customer key."""
    groups: list[list[Sheet]] = []
    for sheet in sheets:
        alike = next((one for one in groups if _renames(one[0], sheet) is not None), None)
        if alike is None:
            groups.append([sheet])
        else:
            alike.append(sheet)
    return [_log(group, settling, database) for group in groups]


def looks_like_a_log(sheets: Sequence[Sheet], database: duckdb.DuckDBPyConnection, key: str | None) -> bool:
    """Whether a file has several rows per customer, each with a date."""
    for sheet in sheets:
        found = {name: profile(sheet, name, database) for name in sheet.columns if _may_matter(name, key)}
        who = [one for name, one in found.items() if name == key or names.is_of_a_customer(name)]
        several = any(one.distinct < 0.9 * one.known for one in who)
        if several and any(_is_day(profile(sheet, name, database)) for name in sheet.columns):
            return True
    return False


def _may_matter(name: str, key: str | None) -> bool:
    return name == key or names.is_of_a_customer(name)


def _is_day(found: Profile) -> bool:
    return found.days > 0 and found.days >= 0.95 * found.known


def _renames(first: Sheet, other: Sheet) -> dict[str, str] | None:
    """The columns of the other that have new names, if both have the same columns in the same order; else None."""
    if len(first.columns) != len(other.columns):
        return None
    found: dict[str, str] = {}
    for one, two in zip(first.columns, other.columns, strict=True):
        a, b = set(names.words(one)), set(names.words(two))
        if not (a <= b or b <= a) or not a or not b:
            return None
        if one != two:
            found[two] = one
    return found


def _log(group: Sequence[Sheet], settling: Settling, database: duckdb.DuckDBPyConnection) -> Log:
    sheet = group[0]
    renamed: dict[str, str] = {}
    for other in group[1:]:
        renamed |= _renames(sheet, other) or {}
        selected = ", ".join(f"c{place}" for place in range(len(sheet.columns)))
        database.execute(f"INSERT INTO {sheet.table} SELECT {selected} FROM {other.table}")  # noqa: S608
    found = {name: profile(sheet, name, database) for name in sheet.columns}
    customer = _customer(sheet, found, settling)
    days = tuple(name for name, one in found.items() if _is_day(one))
    if not days:
        raise UsageError(f"{sheet.file}: no column holds dates, so it is no event log; leave the file out.")
    one_each = found[customer].distinct == found[customer].known
    wanted = [name for name in days if names.says(name, BEGINS)] if one_each else []
    not_ends = [name for name in days if not names.says(name, ENDS)]
    event = (wanted or not_ends or list(days))[0]
    return Log(sheet, tuple(group), renamed, found, customer, event, days, one_each)


def _customer(sheet: Sheet, found: Mapping[str, Profile], settling: Settling) -> str:
    said = settling.said.customer_id
    if said and said != NO and said in sheet.columns:
        return said
    called = [name for name in sheet.columns if names.is_of_a_customer(name)]
    if len(called) == 1:
        return called[0]
    keys = called or [name for name in found if names.is_key(name)]
    question = f"{sheet.file}: which column is the customer's key? It has {list(sheet.columns)}."
    return settling.choice("--customer-id", question=question, among=keys or list(sheet.columns))
