"""What the champion among readers of texts says of a file of texts: a CSV with a row for each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from experiments.texts.spec import TextsSpec
from features.errors import UsageError
from features.texts.normalising import LONGEST
from pipelines.champion import ledger_writer, loading, model_versions, reader_versions
from pipelines.files import spreadsheet, storage
from pipelines.messages import log
from pipelines.models.text_readers.tones import TextReader
from pipelines.raw_data import raw_files
from pipelines.raw_data.recognising import formats_of
from pipelines.workspace import Workspace

ROWS_AT_ONCE = 2_000
SAID = ("class", "tone", "confidence", "topic", "known", "learned_from")


@dataclass
class Read:
    """How many texts a version has read, and how many are of each class, or special."""

    version: str
    texts: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    special: Counter[str] = field(default_factory=Counter)


def read(spec: TextsSpec, workspace: Workspace, path: Path, *, text: str, key: str | None, to: Path) -> Read:
    """Read the texts of a column of a file, and write what the champion says of each, in the order of the file.

    to gets the row's number, from 1, its key where a column of keys is named, and SAID. Raises MissingError without a
    champion or a file, UsageError where `to` is the file itself, SchemaError for a column that there is not, DataError
    where the file cannot be read; then nothing is written.
    """
    if to.exists() and path.exists() and to.samefile(path):
        raise UsageError(f"{to} is the file that is read; write to another.")
    formats = formats_of(path)
    n_rows = raw_files.check(path, formats).rows
    ledger = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = ledger.agreed()
    if standing.serving is None:
        raise ledger_writer.no_champion(spec.name)
    ledger.check_champion(standing)
    found = model_versions.version(ledger.client, spec.name, standing.serving)
    counts = Read(standing.serving)
    with loading.Kept() as kept, raw_files.opened(path.parent, formats) as files, storage.replacing(to) as temporary:
        kept.files_of(found, standing)
        reader = TextReader(kept.folder(found) / reader_versions.READER)
        columns = [text, *([key] if key else [])]
        batches = files.in_parts(path.name, columns, rows=ROWS_AT_ONCE, longest=LONGEST + 1)
        shown = log.track(batches, "read", unit="part", total=ceil(n_rows / ROWS_AT_ONCE))
        spreadsheet.write_parts(temporary, _said(reader, shown, counts))
    return counts


def _said(reader: TextReader, batches: Iterator[pa.RecordBatch], counts: Read) -> Iterator[pd.DataFrame]:
    """The rows of each part, which are counted."""
    for batch in batches:
        texts, *keys = (column.to_pylist() for column in batch.columns)
        said, is_there = reader.read(texts), pd.Series([bool((one or "").strip()) for one in texts], dtype=bool)
        rows: dict[str, Any] = {"row": range(counts.texts + 1, counts.texts + len(texts) + 1)}
        rows |= {"key": keys[0]} if keys else {}
        counts.texts += len(texts)
        counts.classes.update(said["class"])
        counts.special.update(
            {
                "without_text": int((~is_there).sum()),
                "unknown": int((is_there & ~said["known"]).sum()),
                "cut": sum(len(one or "") > LONGEST for one in texts),
                "learned_from": int(said["learned_from"].sum()),
            }
        )
        yield pd.DataFrame({**rows, **{name: said[name].to_numpy() for name in SAID}})
