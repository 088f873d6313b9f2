"""Texts as a spec names them, against a slow reading of the same data."""

from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from experiments.texts.spec import SurveyTexts, TextsSpec
from features.errors import DataError, MissingError, UsageError
from features.source import Part
from features.sources import simulated
from features.sources.simulated import SimulatedOptions
from pipelines.files import storage
from pipelines.jobs import text_jobs
from pipelines.learning import labelled_texts, surveys_of
from pipelines.workspace import Workspace

WORLD = {"kind": "simulated", "seed": 5, "customers": 600, "months": 8, "start": "2024-01-01"}
LIMIT = datetime(2024, 6, 10, 12)


def workspace_of(folder: Path, **changes: Any) -> tuple[TextsSpec, Workspace]:
    """A workspace in which `tone` reads the surveys of `world`."""
    workspace = Workspace(folder, "tone")
    workspace.specs.mkdir(parents=True, exist_ok=True)
    (workspace.specs / "world.yaml").write_text(yaml.safe_dump({"source": WORLD}))
    (folder / "data/raw/world").mkdir(parents=True, exist_ok=True)
    plain = {
        "kind": "texts",
        "name": "tone",
        "title": "Tone",
        "source": {"kind": "surveys", "spec": "world", "bad_to": 5, "good_from": 8},
        "known_before": LIMIT,
        "split": {},
        "tuning": {},
        **changes,
    }
    return TextsSpec.model_validate(plain), workspace


def surveys() -> list[dict[str, Any]]:
    options = SimulatedOptions.model_validate(WORLD)
    parts = [one for one in simulated.read(None, options) if isinstance(one, Part) and one.table == "surveys"]  # type: ignore[arg-type]
    return [row for part in parts for row in part.rows.to_pylist()]


def test_a_survey_counts_with_the_newest_score_that_was_known_in_time(tmp_path: Path) -> None:
    spec, workspace = workspace_of(tmp_path)
    assert isinstance(spec.source, SurveyTexts)
    surveys_of.write(spec.source, workspace)
    found = labelled_texts.read(spec, workspace).rows
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(surveys(), key=lambda one: one["known_at"]):
        if row["known_at"] < LIMIT:
            newest[row["survey_id"]] = row
    wanted = {
        key: (row["comment"], "bad" if row["score"] <= 5 else "good" if row["score"] >= 8 else "indifferent")
        for key, row in newest.items()
        if row["comment"] is not None and row["score"] is not None
    }
    assert len(wanted) > 30
    assert dict(zip(found["key"], zip(found["text"], found["class"], strict=True), strict=True)) == wanted
    assert (found["known_at"] < pd.Timestamp(LIMIT)).all()
    later = {row["survey_id"] for row in surveys() if row["known_at"] >= LIMIT and row["comment"] is not None}
    assert later - set(found["key"])


def test_the_other_specs_data_are_looked_at_before(tmp_path: Path) -> None:
    spec, workspace = workspace_of(tmp_path)
    assert isinstance(spec.source, SurveyTexts)
    with pytest.raises(UsageError, match="were not looked at yet; `python -m pipelines run tone` looks at them"):
        labelled_texts.read(spec, workspace)
    surveys_of.write(spec.source, workspace)
    (tmp_path / "data/raw/world/new.csv").write_text("a\n1\n")
    with pytest.raises(UsageError, match="looked at; `python -m pipelines run tone` looks again"):
        labelled_texts.read(spec, workspace)


def test_ingest_writes_nothing_that_dvc_holds_for_its_input(tmp_path: Path) -> None:
    spec, workspace = workspace_of(tmp_path)

    def ingest() -> int:
        return text_jobs.written(Namespace(command="ingest"), spec, workspace, lambda _: 2)

    with pytest.raises(UsageError, match="not looked at yet"):
        ingest()
    assert not workspace.raw.exists()
    surveys_of.write(spec.source, workspace)  # type: ignore[arg-type]
    before = storage.digest(workspace.raw)
    assert ingest() == 0
    (tmp_path / "data/raw/world/new.csv").write_text("a\n1\n")
    with pytest.raises(UsageError, match="have changed"):
        ingest()
    assert storage.digest(workspace.raw) == before
    (workspace.specs / "world.yaml").unlink()
    with pytest.raises(MissingError, match="there is no churn spec 'world'"):
        surveys_of.write(spec.source, workspace)


def test_before_the_first_comment_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    spec, workspace = workspace_of(tmp_path, known_before="2023-01-01")
    surveys_of.write(spec.source, workspace)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="the surveys of 'world' have no comment"):
        labelled_texts.read(spec, workspace)


TABLE: dict[str, Any] = {
    "kind": "table",
    "file": "a.csv",
    "text": "t",
    "label": {"column": "l", "bad": "1", "good": "2"},
    "known_at": "w",
    "key": "k",
}


@pytest.mark.parametrize(
    ("written", "read", "unread"),
    [
        ("2024-01-31", "2024-01-31", None),
        (" 2024-01-31 14:05 ", "2024-01-31 14:05", None),
        ("2024-01-31T14:05:06.123456789", "2024-01-31 14:05:06.123456", None),
        ("31.01.2024", None, "31.01.2024"),
        ("2024-02-30", None, "2024-02-30"),
        ("2024-01-31T14:05:06Z", None, "2024-01-31T14:05:06Z"),
        ("20240131", None, "20240131"),
    ],
)
def test_times_are_read_with_the_year_first_and_without_a_zone(
    tmp_path: Path, written: str, read: str | None, unread: str | None
) -> None:
    spec, workspace = workspace_of(tmp_path, source=TABLE)
    workspace.raw.mkdir(parents=True)
    (workspace.raw / "a.csv").write_text(f"k,t,l,w\nx,good,2,{written}\n")
    (row,) = labelled_texts.read(spec, workspace).rows.itertuples(index=False)
    assert (None if pd.isna(row.known_at) else row.known_at) == (pd.Timestamp(read) if read else None)
    assert row.unread_time == unread
    assert row.key == "x"


def test_what_is_left_out_is_counted_by_its_reason(tmp_path: Path) -> None:
    spec, workspace = workspace_of(tmp_path, source=TABLE)
    workspace.raw.mkdir(parents=True)
    lines = ["k,t,l,w", "a,fine,2,2024-01-01", "b,,2,2024-01-01", "c,  ,2,2024-01-01", "d,x,,2024-01-01", "e,x,1,"]
    lines += ["f,x,1,2024-06-10 12:00", "g,x,1,2024-06-10 11:59", "h,x,7,2024-01-01"]
    (workspace.raw / "a.csv").write_text("\n".join(lines) + "\n")
    found = labelled_texts.read(spec, workspace)
    assert found.rows["key"].tolist() == ["a", "g", "h"]
    assert found.rows["class"].tolist()[:2] == ["good", "bad"]
    assert pd.isna(found.rows["class"][2])
    assert found.left_out == {"without a text": 2, "without a label": 1, "without a time": 1, "known too late": 1}
