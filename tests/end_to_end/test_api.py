"""The Python API, opened on a small world that was run: it says what the stages made, and writes nothing."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import nbformat
import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from features.contract import Contract
from features.errors import ContractError, MissingError, SpecError, UsageError
from pipelines.api import display, folders, holdfast, trials
from pipelines.api.projects import Project
from pipelines.files import storage
from pipelines.learning import training_data
from pipelines.models import portable
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.small_table import put_small_table

FRESH = """
import holdfast, sys
project = holdfast.open("demo")
print(project.champion.score(project.customers)["churn_probability"].sum().hex())
"""
NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.write(notebook, sys.argv[3])
"""


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", folders.VARIABLE):
        monkeypatch.setenv(name, "")  # set first: MLFLOW sets it, too, and this way it is gone with the test
        monkeypatch.delenv(name)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture(scope="module")
def project(tiny: Repository) -> Project:
    return holdfast.open("demo", project=tiny.root)


@pytest.fixture(scope="module")
def model(project: Project) -> holdfast.Model:
    return project.fit()


@pytest.fixture(scope="module")
def untouched(copy_of_repository: Callable[[], Repository]) -> Repository:
    """A copy in which nothing was run."""
    return copy_of_repository()


@pytest.fixture(scope="module")
def shop(copy_of_repository: Callable[[], Repository]) -> Project:
    """A small table without actions, up to the search."""
    repository = copy_of_repository()
    path = put_small_table(repository)
    repository.spec("shop", "shop", tuning={"families": ["logistic", "lightgbm"], "trials": 3})
    assert repository.act("data", "shop", path).returncode == 0
    ended = repository.go_through("ingest validate build tune", "shop")
    assert ended.returncode == 0, ended.stderr
    return holdfast.open("shop", project=repository.root)


def files(folder: Path) -> dict[str, str]:
    """The hash of every file, but for git's own and compiled Python."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not {".git", "__pycache__"} & set(path.relative_to(folder).parts)
    }


def of_tiny(root: Path) -> dict[str, str]:
    return {**environment(), "PYTHONPATH": f"{root}{os.pathsep}{root / 'pipelines' / 'api'}"}


def test_features_and_rows_are_what_was_trained_on(project: Project) -> None:
    opened = training_data.opened(project.spec, project.workspace)
    problem = opened.problem({"prior"})
    contract = Contract.from_dict(storage.read_json(project.workspace.matrix / "contract.json"))
    assert list(project.features) == contract.names == list(project.contract.index)
    assert np.array_equal(contract.encode(project.features), problem.X, equal_nan=True)
    assert np.array_equal(project.rows["churned"], problem.y)
    assert project.features.index.equals(project.rows.index)
    assert list(project.rows.index) == list(opened.split.training)
    assert not set(project.rows) & {*contract.names, "row", "place"}
    assert list(project.contract["meaning"]) == [column.meaning for column in contract.columns]


def test_splits_are_those_of_the_search_and_rows_hold_nothing_of_the_gate(project: Project) -> None:
    opened, table = training_data.opened(project.spec, project.workspace), project.splits
    assert len(table) == len(opened.rows)
    assert list(table.index[table["part"] == "training"]) == list(opened.split.training)
    assert list(table.index[table["part"] == "gate"]) == list(opened.split.gate)
    for number, fold in enumerate(opened.split.folds, start=1):
        assert list(table.index[table[f"fold_{number}"] == "fit"]) == list(fold.fit)
        assert list(table.index[table[f"fold_{number}"] == "judge"]) == list(fold.judge)
    assert not set(project.rows.index) & set(table.index[table["part"] == "gate"])
    assert not {"churned", "arm"} & set(table)


def test_the_best_candidate_fitted_again_is_the_challenger_to_the_bit(project: Project, model: holdfast.Model) -> None:
    stored = portable.scorer(project.workspace.model / "challenger")
    for rows in (project.features, project.customers):
        assert model.score(rows, reasons=2).equals(stored.score(rows, reasons=2))
    best = storage.read_json(project.workspace.tuning / "best.json")
    assert dict(model.candidate.learned) == best["learned"]
    assert {name: model.trial[name] for name in trials.FIGURES} == {name: best[name] for name in trials.FIGURES}


def test_every_candidate_fitted_again_has_the_figures_of_its_trial(project: Project) -> None:
    table = project.candidates
    assert table["best"].sum() == 1
    for _, row in table[table["state"] == "complete"].iterrows():
        again = project.fit(**row[["family", "learner", "params"]])
        assert again.trial[list(trials.FIGURES)].to_dict() == row[list(trials.FIGURES)].to_dict()


def test_the_search_without_actions_is_repeated_and_evaluated_alike(shop: Project) -> None:
    """Where no row weighs more than another, the mean over the folds is the search's own figure."""
    table = shop.candidates
    assert "uplift" not in table
    for _, row in table[table["state"] == "complete"].iterrows():
        again = shop.fit(**row[["family", "learner", "params"]])
        assert again.trial["score"] == row["score"]
        found = shop.evaluate(again)
        assert found.loc["log_loss", "value"] == pytest.approx(row["score"], rel=1e-7)  # kept with eight digits
        assert not [name for name in found.index if name.startswith(("qini", "policy"))]


