"""Convert raw data to the canonical tables, part by part.

writes: data/tables/SPEC, a folder for each canonical table, and about.json
writes: state/SPEC/unmapped, raw rows that cannot be mapped, with the reason
codes: 5
example: python -m pipelines ingest demo
"""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.compute as pc

from features.errors import MissingError
from features.source import Part, Reconciled, Unmapped
from pipelines.files import storage
from pipelines.messages import log
from pipelines.raw_data import raw_files, unmapped
from pipelines.specs.options import Sourced, source_of
from pipelines.workspace import Workspace


def run(spec: Sourced, workspace: Workspace) -> None:
    """Read the spec's source and write its tables, with the raw rows that could not be mapped beside them.

    Raises MissingError when the source needs raw files and has none, DataError when too many rows are unmapped.
    """
    source, options = source_of(spec)
    if source.needs_files and not workspace.raw.is_dir():
        raise MissingError(
            f"spec '{spec.name}' has no raw data; add some with: python -m pipelines data {spec.name} PATH..."
        )
    counts, formats = Counter[str](), source.formats(options)
    reconciled: dict[str, Any] = {}
    newest: datetime | None = None
    unmapped.clear(workspace)
    with storage.replacing_folder(workspace.tables) as folder, raw_files.opened(workspace.raw, formats) as files:
        for found in log.track(source.read(files, options), "ingest", unit="part"):
            if isinstance(found, Part):
                storage.write_parquet(folder / found.table / f"{found.name}.parquet", found.rows)
                counts[found.table] += found.rows.num_rows
                newest = max((moment for moment in (newest, _newest(found)) if moment), default=None)
            elif isinstance(found, Unmapped):
                unmapped.write(workspace, found)
                unmapped.refuse(workspace, Reconciled(**reconciled[found.table]))
            else:
                reconciled[found.table] = asdict(found)
        about = {"extracted_at": source.extracted_at(options) or _just_after(newest), "rows": dict(counts)}
        storage.write_json(folder / "about.json", {**about, "reconciled": reconciled})
    log.done("ingest", spec.name, **counts)


def _newest(part: Part) -> datetime | None:
    """When the newest row became known; a date in the future, in any time zone, is an error and ignored."""
    if "known_at" not in part.rows.column_names:
        return None
    latest = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None)
    found: datetime | None = pc.max(part.rows["known_at"].filter(pc.less(part.rows["known_at"], latest))).as_py()
    return found


def _just_after(newest: datetime | None) -> str | None:
    """The first moment after all known_at."""
    return (newest + timedelta(microseconds=1)).isoformat() if newest else None
