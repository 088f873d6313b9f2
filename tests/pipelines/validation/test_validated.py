"""After a refused validation no stage begins, and what was found is said again."""

import json
from pathlib import Path

import pytest

from features.errors import DataError
from pipelines import cli
from pipelines.validation import validated
from pipelines.workspace import Workspace

BROKEN = {
    "table": "customers",
    "column": "age",
    "expectation": "must be at least 0",
    "unit": "row",
    "count": 3,
    "share": 0.01,
    "examples": [-1],
    "keys": ["customer_id=c3"],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path, "shop")
    found.validation.mkdir(parents=True)
    return found


def told(workspace: Workspace, *broken: dict[str, object]) -> None:
    (workspace.validation / "result.json").write_text(json.dumps({"passed": not broken, "broken": broken}))


@pytest.mark.parametrize("stage", list(cli.stages()))
def test_every_stage_after_a_refused_validation_names_what_was_found(workspace: Workspace, stage: str) -> None:
    told(workspace, BROKEN)
    if stage in ("ingest", "validate"):
        validated.check(workspace, stage)
        return
    with pytest.raises(DataError, match=r"customers.age: must be at least 0: 3 rows .* such as -1 .*c3") as refused:
        validated.check(workspace, stage)
    assert refused.value.exit_code == 5
    assert "python -m pipelines validate shop" in str(refused.value)


def test_where_the_tables_passed_or_were_never_validated_stages_begin(workspace: Workspace) -> None:
    validated.check(workspace, "build")
    told(workspace)
    validated.check(workspace, "build")
