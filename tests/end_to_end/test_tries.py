"""`try`: side by side, kept as DVC experiments, and nothing of the checkout lost, whatever happens."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient

from pipelines.jobs import stage_graph
from tests.end_to_end.repository import TINY, Repository, environment
from tests.end_to_end.small_table import put_small_table


def git(repository: Repository, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=repository.root, check=True, capture_output=True, text=True, env=environment()
    ).stdout


def files(root: Path) -> dict[str, bytes]:
    """Every file of the checkout but for what a try may write."""
    apart = (".git/", "state/", ".dvc/", "mlflow.db", "mlartifacts/")
    found = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if not name.startswith(apart) and "__pycache__" not in name
    }


@pytest.fixture(scope="module")
def shop(copy_of_repository: Callable[[], Repository]) -> Repository:
    """A copy with a spec that git does not know yet, and its data."""
    repository = copy_of_repository()
    assert repository.run("data", "shop", put_small_table(repository)).returncode == 0
    assert "?? experiments/specs/shop.yaml" in git(repository, "status", "--porcelain")
    return repository


@pytest.fixture(scope="module")
def tried(shop: Repository) -> dict[str, Any]:
    """What two tries side by side answer, one of which changes nothing but its seed."""
    before = files(shop.root)
    ended = shop.run("try", "shop", "tuning.trials=1", "tuning.trials=2", "tuning.seed=3", "--at-once", "2", "--json")
    assert ended.returncode == 0, ended.stderr
    assert files(shop.root) == before, "nothing of the checkout is touched, the untracked spec least of all"
    assert "[trials=1, seed=3] evaluate shop:" in ended.stderr
    return json.loads(ended.stdout)


def test_every_combination_is_a_try_with_intervals_beside_the_workspace(tried: dict[str, Any]) -> None:
    assert [one["changes"] for one in tried["tries"]] == [
        ["tuning.trials=1", "tuning.seed=3"],
        ["tuning.trials=2", "tuning.seed=3"],
    ]
    assert tried["workspace"] == {"state": "not evaluated", "figures": {}}
    for one in tried["tries"]:
        assert set(one["figures"]) == {"AUC", "Brier score"}
        auc = one["figures"]["AUC"]
        assert auc["low"] < auc["value"] < auc["high"]


def test_tries_are_experiments_that_dvc_lists_with_their_figures_and_values(
    shop: Repository, tried: dict[str, Any]
) -> None:
    shown = json.loads(shop.run("exp", "show", "--json", "--no-pager", module="dvc").stdout)
    found = {one["name"]: one for base in shown for exp in base["experiments"] or [] for one in exp["revs"]}
    assert set(found) == {one["name"] for one in tried["tries"]}
    for one, trials in zip(tried["tries"], (1, 2), strict=True):
        data = found[one["name"]]["data"]
        metrics = data["metrics"]["artifacts/shop/evaluation/metrics.json"]["data"]
        assert metrics["auc"] == pytest.approx(one["figures"]["AUC"]["value"])
        assert data["params"]["experiments/specs/shop.yaml"]["data"]["tuning"]["trials"] == trials


def test_the_columns_that_the_docs_keep_of_dvc_are_few(shop: Repository, root: Path, tried: dict[str, Any]) -> None:
    line = next(
        one for one in (root / "docs/experiments.md").read_text().splitlines() if one.startswith("dvc exp show")
    )
    words = [word.strip("'") for word in line.split("#")[0].split()[1:]]
    ended = shop.run(*words, "--csv", module="dvc")
    header = ended.stdout.splitlines()[0].split(",")
    assert {"auc", "tuning.trials"} <= {name.rsplit(":", 1)[-1] for name in header}
    assert not [name for name in header if "/" in name and ":" not in name], "no file of code or data is a column"
    assert tried["tries"][0]["name"] in ended.stdout


def test_the_studies_of_tries_are_in_the_mlflow_of_the_checkout(shop: Repository, tried: dict[str, Any]) -> None:
    uri = f"sqlite:///{shop.root}/mlflow.db"
    client = MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("shop")
    assert experiment.artifact_location == (shop.root / "mlartifacts" / "shop").as_uri()
    runs = client.search_runs([experiment.experiment_id], "tags.`mlflow.runName` LIKE 'study %'")
    assert len(runs) == len(tried["tries"])
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        nested = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
        assert client.search_runs([experiment.experiment_id], nested), "the best trial at least"


def test_what_was_tried_is_shown_again_until_dvc_forgets_it(shop: Repository, tried: dict[str, Any]) -> None:
    shown = json.loads(shop.act("try", "shop", "--show", "--json").stdout)
    assert shown["tries"] == tried["tries"]
    gone = tried["tries"][0]["name"]
    assert shop.run("exp", "remove", gone, module="dvc").returncode == 0
    said = shop.act("try", "shop", "--show").stdout
    assert gone not in said
    assert f"dvc exp apply {tried['tries'][1]['name']}" in said


def test_no_work_tree_is_left(shop: Repository, tried: dict[str, Any]) -> None:
    assert tried["tries"]
    assert len(git(shop, "worktree", "list").splitlines()) == 1
    assert not list((shop.root / "state" / "tries").iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tuning.trial=4"], "there is no key 'tuning.trial' in a spec; did you mean 'tuning.trials'"),
        (["trials=4"], "did you mean 'tuning.trials'?"),
        (["source.columns.a.typ=number"], "did you mean 'source.columns.a.type'"),
        (["tuning.trials=0"], "tuning.trials takes a whole number, at least 1, at most 100,000."),
        (["tuning.trials=many"], "tuning.trials takes a whole number"),
        (["split.kind=tim"], "split.kind takes one of time, random."),
        (["tuning.families=[lightgmb]"], "there are ['lightgbm', 'logistic', 'prior']"),
        (["tuning.trials=3", "tuning.trials=3"], "tuning.trials=3 occurs twice"),
        (["tuning.trials"], "'tuning.trials' is no change; write KEY=VALUE"),
        (["tuning.families=[a"], "is no YAML"),
        (["title.x=1"], "there is no key 'title.x'"),
        (["tuning.trials=2", "--show"], "--show runs nothing"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(shop: Repository, words: list[str], said: str) -> None:
    before, spec = files(shop.root), (shop.root / "experiments/specs/shop.yaml").read_bytes()
    ended = shop.act("try", "shop", *words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert files(shop.root) == before
    assert (shop.root / "experiments/specs/shop.yaml").read_bytes() == spec


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_try_loses_nothing_and_leaves_no_process(shop: Repository, number: signal.Signals) -> None:
    changed = shop.root / "experiments/specs/telco.yaml"
    changed.write_text(f"{changed.read_text()}# a change that is not committed\n")
    before = files(shop.root)
    words = [sys.executable, "-m", "pipelines", "try", "shop", "tuning.seed=7", "--at-once", "1"]
    with subprocess.Popen(
        words, cwd=shop.root, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as running:
        assert next(line for line in running.stderr if "evaluate shop" in line or "build shop" in line)
        running.send_signal(number)
        running.wait(60)
    until = time.monotonic() + 20
    while (left := at_work(shop.root)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left
    assert running.returncode == (2 if number == signal.SIGTERM else -number)
    assert files(shop.root) == before
    assert shop.act("try", "shop", "--show").returncode == 0
    trees = git(shop, "worktree", "list").splitlines()
    assert len(trees) == (1 if number == signal.SIGTERM else 2)


def at_work(root: Path) -> list[str]:
    """The processes whose folder lies in a checkout."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if where.startswith(str(root)):
            found.append(process.name)
    return found