def test_the_interval_of_a_mean_over_folds_is_about_that_of_independent_folds(shop: Project) -> None:
    """Folds of a table share no customer: the variance of the mean is the sum of theirs over the number squared."""
    model = shop.fit(family="logistic")
    opened, errors = model.learning, []
    for draft, fold in zip(model.drafts, model.problem.folds, strict=True):
        cohort = Cohort(opened.rows.iloc[opened.split.training[fold.judge]], shop.spec)
        metric = model.problem.metric
        errors.append(cohort.risk(metric, draft.risk(model.problem.X[fold.judge])).interval().standard_error)
    together = np.sqrt(np.sum(np.square(errors))) / len(errors)
    # 100 draws: a standard error is known to one part in sqrt(200), 7 %, and so is each of those compared with.
    assert shop.evaluate(model).loc["log_loss", "standard_error"] == pytest.approx(together, rel=0.3)


def test_evaluate_has_the_search_s_figures_of_actions_and_an_interval_for_each(
    project: Project, model: holdfast.Model
) -> None:
    found = project.evaluate(model)
    effects = [f"qini_{action}" for action in project.spec.actions]
    assert found.loc[effects, "value"].mean() == pytest.approx(model.trial["uplift"], rel=1e-7)
    assert found.loc["policy_value", "value"] == pytest.approx(model.trial["policy_value"], rel=1e-7)
    known = found.dropna(subset="value")
    assert len(known) > 15
    assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).all()
    assert (known["standard_error"] > 0).all()


def test_evaluate_does_not_look_at_the_gate_cohort(project: Project, model: holdfast.Model) -> None:
    opened = training_data.opened(project.spec, project.workspace)
    rows, X = opened.rows.copy(), opened.X.copy()
    places = rows.index[opened.split.gate]
    rows.loc[places, "churned"] = 1.0 - rows.loc[places, "churned"]
    X[opened.split.gate] = 0.0
    other = Project(project.spec, project.workspace)
    vars(other)["_learning"] = replace(opened, rows=rows, X=X)
    assert other.evaluate(other.fit()).equals(project.evaluate(model))


def test_what_the_champion_says_is_the_list(project: Project) -> None:
    champion, customers = project.champion, project.customers
    said = champion.score(customers).assign(customer_id=customers["customer_id"]).set_index("customer_id")
    ranked = pd.read_parquet(project.workspace.ranked_list / "ranked_list.parquet").set_index("customer_id")
    assert len(ranked) == len(said)
    shared = [name for name in said if name in ranked]
    assert "churn_probability" in shared
    assert said.loc[ranked.index, shared].equals(ranked[shared])
    assert champion.version == ranked["model_version"].iloc[0]
    decided = storage.read_json(project.workspace.decision)["figures"]["challenger"]
    assert champion.figures["value"].to_dict() == {name: one["value"] for name, one in decided.items()}
    with pytest.raises(ContractError, match="have no column"):
        champion.score(customers.drop(columns=project.contract.index[0]))


