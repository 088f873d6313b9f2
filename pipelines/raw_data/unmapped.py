"""The raw rows that could not be mapped: kept in a file beside their reasons, and refused when there are too many."""

import csv
import shutil
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from features.errors import DataError
from features.source import Reconciled, Unmapped
from pipelines.files import spreadsheet, storage
from pipelines.workspace import Workspace

# Of so many rows at the head those are shown that say something new, and so many at most.
MOST, SHOWN = 10_000, 3


def clear(workspace: Workspace) -> None:
    """Remove what an earlier ingest kept."""
    shutil.rmtree(_folder(workspace), ignore_errors=True)


def write(workspace: Workspace, found: Unmapped) -> None:
    """Keep the rows in TABLE.csv; where there are none, keep nothing."""
    batches = (spreadsheet.guarded_rows(pa.Table.from_batches([batch])) for batch in found.rows)
    first = next((batch for batch in batches if batch.num_rows), None)
    if first is None:
        return
    with (
        storage.replacing(_folder(workspace) / f"{found.table}.csv") as temporary,
        pa_csv.CSVWriter(temporary, first.schema) as writer,
    ):
        writer.write_table(first)
        for batch in batches:
            writer.write_table(batch)


def refuse(workspace: Workspace, counts: Reconciled) -> None:
    """Raise DataError when more of a table's rows are unmapped than the spec allows."""
    if counts.unmapped_share <= counts.limit:
        return
    reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(counts.unmapped.items()))
    file = (_folder(workspace) / f"{counts.table}.csv").relative_to(workspace.root)
    raise DataError(
        f"{counts.table}: {100 * counts.unmapped_share:.2f} % of the rows cannot be mapped ({reasons}), and"
        f" source.refuse_unmapped_above allows {100 * counts.limit:g} %; they are kept in {file},"
        f" such as {_examples(_folder(workspace) / f'{counts.table}.csv')}."
    )


def _examples(kept: Path) -> str:
    """The first row of each reason, a few of them: its file, what stands in it, and the reason."""
    first: dict[str, str] = {}
    with kept.open(encoding="utf-8", newline="") as lines:
        for row in islice(csv.DictReader(lines), MOST):
            file, reason = row.pop("(file)"), row.pop("(reason)")
            raw = spreadsheet.unguarded(pa.array(row.values(), pa.string())).to_pylist()
            told = ", ".join(f"{name} {text!r}" for name, text in zip(row, raw, strict=True) if text)
            first.setdefault(reason, f"{file}: {told} ({reason})")
    return "; ".join(list(first.values())[:SHOWN])


def _folder(workspace: Workspace) -> Path:
    return workspace.state / "unmapped"
