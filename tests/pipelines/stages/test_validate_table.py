"""A table without dates is judged by the columns of its spec, and its volume by the version of the data before."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from experiments.spec import ExperimentSpec
from features.errors import DataError
from pipelines import spreadsheet, storage
from pipelines.stages import ingest, validate
from pipelines.workspace import Workspace
from tests.specs import REQUIRED

TABLE_SOURCE = {
    "kind": "table",
    "file": "trial.csv",
    "key": "id",
    "columns": {
        "age": {"type": "integer", "minimum": 18, "nullable": True},
        "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
    },
    "treatment": {"column": "group", "control": "none", "arms": {"call": "phoned"}},
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, "trial")


def spec(volume_change: float = 0.5) -> ExperimentSpec:
    plain: dict[str, Any] = {"name": "trial", "title": "Trial", "source": TABLE_SOURCE, "label": {"kind": "column"}}
    plain |= {"split": {"kind": "random"}, "validation": {"volume_change": volume_change}}
    return ExperimentSpec.model_validate({**REQUIRED, **plain})


def put(workspace: Workspace, *lines: str) -> None:
    workspace.raw.mkdir(parents=True, exist_ok=True)
    (workspace.raw / "trial.csv").write_text("\n".join(["id,age,left,group", *lines]))


def test_a_table_is_judged_by_the_columns_of_its_spec_and_one_fault_is_told_once(workspace: Workspace) -> None:
    put(workspace, "1,40,yes,none", "2,old,no,phoned", "3,17,perhaps,phoned", "4,,no,Xmas")
    ingest.run(spec(), workspace)
    with pytest.raises(DataError) as caught:
        validate.run(spec(), workspace)
    with (workspace.validation / "bad_rows.csv").open(newline="") as lines:
        bad = list(csv.DictReader(lines))
    assert [(row["key"], row["value"]) for row in bad] == [
        ("customer_id=2", "old"),
        ("customer_id=3", "17"),
        ("customer_id=3", "perhaps"),
        ("customer_id=4", "Xmas"),
    ]
    assert str(caught.value).splitlines()[1:] == [
        "  customers.age: cannot be read as integer: 1 row (25.00 %), such as 'old' (first: customer_id=2)",
        "  customers.age: must be at least 18: 1 row (25.00 %), such as 17 (first: customer_id=3)",
        "  customers.left: must be one of yes, no: 1 row (25.00 %), such as 'perhaps' (first: customer_id=3)",
        "  customers.arm: unknown arm, none of control, call: 1 row (25.00 %), such as 'Xmas' (first: customer_id=4)",
    ]


def test_a_table_is_compared_with_the_version_of_its_file_before(workspace: Workspace) -> None:
    put(workspace, *(f"{number},40,yes,none" for number in range(49)))
    versions = [{"files": {"trial.csv": {"rows": rows}}} for rows in (7, 100, 49)]
    storage.write_json(workspace.raw / "versions.json", versions)
    ingest.run(spec(), workspace)
    with pytest.raises(DataError) as caught:
        validate.run(spec(), workspace)
    usual = "must have 50 to 150 rows in this version: 100 are usual, and validation.volume_change is 0.5"
    assert str(caught.value).splitlines()[1:] == [f"  customers: {usual}: it has 49"]
    validate.run(spec(volume_change=0.51), workspace)


def drawn(**how: Any) -> ExperimentSpec:
    """The spec with a way in which the arm was drawn."""
    plain = spec().model_dump()
    plain["source"] = {**TABLE_SOURCE, "treatment": {**TABLE_SOURCE["treatment"], **how}}
    return ExperimentSpec.model_validate(plain)


def lines_of(workspace: Workspace, asked: ExperimentSpec, header: str, *lines: str) -> list[str]:
    """What validate says of a file, a line for each broken expectation."""
    workspace.raw.mkdir(parents=True, exist_ok=True)
    (workspace.raw / "trial.csv").write_text("\n".join([header, *lines]))
    ingest.run(asked, workspace)
    with pytest.raises(DataError) as caught:
        validate.run(asked, workspace)
    return str(caught.value).splitlines()[1:]


def test_a_logged_probability_outside_0_and_1_is_refused_with_its_rows(workspace: Workspace) -> None:
    rows = ("1,40,yes,none,0.5", "2,40,no,phoned,0", "3,40,yes,phoned,1.5", "4,40,no,none,", "5,40,no,none,half")
    assert lines_of(workspace, drawn(probability="p"), "id,age,left,group,p", *rows) == [
        "  customers.probability: cannot be read as number: 1 row (20.00 %), such as 'half' (first: customer_id=5)",
        "  customers.probability: must not be missing: 1 row (20.00 %), such as customer_id=4",
        (
            "  customers.probability: must be above 0 and at most 1: 2 rows (40.00 %), such as 0.0, 1.5"
            " (first: customer_id=2)"
        ),
    ]


def test_a_stratum_without_shares_is_refused_with_its_rows(workspace: Workspace) -> None:
    strata = {"column": "band", "shares": {"high": {"control": 0.5, "call": 0.5}, "low": {"control": 1.0}}}
    rows = ("1,40,yes,none,high", "2,40,no,phoned,middle", "3,40,no,phoned,low")
    found = lines_of(workspace, drawn(strata=strata), "id,age,left,group,band", *rows)
    said = "  customers.stratum: unknown stratum, none of high, low: 1 row (33.33 %), such as 'middle'"
    assert found[0] == f"{said} (first: customer_id=2)"
    assert found[1].startswith("  customers.probability: must not be missing: 2 rows (66.67 %)")


def test_a_bad_row_that_is_opened_in_a_spreadsheet_runs_nothing(workspace: Workspace) -> None:
    put(workspace, "1,=1+1,yes,none", "2,-3,no,none", "=4,40,@SUM(A1),none")
    ingest.run(spec(), workspace)
    with pytest.raises(DataError, match=re.escape("such as '@SUM(A1)'")):
        validate.run(spec(), workspace)
    with (workspace.validation / "bad_rows.csv").open(newline="") as lines:
        assert [row["value"] for row in csv.DictReader(lines)] == ["'=1+1", "-3", "'@SUM(A1)"]
    assert list(spreadsheet.read(workspace.validation / "bad_rows.csv")["value"]) == ["=1+1", "-3", "@SUM(A1)"]
