"""Judge a reader on the held-out texts and write its report."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.statistics import rounding
from experiments.texts import figures
from experiments.texts.reading import CLASSES
from experiments.texts.spec import TextsSpec
from features.errors import DataError
from pipelines.files import storage
from pipelines.learning import text_rows
from pipelines.messages import log
from pipelines.models.text_readers import folders
from pipelines.reporting import texts_page
from pipelines.workspace import Workspace


def run(spec: TextsSpec, workspace: Workspace) -> None:
    """Write the figures, the report, and the held-out texts with what the reader says of them.

    Raises DataError where no text judges.
    """
    rows = text_rows.read(workspace)
    teaching, judging = rows.teaching, rows.judging
    if not judging.texts:
        raise DataError(f"spec '{spec.name}': no text judges; give split.share, {spec.split.share:g}, more.")
    reader = folders.scorer(workspace.model / folders.READER)
    said = reader.read(judging.texts)
    usual = int(np.bincount(teaching.classes, minlength=len(CLASSES)).argmax())
    found = figures.of_reader(judging.texts, judging.classes, said, usual=usual, seed=spec.tuning.seed)
    about = storage.read_json(workspace.texts / "about.json")
    report: dict[str, Any] = rounding.plain(
        {
            "spec": {"name": spec.name, "title": spec.title, "known_before": spec.known_until},
            "trained": storage.read_json(workspace.model / "about.json"),
            "left_out": about["left_out"],
            "changed": about["changed"],
            "figures": found,
            "topics": figures.topics(rows.classes, reader.read(rows.texts)),
            "judged": _span(judging.rows),
        }
    )
    with storage.replacing_folder(workspace.evaluation) as folder:
        storage.write_json(folder / "report.json", report)
        storage.write_bytes(folder / "report.html", texts_page.report(report).encode())
        storage.write_json(folder / "metrics.json", _metrics(report["figures"]))
        storage.write_parquet(folder / "gate.parquet", _gate(judging.rows, said))
    macro_f1 = report["figures"]["macro_f1"]
    log.done("evaluate", spec.name, texts=len(judging.texts), macro_f1=round(macro_f1["value"], 4))


def _gate(rows: pd.DataFrame, said: pd.DataFrame) -> pa.Table:
    """The texts that judge, with their class, and what the reader says of them."""
    columns = rows[["text", "digest", "class", "known_at"]].rename(columns={"class": "truth"})
    together = pd.concat([columns, said.reset_index(drop=True)], axis=1)
    return pa.Table.from_pandas(together, preserve_index=False).replace_schema_metadata(None)


def _span(rows: pd.DataFrame) -> dict[str, str]:
    """When the texts that judge were known; nothing where they have no times."""
    times = rows["known_at"].dropna()
    return {"first": str(times.min()), "last": str(times.max())} if len(times) else {}


def _metrics(found: dict[str, Any]) -> dict[str, float]:
    named = {name: found[name]["value"] for name in ("macro_f1", "above_floor", "overconfidence")}
    named |= {name: found[name] for name in ("calibration_error", "unknown", "unsure") if found[name] is not None}
    by_class = {f"f1_{name}": one["f1"] for name, one in found["classes"].items() if one["f1"] is not None}
    return {**named, **by_class}
