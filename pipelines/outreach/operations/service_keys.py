"""Keys of those who may use the service, each with a role; of a key only its SHA-256 is kept."""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from features.errors import UsageError
from pipelines.outreach.operations import clock
from pipelines.outreach.operations.database import NAMED, alone
from pipelines.outreach.operations.service_tables import SERVICE_KEYS
from pipelines.servers import databases

# read: GET, and POST /score; write: also POST /events; desk: as read, and POST /actions.
ROLES = ("read", "write", "desk")
PREFIX = "hf_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def add(engine: sa.Engine, name: str, role: str) -> str:
    """A new key, which nobody can be shown again: PREFIX and 43 letters of 256 random bits.

    Raises UsageError for an unknown role, for a name that is none, and for one whose key is in force.
    """
    if role not in ROLES:
        raise UsageError(f"there is no role '{role}'; there are {list(ROLES)}.")
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' is no name of a key; write letters, digits, '.', '_' and '-', at most 64.")
    key = PREFIX + secrets.token_urlsafe(32)
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        if connection.execute(sa.select(SERVICE_KEYS.c.name).where(_in_force(name))).first():
            raise UsageError(f"there is a key '{name}' in force; take another name, or revoke that one first.")
        row = {"hash": _hash(key), "name": name, "role": role, "added_at": _now(), "revoked_at": None}
        connection.execute(sa.insert(SERVICE_KEYS), row)
    return key


def revoke(engine: sa.Engine, name: str) -> bool:
    """End the key of a name; whether one was in force."""
    with databases.answering(engine, NAMED), engine.begin() as connection:
        alone(connection)
        changed = connection.execute(sa.update(SERVICE_KEYS).where(_in_force(name)).values(revoked_at=_now()))
        return changed.rowcount > 0


def role_of(engine: sa.Engine, key: str) -> tuple[str, str] | None:
    """The name and role of a key; None where it is none, or was revoked.

    It is looked up by its hash: how long that takes says nothing about the keys that there are.
    """
    one = SERVICE_KEYS.c
    asked = sa.select(one.name, one.role).where(one.hash == _hash(key), one.revoked_at.is_(None))
    with databases.answering(engine, NAMED), engine.connect() as connection:
        found = connection.execute(asked).first()
    return None if found is None else (found.name, found.role)


def all_of(engine: sa.Engine) -> list[dict[str, Any]]:
    """Every key there was, oldest first: name, role, added_at and revoked_at, in UTC; never the hash."""
    one = SERVICE_KEYS.c
    asked = sa.select(one.name, one.role, one.added_at, one.revoked_at).order_by(one.added_at, one.name)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        return [dict(row) for row in connection.execute(asked).mappings()]


def _in_force(name: str) -> "sa.ColumnElement[bool]":
    return (SERVICE_KEYS.c.name == name) & SERVICE_KEYS.c.revoked_at.is_(None)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _now() -> str:
    return clock.text(datetime.now(UTC).replace(tzinfo=None))