def test_what_a_killed_try_left_goes_with_the_next_and_one_that_fails_says_why_and_loses_nothing(
    shop: Repository,
) -> None:
    before = files(shop.root)
    ended = shop.run("try", "shop", "tuning.trials=0")
    assert ended.returncode == 2  # nothing is done for a wrong value
    ended = shop.run("try", "shop", "split.gate_share=0.01", "--at-once", "1")
    assert ended.returncode == 5, ended.stderr
    assert "failed: split.gate_share=0.01: run: " in ended.stdout
    assert files(shop.root) == before
    assert len(git(shop, "worktree", "list").splitlines()) == 1
    assert not list((shop.root / "state" / "tries").iterdir())


def test_a_new_simulated_spec_goes_through_dvcs_own_work_tree(copy_of_repository: Callable[[], Repository]) -> None:
    repository = copy_of_repository()
    world = {**TINY, "source": {**TINY["source"], "customers": 200, "months": 3}}
    repository.spec("fresh", "demo", **world)
    stage_graph.put("fresh", repository.root)
    assert "fresh" in yaml.safe_load((repository.root / "params.yaml").read_text())["specs"]
    git(repository, "add", "experiments/specs/fresh.yaml", "data/raw/fresh", "data/readers/fresh", "params.yaml")
    git(repository, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "fresh")
    git(repository, "config", "user.name", "t")
    git(repository, "config", "user.email", "t@t")
    ended = repository.run("exp", "run", "--temp", "ingest@fresh", module="dvc")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (repository.root / "experiments/specs/fresh.yaml").exists()
