"""Plug-ins of strangers, files and nothing else, from the raw table to the decision."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

from experiments import families, metrics
from experiments.metric import Metric
from features.plugins import discover
from pipelines.champion import ledger
from pipelines.models.scorers import kinds
from tests.end_to_end.repository import Repository
from tests.end_to_end.test_bad_input import add
from tests.experiments.risk_alone import TEXT
from tests.specs import REQUIRED
from tests.stranger_xgboost.installed import FAMILY_TEXT, KIND_TEXT
from tests.strangers import plugged

SPEC: dict[str, Any] = {
    **REQUIRED,
    "title": "A small trial",
    "source": {
        "kind": "table",
        "file": "small.csv",
        "key": "id",
        "columns": {
            **{name: {"type": "number"} for name in ("a", "b")},
            "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
        },
        "treatment": {"column": "arm", "control": "none", "arms": {"mail": "mail"}},
    },
    "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no"},
    "treatment": {"arms": {"mail": {"cost": 1.0}}},
    "value": {"constant": 100.0},
    "split": {"kind": "random", "gate_share": 0.4, "folds": 2},
    "evaluation": {"draws": 100},
}


# A metric of each kind, as strangers would write them.
METRICS = {
    "hit_rate": ("probability", "truth, probability", "((probability > 0.5) == (truth == 1)).astype(float)"),
    "mean_rank": ("rank", "truth, score", "(score.argsort().argsort() * truth) / len(truth)"),
    "helped": ("uplift", "gamma, uplift", "gamma * (uplift > 0)"),
    "winners": ("policy", "net_value", "(net_value > 0).astype(float)"),
}
A_METRIC = """
from experiments.metric import Metric, weighted_mean

def function(*, {inputs}, weights):
    return weighted_mean({row}, weights)

METRIC = Metric("{name}", "what {name} is", "higher", "share", "{kind}", function)
"""


def trial() -> str:
    """3,000 customers; mail helps those of a high `b`."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"id": range(3000), "a": rng.normal(size=3000), "b": rng.normal(size=3000)}).round(3)
    mailed = rng.random(3000) < 0.5
    risk = 1 / (1 + np.exp(1.0 - rows["a"])) - 0.2 * (mailed & (rows["b"] > 0))
    rows["left"] = np.where(rng.random(3000) < risk, "yes", "no")
    rows["arm"] = np.where(mailed, "mail", "none")
    return rows.to_csv(index=False)


def put(repository: Repository, **tuning: Any) -> None:
    plain = {**SPEC, "tuning": {"trials": 4, **tuning}}
    (repository.root / "experiments/specs/small.yaml").write_text(yaml.safe_dump(plain, sort_keys=False))


def test_a_family_for_risk_alone_is_searched_under_the_learners_that_can_use_it(
    copy_of_repository: Callable[[], Repository], tmp_path: Path
) -> None:
    repository = copy_of_repository()
    with plugged(families, tmp_path / "families", risk_alone=TEXT):
        put(repository, families=["risk_alone"], learners=["dr_learner", "s_learner"])
        refused = add(repository, trial())
        assert refused.returncode == 2
        assert "tuning.families: 'risk_alone' is a family for risk alone" in refused.stderr
        assert "(dr_learner needs regress; s_learner needs prepare_jointly and fit_jointly)" in refused.stderr
        assert "Write t_learner or risk_ranking" in refused.stderr
        put(repository, families=["risk_alone"])
        assert add(repository, trial()).returncode == 0
        ended = repository.go_through("ingest validate build tune train evaluate register promote", "small")
    assert ended.returncode in (0, 3, 4), ended.stderr
    artifacts = repository.root / "artifacts/small"
    best = json.loads((artifacts / "tuning/best.json").read_text())
    assert best["family"] == "risk_alone"
    assert best["learner"] in ("t_learner", "risk_ranking")
    report = json.loads((artifacts / "evaluation/report.json").read_text())
    assert report["risk"]["auc"]["value"] > 0.6
    assert report["uplift"]["actions"]["mail"]["figures"]["qini"]["value"] is not None
    assert json.loads((artifacts / "decision.json").read_text())["verdict"]


def test_among_other_families_each_is_tried_under_the_learners_that_can_use_it(
    copy_of_repository: Callable[[], Repository], tmp_path: Path
) -> None:
    repository = copy_of_repository()
    with plugged(families, tmp_path / "families", risk_alone=TEXT):
        put(repository, families=["risk_alone", "logistic"], learners=["dr_learner", "t_learner"], trials=12)
        assert add(repository, trial()).returncode == 0
        ended = repository.go_through("ingest validate build tune train", "small")
    assert ended.returncode == 0, ended.stderr
    table = (repository.root / "artifacts/small/tuning/trials.csv").read_text()
    tried = pd.read_csv(repository.root / "artifacts/small/tuning/trials.csv")
    assert set(tried["family"]) == {"risk_alone", "logistic"}, table
    alone, others = (tried[tried["family"] == name] for name in ("risk_alone", "logistic"))
    assert set(alone["learner of risk_alone"]) == {"t_learner"}
    assert set(others["learner"]) == {"dr_learner", "t_learner"}


