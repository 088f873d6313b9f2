"""Convert raw data to the canonical tables, part by part.

writes: data/tables/SPEC, a folder for each canonical table, and about.json
writes: state/SPEC/unmapped, raw rows that cannot be mapped, with the reason
codes: 5
example: python -m pipelines ingest demo
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import MissingError
from features.source import Part, ReceivedUntil, Reconciled, Unmapped
from pipelines.files import storage
from pipelines.messages import log
from pipelines.models.text_readers import pinned
from pipelines.models.text_readers.pinned import Pinned
from pipelines.raw_data import erased, raw_files, unmapped
from pipelines.specs.early_checks import HasTexts
from pipelines.specs.options import Sourced, source_of
from pipelines.workspace import Workspace

# How rows of erased people are named among those that were dropped.
ERASED = "erased"


class Ingested(Sourced, HasTexts, Protocol):
    """A spec as far as the stage reads it."""


def run(spec: Ingested, workspace: Workspace) -> None:
    """Read the spec's source and write its tables, with the raw rows that could not be mapped beside them.

    Contacts get their tone from the pinned reader of texts. Rows of people who were erased are left out, and counted.

    Raises MissingError when the source needs raw files and has none, or the pinned reader is not here, DataError when
    too many rows are unmapped, ContractError when the reader was changed.
    """
    source, options = source_of(spec)
    if source.needs_files and not workspace.raw.is_dir():
        raise MissingError(
            f"spec '{spec.name}' has no raw data; add some with: python -m pipelines data {spec.name} PATH..."
        )
    counts, formats = Counter[str](), source.formats(options)
    pin = _pinned(spec, workspace)
    tones = _tones(workspace) if pin else {}
    gone, left_out = erased.read(workspace.raw), Counter[str]()
    reconciled: dict[str, Any] = {}
    until: dict[str, Any] = {}
    newest: datetime | None = None
    unmapped.clear(workspace)
    with storage.replacing_folder(workspace.tables) as folder, raw_files.opened(workspace.raw, formats) as files:
        for found in log.track(source.read(files, options), "ingest", unit="part"):
            if isinstance(found, Part):
                kept = gone.without(found.rows)
                rows = tones.get(found.table, _as_it_is)(kept)
                storage.write_parquet(folder / found.table / f"{found.name}.parquet", rows)
                counts[found.table] += kept.num_rows
                left_out[found.table] += found.rows.num_rows - kept.num_rows
                newest = max((moment for moment in (newest, _newest(found)) if moment), default=None)
            elif isinstance(found, Unmapped):
                unmapped.write(workspace, found)
                unmapped.refuse(workspace, Reconciled(**reconciled[found.table]))
            elif isinstance(found, ReceivedUntil):
                until = {"received": found.number}
            else:
                reconciled[found.table] = asdict(found)
        about = {"extracted_at": source.extracted_at(options) or _just_after(newest), "rows": dict(counts)}
        about |= until | ({"reader": pin.plain} if pin else {})
        _count_erased(reconciled, +left_out)
        storage.write_json(folder / "about.json", {**about, "reconciled": reconciled})
    if left_out.total():
        told = f"{left_out.total():,} rows are of people who were erased: left out"
        hint = "; `forget` takes them out of raw files" if source.needs_files else ""
        log.warn("ingest", spec.name, [told + hint])
    log.done("ingest", spec.name, **counts)


def _count_erased(reconciled: dict[str, Any], left_out: Mapping[str, int]) -> None:
    """Count the rows of erased people among those dropped, so that the counts still add up."""
    for table, rows in left_out.items():
        if counts := reconciled.get(table):
            counts["kept"] -= rows
            counts["dropped"] = {**counts["dropped"], ERASED: rows}


def _pinned(spec: Ingested, workspace: Workspace) -> Pinned | None:
    """The reader that is here. Raises MissingError where it is not the one that the spec pins."""
    found, pin = pinned.stored(workspace.reader), spec.texts
    if ((found.model, found.version) if found else None) != ((pin.model, pin.version) if pin else None):
        wanted = f"pins {pin.model} {pin.version}" if pin else "pins no reader of texts"
        raise MissingError(
            f"spec '{spec.name}' {wanted}, and {workspace.reader} holds {found or 'none'};"
            f" `python -m pipelines run {spec.name}` puts it right."
        )
    if found:
        pinned.check(workspace.reader, found)
    return found


def _tones(workspace: Workspace) -> dict[str, Callable[[pa.Table], pa.Table]]:
    """What fills in tones, by table."""
    from pipelines.models.text_readers import tones  # not at the top: most specs read no texts

    reader = tones.TextReader(workspace.reader / pinned.READER)
    return {tones.TABLE: partial(tones.with_tones, reader=reader)}


def _as_it_is(rows: pa.Table) -> pa.Table:
    return rows


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
