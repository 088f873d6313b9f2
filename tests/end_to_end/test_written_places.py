"""What a command writes lies where its help says, and all that its help names is there then."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipelines.cli import pages
from pipelines.messages.stage_names import stages
from tests.end_to_end.repository import Repository
from tests.end_to_end.small_table import put_small_table

# The lock of the checkout, and what Python and DVC keep beside their work.
NOBODYS = re.compile(r"state/run\.lock|state/dvc\.log|.*__pycache__.*|\.git/.*|\.dvc/.*|.*\.lock")
PATH = re.compile(r"(?:data|artifacts|state|mlartifacts|mlflow\.db)[\w/.]*")


def files(root: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in root.rglob("*") if path.is_file())
    names = {str(path.relative_to(root)): path.stat() for path in found}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in names.items() if not NOBODYS.fullmatch(name)}


def places(command: str) -> list[str]:
    """The paths that the help names; those that follow a path without a folder lie beside it."""
    found: list[str] = []
    for line in pages()[command].writes:
        words = re.findall(r"[\w/]+\.\w+|[\w/]+/\w+", line.replace("SPEC", "shop"))
        found += [word for word in words if PATH.fullmatch(word)]
        beside = [one.rsplit("/", 1)[0] for one in found if "/" in one and "." in one.rsplit("/", 1)[1]]
        found += [f"{beside[-1]}/{word}" for word in words if "/" not in word and beside]
    return found


@pytest.fixture(scope="module")
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    return copy_of_repository()


@pytest.fixture(scope="module")
def written(repository: Repository) -> dict[str, set[str]]:
    """The files that each stage has written or changed, and those that `data` has."""
    path, found = put_small_table(repository), {}
    for words in (("data", "shop", path), *((stage, "shop") for stage in stages())):
        before = files(repository.root)
        ended = repository.run(*words) if words[0] == "data" else repository.act(*words)
        assert ended.returncode in (0, 3, 4), f"{words}: {ended.stderr}"
        found[words[0]] = {name for name, seen in files(repository.root).items() if before.get(name) != seen}
    return found


@pytest.mark.parametrize("command", ["data", *stages()])
def test_all_that_is_written_lies_where_the_help_says(written: dict[str, set[str]], command: str) -> None:
    named = [*places(command), *(["params.yaml"] if command == "data" else [])]
    # MLflow's database writes beside itself; `data` has git ignore what it adds.
    named += ["mlflow.db-wal", "mlflow.db-shm", "data/raw/.gitignore", "data/readers/.gitignore"]
    astray = [
        one for one in written[command] if not any(one == place or one.startswith(f"{place}/") for place in named)
    ]
    assert written[command]
    assert not astray


@pytest.mark.parametrize("command", ["data", *stages()])
def test_what_the_help_names_is_written(written: dict[str, set[str]], command: str) -> None:
    first = places(command)[0]
    assert any(one == first or one.startswith(f"{first}/") for one in written[command])


def test_a_version_says_what_it_is_and_leads_to_report_commit_and_decision(
    repository: Repository, written: dict[str, set[str]]
) -> None:
    assert written["promote"]
    uri = f"sqlite:///{repository.root}/mlflow.db"
    client = MlflowClient(uri, uri)
    model, version = client.get_registered_model("shop"), client.get_model_version("shop", "1")
    decision = json.loads((repository.root / "artifacts/shop/decision.json").read_text())
    assert "python -m pipelines history shop" in model.description
    assert version.description.startswith("logistic: AUC 0.")
    assert f"commit: {version.tags['git_commit']}" in version.description
    assert f"- decision: {decision['verdict']}, {decision['decided_at']}" in version.description
    assert "not decided yet" not in version.description
    for name in ("report", "decision"):
        assert version.tags[name] == f"runs:/{version.run_id}/{name}.html"
        assert f"(#/runs/{version.run_id}/artifacts/{name}.html)" in version.description
    assert {"report.html", "decision.html"} <= {one.path for one in client.list_artifacts(version.run_id)}


def test_a_version_says_which_rows_it_learnt_from_and_which_judged_it(
    repository: Repository, written: dict[str, set[str]]
) -> None:
    assert written["register"]
    uri = f"sqlite:///{repository.root}/mlflow.db"
    client = MlflowClient(uri, uri)
    run = client.get_run(client.get_model_version("shop", "1").run_id)
    used = {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs}
    report = json.loads((repository.root / "artifacts/shop/evaluation/report.json").read_text())
    assert used["evaluation"].digest == report["cohort"]["hash"]
    assert json.loads(used["evaluation"].profile) == {"num_rows": report["cohort"]["rows"]}
    assert json.loads(used["training"].source) == {"uri": "data/matrix/shop"}
    studies = client.search_runs([run.info.experiment_id], "tags.`mlflow.runName` LIKE 'study %'")
    assert studies[0].inputs.dataset_inputs[0].dataset.digest == used["training"].digest


def test_a_decision_that_is_said_again_changes_no_description(
    repository: Repository, written: dict[str, set[str]]
) -> None:
    assert written["promote"]
    uri = f"sqlite:///{repository.root}/mlflow.db"
    before = MlflowClient(uri, uri).get_model_version("shop", "1").description
    assert repository.act("promote", "shop").returncode in (0, 3, 4)
    assert MlflowClient(uri, uri).get_model_version("shop", "1").description == before
