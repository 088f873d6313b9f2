"""A registry of small models and checkouts that want to promote them: what a gate needs, without a search."""

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from experiments.evaluation.cohort import Cohort
from experiments.search import candidate
from experiments.search.learning_problem import Candidate
from experiments.spec import ExperimentSpec
from features.contract import Contract
from features.feature import FeatureColumn
from pipelines.champion import identity, model_versions
from pipelines.files import storage
from pipelines.learning.training_data import Learning
from pipelines.matrix import matrices
from pipelines.models import integrity, portable, provenance
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace
from tests.specs import REQUIRED

SPEC: dict[str, Any] = {
    **REQUIRED,
    "title": "Shop",
    "source": {
        "kind": "table",
        "file": "shop.csv",
        "columns": {
            **{name: {"type": "number", "meaning": name} for name in ("a", "b", "noise")},
            "left": {"type": "category", "values": ["yes", "no"], "role": "label", "meaning": "Left"},
        },
    },
    "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no"},
    "split": {"kind": "random", "gate_share": 0.7, "folds": 2},
    "tuning": {"families": ["logistic"]},
    "evaluation": {"draws": 100, "slices": {"band": {"column": "noise", "edges": [0.0]}}},
    "gate": {"calibration_limit": 0.2, "miscalibration_margin": 0.1, "slice_margin": 0.2},
}
# What each version knows: 1 little, 2 more, 3 all, 4 nothing. Only version 2 is made by the spec's own recipe.
KNOWS = {"1": ["noise", "b"], "2": ["a"], "3": ["a", "b"], "4": ["noise"]}
CONTRACT = Contract(tuple(FeatureColumn(name, name) for name in ("a", "b", "noise")))


@dataclass(frozen=True)
class Shop:
    """Registered versions 1 to 4 of `shop`, none of them champion, and what evaluating each left behind."""

    folder: Path
    uri: str

    def checkout(self, root: Path, version: str, **gate: Any) -> Path:
        """A checkout in which this version is the challenger; gate changes keys of the spec's gate."""
        (root / "experiments" / "specs").mkdir(parents=True, exist_ok=True)
        plain = {**SPEC, "gate": {**SPEC["gate"], **gate}}
        (root / "experiments" / "specs" / "shop.yaml").write_text(yaml.safe_dump(plain))
        decision = Workspace(root, "shop").decision
        kept = decision.read_bytes() if decision.exists() else None
        shutil.copytree(self.folder / version, Workspace(root, "shop").artifacts, dirs_exist_ok=True)
        matrix = Workspace(root, "shop").matrix
        storage.write_json(matrix / "counts.json", {matrices.SCORE: 0})
        storage.write_json(matrix / "contract.json", CONTRACT.to_dict())
        today = pa.Table.from_pandas(rows().head(700)[CONTRACT.names], preserve_index=False)
        storage.write_parquet(matrix / matrices.SCORE / "all.parquet", today)
        if kept:
            decision.write_bytes(kept)
        return root


def spec() -> ExperimentSpec:
    return ExperimentSpec.model_validate({"name": "shop", **SPEC})


def open_shop(folder: Path, uri: str) -> Shop:
    """Fit, evaluate and register every version; MLFLOW_TRACKING_URI is uri already."""
    client = mlflow_runs.client(folder)
    mlflow_runs.use(folder)
    client.create_experiment("shop", artifact_location=(folder / "mlartifacts").as_uri())
    opened = Learning(spec(), rows(), CONTRACT.encode(rows()), CONTRACT, listed=0)
    for version, names in KNOWS.items():
        assert _register(client, Workspace(folder / "made", version), opened, names) == version
        shutil.move(folder / "made" / "artifacts" / version, folder / version)
    return Shop(folder, uri)


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 4000
    found = pd.DataFrame({name: rng.normal(size=n) for name in ("a", "b", "noise")})
    risk = 1 / (1 + np.exp(1.2 - 1.1 * found["a"] - 0.8 * found["b"]))
    return found.assign(
        customer_id=[f"c{number}" for number in range(n)],
        as_of=pd.Series(pd.NaT, index=range(n), dtype="datetime64[us]"),
        churned=(rng.random(n) < risk).astype(int),
        arm=None,
        probability=np.nan,
        value=1.0,
        row=np.arange(n),
    )


def _register(client: mlflow.MlflowClient, made: Workspace, opened: Learning, names: list[str]) -> str:
    told = opened.narrowed(names)
    training, gate = (told.rows.iloc[index].reset_index(drop=True) for index in (told.split.training, told.split.gate))
    problem = told.problem({"logistic", "prior"}, ["t_learner"])
    usual = portable.typical(told.X[told.split.training], told.contract)
    for folder, family, params in (("challenger", "logistic", {"C": 1.0}), ("floor", "prior", {})):
        fitted = candidate.fit(Candidate(family, "t_learner", params, {}), problem, seed=0)
        portable.write(made.model / folder, fitted, contract=told.contract, typical=usual)
    storage.write_parquet(made.model / "training.parquet", pa.table({"row": training["row"]}))
    scored = portable.scorer(made.model / "challenger").score(gate)
    judged = pa.Table.from_pandas(gate.assign(**scored), preserve_index=False)
    storage.write_parquet(made.evaluation / "gate.parquet", judged)
    cohort = Cohort(storage.read_parquet(made.evaluation / "gate.parquet").to_pandas(), told.spec)
    report = {"uplift": {"measured": False, "declared_randomised": False}, "cohort": {"hash": cohort.digest}}
    storage.write_json(made.evaluation / "report.json", {**report, "names": names})
    version = _stored(client, made, told, gate.head(20))
    storage.write_json(made.registration, {"name": "shop", "version": version})
    return version


def _stored(client: mlflow.MlflowClient, made: Workspace, told: Learning, example: pd.DataFrame) -> str:
    folder = made.model / "challenger"
    recipe = provenance.recipe(told.spec) if told.contract.names == KNOWS["2"] else "another"
    tags = {model_versions.DIGEST: identity.digest(folder), "recipe": recipe, "trained_until": ""}
    experiment = client.get_experiment_by_name("shop")
    assert experiment is not None
    with mlflow.start_run(experiment_id=experiment.experiment_id):
        mlflow.log_artifact(str(made.model / "training.parquet"))
        mlflow.log_artifact(str(made.evaluation / "report.json"))
        asked = example[told.contract.names]
        output = portable.scorer(folder).score(asked)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow 3.17 compares with a range what pandas 3.1 would rather not
            logged = model_versions.log_model(folder, contract=told.contract, example=asked, output=output)
        made_of = integrity.summary(model_versions.logged_files(logged))
        return model_versions.register(client, "shop", logged=logged, tags={**tags, integrity.MADE_OF: made_of})
