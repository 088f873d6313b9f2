"""What is the same recipe: newer data leave it as it is, another reading of the data does not."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments import families, learners, metrics
from experiments.spec import ExperimentSpec
from pipelines.files import storage
from pipelines.models.provenance import git_commit, of_reader, recipe, spec_hash
from pipelines.models.scorers import kinds
from pipelines.workspace import Workspace
from tests.experiments.risk_alone import TEXT as RISK_ALONE
from tests.strangers import plugged


def changed(root: Path, name: str, *keys: str, to: Any) -> tuple[str, str]:
    """The recipe of a spec, and that of the same with one key of its source set."""
    plain = yaml.safe_load((root / "experiments/specs" / f"{name}.yaml").read_text()) | {"name": name}
    before, at = recipe(ExperimentSpec.model_validate(plain)), plain["source"]
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = to
    return before, recipe(ExperimentSpec.model_validate(plain))


@pytest.mark.parametrize(
    ("name", "keys", "to"),
    [
        ("demo", ("months",), 30),
        ("telco", ("file",), "telco_2026.csv"),
        ("online_retail", ("tables", "transactions", "files"), "more/*.parquet"),
        ("online_retail", ("extracted_at",), "2012-01-01"),
    ],
)
def test_newer_data_are_the_same_recipe(root: Path, name: str, keys: tuple[str, ...], to: Any) -> None:
    before, after = changed(root, name, *keys, to=to)
    assert before == after


@pytest.mark.parametrize(
    ("name", "keys", "to"),
    [
        ("online_retail", ("tables", "transactions", "columns", "amount"), "1.0"),
        ("online_retail", ("time_zone",), "Asia/Tokyo"),
        ("hillstrom", ("treatment", "control"), "Mens E-Mail"),
        ("telco", ("missing",), ["?"]),
    ],
)
def test_another_reading_of_the_data_is_another_recipe(root: Path, name: str, keys: tuple[str, ...], to: Any) -> None:
    before, after = changed(root, name, *keys, to=to)
    assert before != after


def test_on_how_many_dates_a_model_is_judged_does_not_make_it_another(root: Path) -> None:
    plain = yaml.safe_load((root / "experiments/specs/demo.yaml").read_text()) | {"name": "demo"}
    before = recipe(ExperimentSpec.model_validate(plain))
    for gate_dates in (5, None):
        plain["split"]["gate_dates"] = gate_dates
        assert recipe(ExperimentSpec.model_validate(plain)) == before
    plain["split"]["folds"] = 2
    assert recipe(ExperimentSpec.model_validate(plain)) != before


def test_a_plug_in_that_a_spec_does_not_name_changes_no_recipe(root: Path, tmp_path: Path) -> None:
    plain = yaml.safe_load((root / "experiments/specs/telco.yaml").read_text()) | {"name": "telco"}
    spec = ExperimentSpec.model_validate(plain)
    before = recipe(spec)
    for package in (families, learners, metrics, kinds):
        with plugged(package, tmp_path / package.__name__, stranger=RISK_ALONE):
            assert recipe(spec) == before


def pinning(root: Path, **texts: Any) -> ExperimentSpec:
    plain = yaml.safe_load((root / "experiments/specs/demo.yaml").read_text()) | {"name": "demo"}
    plain.pop("texts", None)
    return ExperimentSpec.model_validate({**plain, **({"texts": texts} if texts else {})})


def test_another_reader_of_texts_is_another_recipe_and_another_spec(root: Path) -> None:
    found = [pinning(root), *(pinning(root, model=model, version=version) for model in "ab" for version in (1, 2))]
    assert len({recipe(one) for one in found}) == len({spec_hash(one) for one in found}) == 5


def test_a_spec_without_a_reader_says_nothing_of_one(root: Path) -> None:
    """So its hash and its recipe are what they were before there were readers."""
    spec = pinning(root)
    assert "texts" not in spec.model_dump(mode="json")
    assert ExperimentSpec.model_validate({**spec.model_dump(), "texts": None}) == spec


def test_the_reader_of_the_tables_is_in_the_tags(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "demo")
    reader = {"model": "tone", "version": 3, "digest": "d" * 64, "known_before": "2025-01-01"}
    for about, tags in (({}, {}), ({"reader": reader}, {"reader": "tone 3", "reader_digest": "d" * 64})):
        storage.write_json(workspace.tables / "about.json", about)
        assert of_reader(workspace) == tags


def test_a_commit_has_changes_where_code_or_specs_differ_not_where_a_run_wrote(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    assert git_commit(tmp_path) == "none"
    git("init", "-q")
    names = ("dvc.lock", "params.yaml", "data/raw/shop.dvc", "features/data", "experiments/specs/shop.yaml")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    git("add", "-A")
    git("commit", "-qm", "made")
    for name in names[:3]:
        (tmp_path / name).write_text("after")
    commit = git_commit(tmp_path)
    assert len(commit) == 40
    for name in names[3:]:
        (tmp_path / name).write_text("after")
        assert git_commit(tmp_path) == f"{commit}+changes"
        git("checkout", "-q", "--", name)
    for name, marked in (("notes.txt", ""), ("features/tone.py", "+changes")):
        (tmp_path / name).write_text("nobody added it")
        assert git_commit(tmp_path) == commit + marked
