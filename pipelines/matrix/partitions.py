"""Partitions that are built once: each has a key, a hash of all that it depends on, and is kept while the key holds."""

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
class Known:
    """The stored parts of the tables: for each the first moment at which a row of it was known, and its hash."""

    parts: Mapping[str, tuple[datetime, str]]

    @classmethod
    def of(cls, folder: Path) -> "Known":
        """What lies in a folder of tables."""
        files = sorted(folder.glob("*/*.parquet"))
        return cls({f"{path.parent.name}/{path.stem}": (_first_known(path), storage.digest(path)) for path in files})

    def before(self, as_of: datetime) -> list[list[str]]:
        """The names and hashes of the parts that a history cut at as_of can see anything of."""
        return [[name, digest] for name, (first, digest) in sorted(self.parts.items()) if first < as_of]


def _first_known(path: Path) -> datetime:
    """From the statistics of the file; the beginning of time where there are none."""
    footer = pq.read_metadata(path)
    names = footer.schema.to_arrow_schema().names
    if "known_at" not in names:
        return datetime.min
    place = names.index("known_at")
    found = [footer.row_group(group).column(place).statistics for group in range(footer.num_row_groups)]
    return min((one.min for one in found if one and one.has_min_max), default=datetime.min)


@dataclass
class Shelf:
    """The partitions of the last build (old), those of this one (new), and what each was built from.

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
        """How many partitions were built and not kept."""
        return len(self.keys) - len(self.kept)

    def keeps(self, name: str, key: str) -> bool:
        """Take a partition over from the last build, if it is there unchanged and was built from the same."""
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
        """Write a partition that was built."""
        storage.write_parquet(self.new / name, rows)
        self.keys[name] = {"key": key, "digest": storage.digest(self.new / name)}

    def write(self, name: str, rows: pa.Table) -> None:
        """Write what is made anew every time."""
        storage.write_parquet(self.new / name, rows)

    def close(self) -> None:
        """Write down what each partition was built from."""
        storage.write_json(self.receipt, self.keys)
