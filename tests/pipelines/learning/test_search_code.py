"""A study is named after the code that its search runs, and after no plug-in that it does not use."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments import checks, families, learners, metrics
from features import definitions
from features.plugins import names
from pipelines.learning import code_files, search_code
from tests.experiments.risk_alone import TEXT as RISK_ALONE
from tests.strangers import plugged


def problem(*, family: str = "logistic", learner: str = "t_learner", metric: str = "log_loss") -> Any:
    """As much of a problem as is asked: the names of what it uses."""
    return SimpleNamespace(families={family: None}, learners={learner: None}, metric=SimpleNamespace(name=metric))


def test_what_the_search_runs_is_there_and_what_it_does_not_use_is_not() -> None:
    found = search_code.digests(problem())
    needed = {
        *("experiments.families.logistic", "experiments.learners.t_learner", "experiments.metrics.log_loss"),
        *("experiments.search.judging", "experiments.metrics.qini", "experiments.rows.split", "features.contract"),
        *("experiments.regression.encoding", "experiments.statistics.rounding", "pipelines.learning.training_data"),
    }
    assert needed <= found.keys()
    used = {
        "families": {"logistic", "prior"},
        "learners": {"t_learner"},
        "metrics": {"log_loss", "qini"},
        "checks": set(),
    }
    for package in (families, learners, metrics, checks):
        modules = {name for name in names(package) if f"{package.__name__}.{name}" in found}
        assert modules == used[package.__name__.rpartition(".")[2]], package.__name__
    assert not [name for name in found if name.startswith(("features.definitions.", "experiments.evaluation"))]


@pytest.mark.parametrize("package", [families, learners, metrics, checks, definitions], ids=lambda one: one.__name__)
def test_a_plug_in_that_a_spec_does_not_name_changes_no_study(package: Any, tmp_path: Path) -> None:
    before = search_code.digests(problem())
    with plugged(package, tmp_path, stranger=RISK_ALONE):
        assert "stranger" in names(package)
        assert search_code.digests(problem()) == before


def test_a_family_of_its_own_file_counts_with_what_it_imports(tmp_path: Path) -> None:
    with plugged(families, tmp_path, risk_alone=RISK_ALONE):
        found = search_code.digests(problem(family="risk_alone"))
        assert {"experiments.families.risk_alone", "experiments.families.logistic"} <= found.keys()
    with plugged(families, tmp_path, risk_alone=RISK_ALONE + "# A word.\n"):
        changed = search_code.digests(problem(family="risk_alone"))
    assert {name for name in found if found[name] != changed[name]} == {"experiments.families.risk_alone"}


@pytest.mark.parametrize(
    "line",
    [
        "import experiments.families.mine_too",
        "from experiments.families import mine_too",
        "from experiments.families.mine_too import VALUE",
        "from . import mine_too",
        "from .mine_too import VALUE",
        "def f():\n    from experiments.families import mine_too",
    ],
)
def test_every_way_to_import_counts(tmp_path: Path, line: str) -> None:
    with plugged(families, tmp_path, mine=f"{line}\n", mine_too="import experiments.leaks.check\n"):
        found = code_files.files(["experiments.families.mine"])
    assert {"experiments.families.mine_too", "experiments.leaks.check"} <= found.keys()


def test_all_that_python_loads_with_the_search_and_its_plug_ins_counts(root: Path) -> None:
    begins = ("experiments.search.tuning", "experiments.families.lightgbm", "experiments.learners.dr_learner")
    program = f"import json, sys, {', '.join(begins)}\nprint(json.dumps(list(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    loaded = {name for name in json.loads(ended.stdout) if name.split(".")[0] in ("features", "experiments")}
    assert len(loaded) > 30
    assert loaded <= code_files.files(begins).keys()
