"""The ledger: an append-only, hash-chained record of every decision of a spec."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.errors import DataError, HoldfastError, UsageError
from pipelines.champion import ledger_table
from pipelines.servers import databases, mlflow_runs

ADDRESS = "HOLDFAST_LEDGER_URI"


class TakenError(HoldfastError):
    """Another process wrote the entry of this number first; the decision was based on an outdated state."""


@dataclass(frozen=True)
class Entry:
    """One entry: its number, its hash, the hash of the previous entry, and its body.

    body holds kind (decision, forced, approval, rollback, adopted, sealed, restored, refitted, frozen, unfrozen, shadow
    ended), by, decided_at, challenger_version (whom it is about; none where promotions are frozen or free again) with
    its model_digest and the hashes of its files, compared_with and champion_version (the champion before and after),
    and what a decision rests on.
    """

    spec: str
    number: int
    previous: str
    hash: str
    body: Mapping[str, Any]

    @classmethod
    def after(cls, entries: "Sequence[Entry]", spec: str, body: Mapping[str, Any]) -> "Entry":
        """The next entry after these."""
        number, previous = len(entries) + 1, entries[-1].hash if entries else ""
        return cls(spec, number, previous, hash_of(spec, number=number, previous=previous, body=body), body)

    @property
    def moves(self) -> bool:
        """Whether it changes the champion."""
        return bool(self.body["champion_version"] != self.body["compared_with"])

    @property
    def receipt(self) -> dict[str, Any]:
        """Its body and number, as `decision.json` holds them."""
        return {**self.body, "ledger": {"number": self.number, "hash": self.hash}}


def canonical(plain: Any) -> str:
    """Plain data as the canonical JSON text that is hashed."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(spec: str, *, number: int, previous: str, body: Mapping[str, Any]) -> str:
    """SHA-256, 64 hex digits, of an entry's number, body and previous hash."""
    text = canonical({"spec": spec, "number": number, "previous": previous, "body": body})
    return hashlib.sha256(text.encode()).hexdigest()


def address(root: Path) -> str:
    """The ledger's address: HOLDFAST_LEDGER_URI, or the tracking database.

    Raises UsageError when that is neither SQLite nor PostgreSQL.
    """
    said = os.environ.get(ADDRESS)
    found = said or mlflow_runs.uri(root)
    if found.startswith(("sqlite:", "sqlite+", "postgresql:", "postgresql+")):
        return found
    scheme = found.split(":", 1)[0]
    if said:
        raise UsageError(f"{ADDRESS} begins with '{scheme}:'; the ledger is kept in sqlite: or postgresql:.")
    raise UsageError(
        f"MLFLOW_TRACKING_URI begins with '{scheme}:', and the ledger of promotions needs a database: set {ADDRESS} to"
        " sqlite:///PATH or postgresql://HOST/DATABASE, the same for all who promote."
    )


@dataclass(frozen=True)
class Ledger:
    """An opened ledger, for all specs."""

    engine: sa.Engine

    @classmethod
    def open(cls, where: str) -> "Ledger":
        """The ledger at an address, created if absent. Raises StorageError when the database does not answer."""
        engine = databases.engine(where)
        found = cls(engine)
        with databases.answering(engine):
            ledger_table.make(engine)
        return found

    @property
    def place(self) -> str:
        """Its address, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    def entries(self, spec: str) -> tuple[Entry, ...]:
        """Every entry of a spec, oldest first, as stored. Raises DataError for one that is not JSON."""
        table = ledger_table.TABLE
        asked = sa.select(table).where(table.c.spec == spec).order_by(table.c.number)
        with databases.answering(self.engine), self.engine.connect() as connection:
            rows = connection.execute(asked).all()
        return tuple(Entry(row.spec, row.number, row.previous, row.hash, _read(row)) for row in rows)

    def append(self, entry: Entry) -> None:
        """Store an entry; a compare-and-swap on its number.

        Raises TakenError when there is an entry of that number already.
        """
        row = {"spec": entry.spec, "number": entry.number, "previous": entry.previous, "hash": entry.hash}
        try:
            with databases.answering(self.engine), self.engine.begin() as connection:
                connection.execute(sa.insert(ledger_table.TABLE), {**row, "body": canonical(entry.body)})
        except sa.exc.IntegrityError as error:
            raise TakenError(
                f"the ledger of '{entry.spec}' has an entry {entry.number} already, written just now by somebody else;"
                f" look at `python -m pipelines status {entry.spec}` and run it again."
            ) from error


def _read(row: sa.Row[Any]) -> Mapping[str, Any]:
    try:
        body: Mapping[str, Any] = json.loads(row.body)
    except json.JSONDecodeError as error:
        raise DataError(f"entry {row.number} of the ledger of '{row.spec}' is no JSON: it was changed.") from error
    return body


def opened(root: Path) -> Ledger:
    """The ledger of a checkout."""
    return Ledger.open(address(root))
