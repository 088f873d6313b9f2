"""Raw rows that could not be mapped: stored with reasons, refused above the spec's limit."""

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

# The first row of each reason among so many rows is an example; so many examples are shown.
MOST, SHOWN = 10_000, 3


def clear(workspace: Workspace) -> None:
    """Remove the rows that an earlier ingest stored."""
    shutil.rmtree(_folder(workspace), ignore_errors=True)


def write(workspace: Workspace, found: Unmapped) -> None:
    """Write the rows to TABLE.csv; without rows, write nothing."""
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
    """The first row of some reasons: its file, its values, and the reason."""
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