def test_a_metric_of_any_kind_reaches_report_metrics_and_mlflow_by_being_there(
    copy_of_repository: Callable[[], Repository], tmp_path: Path
) -> None:
    repository = copy_of_repository()
    texts = {
        name: A_METRIC.format(name=name, kind=kind, inputs=inputs, row=row)
        for name, (kind, inputs, row) in METRICS.items()
    }
    put(repository, families=["logistic"], learners=["t_learner"], trials=1)
    assert add(repository, trial()).returncode == 0
    artifacts = repository.root / "artifacts/small"
    shown, reports = {}, {}
    for with_strangers in (False, True):
        with plugged(metrics, tmp_path / "metrics", **(texts if with_strangers else {})):
            ended = repository.go_through("ingest validate build tune train evaluate", "small")
            assert ended.returncode == 0, ended.stderr
            if with_strangers:
                assert repository.act("register", "small").returncode == 0
        shown[with_strangers] = json.loads((artifacts / "evaluation/metrics.json").read_text())
        reports[with_strangers] = json.loads((artifacts / "evaluation/report.json").read_text())
    assert shown[True].keys() - shown[False].keys() == {"hit_rate", "mean_rank", "helped_mail", "winners"}
    assert {name: shown[True][name] for name in shown[False]} == shown[False]
    assert set(discover(metrics, Metric)) <= {name.removesuffix("_mail") for name in shown[False]}
    assert reports[True]["risk"]["auc"] == reports[False]["risk"]["auc"]
    assert "figures" not in reports[False]["policy"]
    page = (artifacts / "evaluation/report.html").read_text().lower()
    assert [name for name in METRICS if f"what {name} is" not in page] == []
    client = MlflowClient(f"sqlite:///{repository.root}/mlflow.db", f"sqlite:///{repository.root}/mlflow.db")
    run = client.get_model_version("small", "1").run_id
    assert client.get_run(run).data.metrics == pytest.approx(shown[True])


def test_a_family_with_a_kind_of_its_own_goes_from_the_table_to_a_model_that_loads_alone(
    copy_of_repository: Callable[[], Repository], tmp_path: Path
) -> None:
    pytest.importorskip("xgboost")
    repository = copy_of_repository()
    put(repository, families=["xgboost"], learners=["t_learner", "dr_learner"])
    strangers = plugged(families, tmp_path / "families", xgboost=FAMILY_TEXT)
    with strangers, plugged(kinds, tmp_path / "kinds", xgboost=KIND_TEXT):
        assert add(repository, trial()).returncode == 0
        ended = repository.go_through("ingest validate build tune train evaluate register promote", "small")
    assert ended.returncode in (0, 3, 4), ended.stderr
    artifacts = repository.root / "artifacts/small"
    model = json.loads((artifacts / "model/challenger/model.json").read_text())
    assert {one["kind"] for one in model["models"].values()} == {"xgboost"}
    assert "LightGBM" not in (artifacts / "model/challenger/scorer.py").read_text()
    report = json.loads((artifacts / "evaluation/report.json").read_text())
    assert report["risk"]["auc"]["value"] > 0.6
    assert json.loads((artifacts / "decision.json").read_text())["verdict"]


@pytest.mark.slow
def test_a_new_family_with_a_kind_of_its_own_changes_no_champion(shop_with_champion: Repository) -> None:
    """A file in the folder of families starts the stages that may take any of them anew; they end as they did."""
    repository = shop_with_champion
    before = standing(repository)
    (repository.root / "experiments/families/xgboost.py").write_text(FAMILY_TEXT)
    (repository.root / "pipelines/models/scorers/kinds/xgboost.py").write_text(KIND_TEXT)
    second = repository.run("run", "shop")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "NO_CHANGE" in second.stdout
    assert [stage for stage in ("tune", "train", "evaluate") if f"{stage} shop:" not in second.stderr] == []
    assert standing(repository) == before
    assert json.loads((repository.root / "artifacts/shop/decision.json").read_text())["verdict"] == "NO_CHANGE"


def standing(repository: Repository) -> dict[str, Any]:
    """What a new file must leave as it is: model, versions, ledger and looks, study and its runs, the recipe."""
    address = f"sqlite:///{repository.root}/mlflow.db"
    client = MlflowClient(address, address)
    versions = client.search_model_versions("name = 'shop'")
    experiment = client.get_experiment_by_name("shop")
    assert experiment is not None
    model = repository.root / "artifacts/shop/model/challenger"
    return {
        "model": {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()},
        "versions": [(one.version, one.tags["recipe"], one.tags["study"]) for one in versions],
        "champion": client.get_model_version_by_alias("shop", "champion").version,
        "ledger": ledger.opened(repository.root).entries("shop"),
        "best": (repository.root / "artifacts/shop/tuning/best.json").read_bytes(),
        "runs": sorted(run.info.run_name or "" for run in client.search_runs([experiment.experiment_id])),
    }