def test_the_report_has_the_figures_that_dvc_shows(project: Project) -> None:
    shown_by_dvc = storage.read_json(project.workspace.evaluation / "metrics.json")
    assert project.report.figures["value"].dropna().to_dict() == shown_by_dvc
    assert project.report.importance["share"].sum() == pytest.approx(1.0)
    assert project.report.importance["share"].is_monotonic_decreasing
    assert project.report.path.read_text().startswith("<!")


def test_a_project_is_found_from_below_by_the_variable_and_by_the_argument(
    tiny: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Workspace(tiny.root.resolve(), "demo")
    monkeypatch.chdir(tiny.root / "experiments" / "specs")
    assert holdfast.open("demo").workspace == expected
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError, match=f"no Holdfast project at {tmp_path} or above it.*HOLDFAST_PROJECT"):
        holdfast.open("demo")
    assert holdfast.open("demo", project=tiny.root).workspace == expected
    monkeypatch.setenv(folders.VARIABLE, str(tmp_path))
    with pytest.raises(MissingError, match=f"HOLDFAST_PROJECT: {tmp_path} is no Holdfast project"):
        holdfast.open("demo")
    assert holdfast.open("demo", project=str(tiny.root)).workspace == expected
    monkeypatch.setenv(folders.VARIABLE, os.path.relpath(tiny.root))
    assert holdfast.open("demo").workspace == expected
    with pytest.raises(MissingError, match=r"no spec 'nothing'.*'demo'"):
        holdfast.open("nothing")


