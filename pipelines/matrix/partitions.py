"""Cached partitions: each is reused while its key, a hash of all that it depends on, is unchanged."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.files import storage

Keys = dict[str, dict[str, str]]


def key(*parts: Any) -> str:
    """A hash of plain data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class KnownParts:
    """The stored parts of the tables, each with its earliest known_at and its hash."""

    parts: Mapping[str, tuple[datetime, str]]

    @classmethod
    def of(cls, folder: Path) -> "KnownParts":
        """The parts in a folder of tables."""
        files = sorted(folder.glob("*/*.parquet"))
        return cls({f"{path.parent.name}/{path.stem}": (_first_known(path), storage.digest(path)) for path in files})

    def before(self, as_of: datetime) -> list[list[str]]:
        """The names and hashes of the parts that are visible to a history as of a date."""
        return [[name, digest] for name, (first, digest) in sorted(self.parts.items()) if first < as_of]


def _first_known(path: Path) -> datetime:
    """The earliest known_at by the file's statistics; the beginning of time where there are none."""
    footer = pq.read_metadata(path)
    names = footer.schema.to_arrow_schema().names
    if "known_at" not in names:
        return datetime.min
    place = names.index("known_at")
    found = [footer.row_group(group).column(place).statistics for group in range(footer.num_row_groups)]
    return min((one.min for one in found if one and one.has_min_max), default=datetime.min)


@dataclass
class Shelf:
    """The partitions of the last build (old) and of this one (new), with the keys of each.

    A kept partition is linked, not written again. Dates may be built at the same time.
    """

    old: Path
    new: Path
    receipt: Path
    keys: Keys = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._before: Keys = storage.read_receipt(self.receipt) or {}

    @property
    def built(self) -> int:
        """The number of partitions that were computed, not reused."""
        return len(self.keys) - len(self.kept)

    def keeps(self, name: str, key: str) -> bool:
        """Reuse a partition of the last build, if it exists with the same key."""
        before = self._before.get(name, {})
        old = self.old / name
        if before.get("key") != key or not old.is_file() or storage.digest(old) != before["digest"]:
            return False
        (self.new / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(old, self.new / name)
        self.keys[name] = before
        self.kept.add(name)
        return True

    def put(self, name: str, key: str, rows: pa.Table) -> None:
        """Write a computed partition."""
        storage.write_parquet(self.new / name, rows)
        self.keys[name] = {"key": key, "digest": storage.digest(self.new / name)}

    def write(self, name: str, rows: pa.Table) -> None:
        """Write a table that is computed on every build."""
        storage.write_parquet(self.new / name, rows)

    def close(self) -> None:
        """Record the key of each partition."""
        storage.write_json(self.receipt, self.keys)
