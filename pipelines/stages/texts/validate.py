"""Check labelled texts: classes, times, lengths, and that there are enough of each class; later stages need it."""

from collections.abc import Iterator
from typing import Protocol

import pandas as pd
import pyarrow as pa

from experiments.texts.reading import CLASSES
from experiments.texts.spec import HasTexts, TableTexts
from features.errors import DataError
from features.texts.ngrams import NONE, SCRIPTS
from pipelines.files import storage
from pipelines.messages import log
from pipelines.validation import expectations, findings
from pipelines.validation.batches import Batch
from pipelines.validation.demand import Demand
from pipelines.workspace import Workspace

TABLE = "texts"
# More is no text that somebody wrote, but a file that was cut in the wrong places.
MOST_LETTERS = 1_000_000
# Different texts of a class that teach: fewer say nothing once they are split into folds.
FEWEST = 30


class Validated(HasTexts, Protocol):
    """A spec as far as the stage reads it."""


def run(spec: Validated, workspace: Workspace) -> None:
    """Judge the texts and write the result, the bad rows and the Data Docs, in any case.

    Raises DataError when an expectation is broken, MissingError when there are no texts.
    """
    rows = storage.read_parquet(workspace.texts / "texts.parquet")
    with storage.replacing_folder(workspace.validation) as folder:
        with findings.recorder(folder / findings.BAD_ROWS) as record:
            judged = [record(expectations.judge(batch)) for batch in (_of_texts(rows, spec), _of_classes(rows, spec))]
        result = {**findings.summary(judged), "rows": {TABLE: rows.num_rows}}
        storage.write_json(folder / "result.json", result)
        broken = [findings.sentence(one) for one in result["broken"]]
        page = expectations.data_docs(judged, title=f"{spec.name}: validation of the texts", broken=broken)
        storage.write_bytes(folder / findings.PAGE, page.encode())
    if result["broken"]:
        raise DataError(findings.refusal(result["broken"], workspace.validation.relative_to(workspace.root)))
    log.done("validate", spec.name, expectations=result["expectations"], rows=rows.num_rows)


def _of_texts(rows: pa.Table, spec: HasTexts) -> Batch:
    """Every text by itself."""
    demands = [
        Demand(
            TABLE, "text", "is no empty text", "ExpectColumnValueLengthsToBeBetween", {"column": "text", "min_value": 1}
        ),
        Demand(
            TABLE,
            "text",
            f"has at most {MOST_LETTERS:,} characters",
            "ExpectColumnValuesToBeBetween",
            {"column": "letters", "max_value": MOST_LETTERS},
            shows="letters",
            remedy="look whether a quote is open in the file, or cut it",
        ),
        Demand(
            TABLE,
            "label",
            "means a class",
            "ExpectColumnValuesToNotBeNull",
            {"column": "class"},
            shows="label",
            remedy=f"list it under source.label, as one of {', '.join(CLASSES)}, or leave such rows out of the file",
        ),
        Demand(
            TABLE,
            "known_at",
            "is a time such as 2025-01-31 or 2025-01-31 14:05",
            "ExpectColumnValuesToBeNull",
            {"column": "unread_time"},
            shows="unread_time",
        ),
        Demand(
            TABLE,
            "known_at",
            f"is before known_before, {spec.known_before}",
            "ExpectColumnValuesToBeBetween",
            {"column": "known_at", "max_value": pd.Timestamp(spec.known_before), "strict_max": True},
            shows="known_at",
            judged_if=("known_at", "present"),
        ),
    ]
    return Batch("texts", rows, tuple(demands), ("key",))


def _of_classes(rows: pa.Table, spec: HasTexts) -> Batch:
    """How many different texts of each class teach; one without words, such as signs alone, does not."""
    frame = rows.select(["class", "digest", "judges", "script"]).to_pandas()
    counts = (
        frame[~frame["judges"] & (frame["script"] != SCRIPTS[NONE])]
        .drop_duplicates(["class", "digest"])["class"]
        .value_counts()
    )
    meant = list(_classes(spec))
    table = pa.table({"class": ["all"], **{name: [int(counts.get(name, 0))] for name in meant}})
    demands = [
        Demand(
            TABLE,
            "",
            f"has at least {FEWEST} different texts of class {name} to learn from",
            "ExpectColumnValuesToBeBetween",
            {"column": name, "min_value": FEWEST},
            shows=name,
            unit="volume",
            remedy="label more texts (those without words do not count), or give the label of a rare class to another",
        )
        for name in meant
    ]
    return Batch("classes", table, tuple(demands), ("class",))


def _classes(spec: HasTexts) -> Iterator[str]:
    """The classes that some label means."""
    source = spec.source
    yield from (name for name in CLASSES if not isinstance(source, TableTexts) or source.label.names[name])