def test_a_fresh_process_in_another_folder_says_the_same_and_leaves_nothing_there(
    tiny: Repository, project: Project, tmp_path: Path
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FRESH],
        cwd=tmp_path,
        env={**of_tiny(tiny.root), folders.VARIABLE: str(tiny.root)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert float.fromhex(said) == project.champion.score(project.customers)["churn_probability"].sum()
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_and_mlflow_points_where_it_did(
    tiny: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before, variables, pointed = files(tiny.root), dict(os.environ), mlflow.get_tracking_uri()
    project = holdfast.open("demo", project=tiny.root)
    model = project.fit(family="logistic")
    shown_all = (project.rows, project.features, project.contract, project.customers, project.splits)
    assert all(len(one) for one in (*shown_all, project.candidates, project.evaluate(model), project.report.figures))
    assert len(project.champion.score(model.learning.rows.head(0).reindex(columns=project.contract.index))) == 0
    assert "version" in repr(project.champion)
    assert files(tiny.root) == before
    assert dict(os.environ) == {**variables, "MLFLOW_DISABLE_TELEMETRY": os.environ["MLFLOW_DISABLE_TELEMETRY"]}
    assert mlflow.get_tracking_uri() == pointed
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("part", ["rows", "features", "contract", "customers", "splits", "candidates", "report"])
def test_what_a_stage_has_not_made_is_said_with_the_command(untouched: Repository, part: str) -> None:
    project = holdfast.open("demo", project=untouched.root)
    with pytest.raises(MissingError, match=r"^'demo' has no \S+ yet; run: python -m pipelines run demo$"):
        getattr(project, part)


def test_without_a_registry_there_is_no_champion_and_none_is_made(untouched: Repository) -> None:
    before = files(untouched.root)
    project = holdfast.open("demo", project=untouched.root)
    with pytest.raises(MissingError, match=r"^'demo' has no champion at sqlite:.*; run: python -m pipelines run demo$"):
        _ = project.champion
    with pytest.raises(MissingError, match="run: python -m pipelines run demo"):
        project.fit()
    assert "not yet" in repr(project)
    assert files(untouched.root) == before


def test_a_registry_without_a_decision_has_no_champion_and_stays_as_it_is(shop: Project) -> None:
    """`tune` has made MLflow's database, and nobody a ledger in it."""
    before = files(shop.workspace.root)
    with pytest.raises(MissingError, match="'shop' has no champion"):
        _ = shop.champion
    assert files(shop.workspace.root) == before


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"family": "forest"}, SpecError, "no family 'forest'"),
        ({"family": "lightgbm", "learner": "guess"}, SpecError, "no learner 'guess'"),
        ({"learner": "t_learner"}, UsageError, "name the family"),
        ({"params": {"C": 1.0}}, UsageError, "name the family"),
        ({"family": "logistic", "params": {"c": 1.0}}, UsageError, r"no \['c'\] under .*it has \['C'\]"),
        ({"family": "logistic", "params": {"C": "much"}}, UsageError, "cannot take"),
        ({"family": "lightgbm", "learner": "t_learner", "params": {"effect_hold": 1}}, UsageError, "effect_hold"),
    ],
)
def test_a_candidate_that_cannot_be_is_refused(
    project: Project, asked: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        project.fit(**asked)


def test_parameters_that_are_not_given_are_those_of_the_starting_point(project: Project) -> None:
    model = project.fit(family="lightgbm", learner="t_learner", params={"num_leaves": 40})
    assert model.params["num_leaves"] == 40  # beyond what the search tries
    assert model.params["min_data_in_leaf"] == 30


def test_a_model_of_another_project_is_not_evaluated(shop: Project, model: holdfast.Model) -> None:
    with pytest.raises(UsageError, match="fitted on other rows"):
        shop.evaluate(model)


def test_a_project_with_other_code_is_refused(untouched: Repository, tmp_path: Path) -> None:
    root = Path(shutil.copytree(untouched.root, tmp_path / "changed", ignore=shutil.ignore_patterns(".git")))
    assert holdfast.open("demo", project=root).workspace.root == root
    with (root / "features" / "definitions" / "tenure.py").open("a") as file:
        file.write("# changed\n")
    with pytest.raises(UsageError, match=f"has other code.*pip install -e {root}"):
        holdfast.open("demo", project=root)


def test_of_actions_that_were_not_randomised_no_effect_is_shown(tiny: Repository, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny.root, tmp_path / "observed", ignore=shutil.ignore_patterns(".git")))
    project = holdfast.open("demo", project=root)
    told = project.workspace.tuning / "randomisation.json"
    storage.write_json(told, {**storage.read_json(told), "verdict": "not randomised"})
    assert {"observational_uplift", "observational_policy_value"} <= set(project.candidates)
    figures = project.evaluate(project.fit(family="prior", learner="t_learner")).index
    assert "auc" in figures
    assert not [name for name in figures if name.startswith(("ate", "qini", "autoc", "policy"))]


def test_all_is_readable_in_a_notebook(project: Project, model: holdfast.Model) -> None:
    for one, word in ((project, "demo"), (model, model.learner), (project.report, "auc"), (project.champion, "AUC")):
        assert word in repr(one)
        assert word in one._repr_html_()
    assert "&lt;b&gt;" in display.html("<b>", {"<b>": "<b>"})
    assert "<b>" not in display.html("<b>", {"<b>": "<b>"})


def test_the_notebook_of_the_documentation_draws_a_picture_in_three_lines(
    root: Path, tiny: Repository, tmp_path: Path
) -> None:
    asked, answered = root / "docs" / "first_figure.ipynb", tmp_path / "answered.ipynb"
    notebook = nbformat.read(asked, 4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert len(code.split("\n")) - code.count("\n\n") == 3
    assert not any(cell.get("outputs") for cell in notebook.cells)
    words = [sys.executable, "-c", NOTEBOOK, str(asked), str(tiny.root / "docs"), str(answered)]
    ended = subprocess.run(
        words, env=of_tiny(tiny.root), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    outputs = [output for cell in nbformat.read(answered, 4).cells for output in cell.get("outputs", [])]
    assert [output.output_type for output in outputs] == ["display_data"]
    assert len(outputs[0]["data"]["image/png"]) > 5000
