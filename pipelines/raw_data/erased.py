"""The people whose data were erased, known by a salted hash of their id alone, so that they can be left out again."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.files import storage

FILE = "erased.json"
_PSEUDONYM = re.compile(r"erased-[0-9a-f]{32}")


@dataclass(frozen=True)
class Erased:
    """Pairs of a salt and the hash of an id with it, both in hex."""

    people: frozenset[tuple[str, str]] = frozenset()

    def among(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of some ids that are of erased people."""
        salts = {salt for salt, _ in self.people}
        return frozenset(one for one in set(ids) for salt in salts if (salt, _hash(salt, one)) in self.people)

    def added(self, customer: str) -> "Erased":
        """The same people and this one, once; by the salt of the others, so that an id is hashed once to look it up."""
        if self.among([customer]):
            return self
        salt = min((salt for salt, _ in self.people), default=secrets.token_hex(16))
        return Erased(self.people | {(salt, _hash(salt, customer))})

    def without(self, rows: pa.Table) -> pa.Table:
        """The rows of a table that are of nobody erased, by its column customer_id; all, where it has none."""
        if not self.people or "customer_id" not in rows.column_names:
            return rows
        ids = rows["customer_id"].cast(pa.string())
        found = self.among(pc.unique(ids).drop_null().to_pylist())
        if not found:
            return rows
        return rows.filter(pc.invert(pc.is_in(ids, pa.array(sorted(found), pa.string()))))


def read(raw: Path) -> Erased:
    """The erased people of a folder of raw files; nobody where it has no list."""
    path = raw / FILE
    if not path.exists():
        return Erased()
    return Erased(frozenset((one["salt"], one["hash"]) for one in storage.read_json(path)["people"]))


def write(raw: Path, erased: Erased) -> None:
    """Keep the list beside the raw files, in the order of the hashes, which says nothing of when."""
    people = [{"salt": salt, "hash": found} for salt, found in sorted(erased.people, key=lambda one: one[1])]
    storage.write_json(raw / FILE, {"people": people})


def pseudonym() -> str:
    """A new name that nothing of a person went into."""
    return f"erased-{secrets.token_hex(16)}"


def is_pseudonym(customer: str) -> bool:
    """Whether an id is one that stands for an erased person."""
    return _PSEUDONYM.fullmatch(customer) is not None


def are_pseudonyms(customers: pd.Series) -> pd.Series:
    """The same of each of some ids, shape (n_rows,)."""
    return pd.Series([is_pseudonym(str(one)) for one in customers], index=customers.index, dtype=bool)


def _hash(salt: str, customer: str) -> str:
    return hmac.new(bytes.fromhex(salt), customer.encode(), hashlib.sha256).hexdigest()
