"""Read labelled texts: normalised, with class, time, script, and whether they teach or judge."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from experiments.texts import held_out
from experiments.texts.spec import HasTexts
from features.texts.ngrams import SCRIPTS
from features.texts.normalising import LONGEST, Normalised, normalise
from features.texts.scripts import scripts_of
from pipelines.files import storage
from pipelines.learning import labelled_texts
from pipelines.messages import log
from pipelines.workspace import Workspace

# What stands where bytes could not be read when the file was made.
LOST = "\ufffd"
TEXT = pa.string()
SCHEMA = pa.schema(
    {
        **dict.fromkeys(("key", "text", "digest", "label", "class"), TEXT),
        "known_at": pa.timestamp("us"),
        "unread_time": TEXT,
        "script": TEXT,
        "letters": pa.int64(),
        "judges": pa.bool_(),
    }
)


def run(spec: HasTexts, workspace: Workspace) -> None:
    """Write the texts that were known in time, in an order that does not depend on that of the file.

    Raises MissingError where there are none, DataError where none is left, SchemaError where a column is missing.
    """
    found = labelled_texts.read(spec, workspace)
    clean = normalise(found.rows["text"].tolist())
    is_there = [bool(text) for text in clean.texts]
    kept, texts = found.rows[is_there], [text for text in clean.texts if text]
    left_out = {**found.left_out, **({"of blanks and signs without shape": n} if (n := is_there.count(False)) else {})}
    rows = _rows(kept, texts, spec)
    with storage.replacing_folder(workspace.texts) as folder:
        storage.write_parquet(folder / "texts.parquet", rows)
        changed = {name: count for name, count in sorted(clean.counts.items()) if count}
        storage.write_json(folder / "about.json", {"rows": len(rows), "left_out": left_out, "changed": changed})
    log.warn("ingest", spec.name, list(_told(found.rows["text"], clean)))
    told = {"left out": ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())} if left_out else {}
    log.done("ingest", spec.name, texts=len(rows), judging=sum(rows["judges"].to_pylist()), **told)


def _rows(kept: pd.DataFrame, texts: list[str], spec: HasTexts) -> pa.Table:
    known_at = kept["known_at"].to_numpy(dtype="datetime64[us]")
    columns: dict[str, Any] = {
        **{name: kept[name].to_numpy() for name in ("key", "label", "class", "unread_time")},
        "text": texts,
        "digest": [held_out.digest_of(text) for text in texts],
        "known_at": known_at,
        "script": [SCRIPTS[place] for place in scripts_of(texts)],
        "letters": kept["text"].str.len().to_numpy(),
        "judges": held_out.judging(texts, known_at, share=spec.split.share),
    }
    ordered = pd.DataFrame(columns).sort_values(["known_at", "digest", "key"], kind="stable")[SCHEMA.names]
    return pa.Table.from_pandas(ordered, schema=SCHEMA, preserve_index=False)


def _told(written: pd.Series, clean: Normalised) -> Iterator[str]:
    if (lost := int(written.str.contains(LOST, regex=False).sum())) > 0:
        yield f"in {lost:,} texts stands {LOST} for bytes that were lost when the file was made; export it anew"
    counts = Counter(clean.counts)
    if counts["cut"]:
        long = int((written.str.len() > LONGEST).sum())
        yield f"{long:,} texts are longer than {LONGEST:,} characters, beyond which nothing is read"
    if counts["unsettled"]:
        yield f"{counts['unsettled']:,} texts could not be normalised, and were left out"
