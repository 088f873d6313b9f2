"""Texts with labels as a spec names them: from a raw file, or from the surveys of another spec's data."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiments.texts.reading import CLASSES
from experiments.texts.spec import HasTexts, SurveyTexts, TableTexts
from features.errors import DataError, MissingError, SchemaError
from features.schema import nearest
from features.source import Part
from features.tables import SURVEYS
from pipelines.learning import surveys_of
from pipelines.messages import log
from pipelines.raw_data import erased, raw_files
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace

# Years first: 03.04. is two dates, and a zone would be another clock than the company's.
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?"
COLUMNS = ("key", "text", "label", "class", "known_at", "unread_time")


@dataclass(frozen=True)
class Found:
    """Texts that may teach or judge, with COLUMNS, and how many others were left out, by the reason.

    text is as it was written; class is a name of CLASSES, null where the label means none; unread_time is what is no
    time in the column of times. All texts that have a time were known before the spec's known_before.
    """

    rows: pd.DataFrame
    left_out: dict[str, int]


def read(spec: HasTexts, workspace: Workspace) -> Found:
    """The texts of a spec. Raises MissingError where there are no data, SchemaError where they lack a column."""
    rows = _of_surveys(spec, spec.source, workspace) if isinstance(spec.source, SurveyTexts) else None
    rows = _of_table(spec.name, spec.source, workspace) if rows is None else rows  # type: ignore[arg-type]
    kept = rows["text"].notna() & (rows["text"].str.strip() != "")
    left_out = {"without a text": int((~kept).sum())}
    reasons = {"without a label": rows["label"].isna()}
    if isinstance(spec.source, SurveyTexts) or spec.source.known_at is not None:
        is_unread = rows["unread_time"].notna()
        reasons["without a time"] = rows["known_at"].isna() & ~is_unread
        reasons["known too late"] = (rows["known_at"] >= pd.Timestamp(spec.known_before)).fillna(False).astype(bool)
    for reason, is_out in reasons.items():
        left_out[reason] = int((kept & is_out).sum())
        kept &= ~is_out
    if not kept.any():
        told = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items() if count)
        raise DataError(f"spec '{spec.name}': no text is left to learn from: of {len(rows):,}, {told}.")
    return Found(rows[kept].reset_index(drop=True), {name: count for name, count in left_out.items() if count})


def _of_table(name: str, source: TableTexts, workspace: Workspace) -> pd.DataFrame:
    if not (workspace.raw / source.file).exists():
        raise MissingError(f"spec '{name}' has no {source.file} yet; add it: python -m pipelines data {name} PATH.")
    with raw_files.opened(workspace.raw, source.formats) as files:
        table = files.texts(source.file)
    if missing := [one for one in source.columns if one not in table.column_names]:
        meant = "; ".join(f"'{one}': {nearest(one, table.column_names)}" for one in missing)
        raise SchemaError(f"{source.file} has no column {missing}; correct the spec; {meant}.")
    labels = _plain(table[source.label.column]).str.strip()
    classes = {label: which for which, several in source.label.names.items() for label in several}
    times = None if source.known_at is None else _plain(table[source.known_at]).str.strip()
    keys = [f"row {place}" for place in range(1, len(labels) + 1)] if source.key is None else _plain(table[source.key])
    return _frame(key=keys, text=_plain(table[source.text]), label=labels, classes=labels.map(classes), times=times)


def _plain(column: pa.ChunkedArray) -> pd.Series:
    """The texts of a column, None where there is none."""
    return pd.Series(column.cast(pa.string()).to_pylist(), dtype=object)


def _frame(*, key: Any, text: pd.Series, label: pd.Series, classes: pd.Series, times: pd.Series | None) -> pd.DataFrame:
    said = pd.Series([None] * len(text), dtype=object) if times is None else times.replace("", None)
    known_at = pd.to_datetime(said.where(said.str.fullmatch(TIME) == True), format="ISO8601", errors="coerce")  # noqa: E712
    unread = said.where(said.notna() & known_at.isna(), None)
    columns = (key, text, label.replace("", None), classes, known_at.astype("datetime64[us]"), unread)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _of_surveys(spec: HasTexts, source: SurveyTexts, workspace: Workspace) -> pd.DataFrame:
    """The comments of another spec's surveys, each with the newest score that was known in time; of nobody erased."""
    other = surveys_of.read(spec.name, source, workspace)
    kind, options = source_of(other)
    raw = Workspace(workspace.root, source.spec).raw
    gone = erased.read(raw)
    with raw_files.opened(raw, kind.formats(options)) as files:
        found = log.track(kind.read(files, options), "ingest", unit="part")
        parts = [
            _known(gone.without(one.rows), spec) for one in found if isinstance(one, Part) and one.table == SURVEYS.name
        ]
    if not sum(map(len, parts)):
        raise DataError(
            f"spec '{spec.name}': the surveys of '{source.spec}' have no comments before {spec.known_before}."
        )
    rows = (
        pd.concat(parts).sort_values(["known_at", "survey_id"], kind="stable").drop_duplicates("survey_id", keep="last")
    )
    rows = rows[rows["comment"].notna()]
    bands = pd.cut(rows["score"], [-float("inf"), source.bad_to, source.good_from, float("inf")], labels=CLASSES)
    classes = bands.astype(object).where(rows["score"] != source.good_from, CLASSES[-1])
    return pd.DataFrame(
        {
            "key": rows["survey_id"],
            "text": rows["comment"],
            "label": rows["score"].map("{:g}".format, na_action="ignore"),
            "class": classes,
            "known_at": rows["known_at"],
            "unread_time": None,
        }
    ).reset_index(drop=True)


def _known(rows: pa.Table, spec: HasTexts) -> pd.DataFrame:
    """The versions of surveys that were known in time."""
    if "comment" not in rows.column_names:
        raise SchemaError(f"spec '{spec.name}': the surveys have no column 'comment'; map it in the spec of the data.")
    before = pc.less(rows["known_at"], pa.scalar(spec.known_before, rows["known_at"].type))
    columns = ["survey_id", "known_at", "score", "comment"]
    frame: pd.DataFrame = rows.filter(before).select(columns).to_pandas()
    return frame.astype({"comment": object, "known_at": "datetime64[us]"})
