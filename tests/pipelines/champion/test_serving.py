"""A registered model as a serving team meets it: through MLflow, which checks before the scorer reads."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.pyfunc.scoring_server import invocations
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from experiments import families
from experiments.family import Family
from experiments.uplift.fitted_learner import FittedLearner
from features.contract import Contract
from features.errors import ContractError
from features.plugins import discover
from pipelines.champion import loading, model_versions
from pipelines.models import portable


def typed(contract: Contract) -> ModelSignature:
    """The signature of models from before."""
    types = {"number": DataType.double, "category": DataType.string}
    inputs = Schema([ColSpec(types[column.type], column.name) for column in contract.columns])
    outputs = Schema([ColSpec(DataType.double, name) for name in ("churn_score", "churn_probability")])
    return ModelSignature(inputs, outputs, ParamSchema([ParamSpec("reasons", DataType.integer, 0)]))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.DataFrame({"usage": [1.0, 2.0, np.nan], "noise": [0.5, -1.0, 0.0], "plan": ["basic", None, "never seen"]})


@pytest.fixture(scope="module")
def served(tiny_world, contract: Contract, rows: pd.DataFrame, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """A model as it is registered now, and one with a signature of before, both loaded."""
    root = tmp_path_factory.mktemp("served")
    X, y = tiny_world
    family = discover(families, Family)["logistic"]
    fitted = family.fit(family.prepare(X, y, contract), np.arange(1400), params=family.starting_points[0], seed=0)
    portable.write(root / "made", FittedLearner({"control": fitted}, {}, {}), contract=contract, typical={})
    storage, model = mlflow.get_tracking_uri(), json.loads((root / "made" / "model.json").read_text())
    (root / "made" / "model.json").write_text(json.dumps({**model, "typical": {"usage": 0.0, "noise": 0.0}}))
    mlflow.set_tracking_uri(f"sqlite:///{root}/mlflow.db")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("serving", artifact_location=(root / "kept").as_uri()))
    output = portable.scorer(root / "made").score(rows)
    with warnings.catch_warnings(), mlflow.start_run():
        warnings.simplefilter("ignore")
        now = model_versions.log_model(root / "made", contract=contract, example=rows, output=output)
        model_versions.verify(now, rows=rows, expected=output)
        before = mlflow.pyfunc.log_model(
            name="before",
            python_model=str(root / "made" / "scorer.py"),
            artifacts={"model": str(root / "made")},
            signature=typed(contract),
            pip_requirements=[],
        )
    yield {
        "now": mlflow.pyfunc.load_model(now.model_uri),
        "before": mlflow.pyfunc.load_model(before.model_uri),
        "files": Path(mlflow.artifacts.download_artifacts(now.model_uri)),
        "output": output,
    }
    mlflow.set_tracking_uri(storage)


def test_the_contract_and_an_example_can_be_read_from_the_model(served, contract: Contract, rows: pd.DataFrame) -> None:
    model = served["now"]
    assert model.metadata.metadata["columns"] == [{"name": one.name, "type": one.type} for one in contract.columns]
    assert model_versions.asked(model) == contract.names
    assert list(model.input_example) == contract.names
    (kept,) = served["files"].rglob("contract.json")
    assert Contract.from_dict(json.loads(kept.read_text())) == contract
    assert model.metadata.get_output_schema().input_names() == ["churn_score", "churn_probability"]
    assert model.predict(rows).equals(served["output"])


TWOS = {"usage": [2, 2], "noise": [1, 0], "plan": ["basic", "plus"]}
PLAIN = {
    "whole numbers": pd.DataFrame(TWOS),
    "ones": pd.DataFrame({**TWOS, "usage": [1, 1]}),
    "Int64 with NA": pd.DataFrame({**TWOS, "usage": pd.array([2, None], dtype="Int64")}),
    "truth values": pd.DataFrame({**TWOS, "noise": [True, False]}),
    "a category nowhere": pd.DataFrame({**TWOS, "plan": [np.nan, np.nan]}),
    "a category of None": pd.DataFrame({**TWOS, "plan": [None, None]}),
    "a number nowhere": pd.DataFrame({**TWOS, "usage": [None, None]}),
    "texts": pd.DataFrame({**TWOS, "usage": ["2", " "]}),
}


@pytest.mark.parametrize("sent", PLAIN)
def test_plain_rows_are_scored_alike_together_and_one_by_one(served, sent: str) -> None:
    asked, model = PLAIN[sent], served["now"]
    together = model.predict(asked, params={"reasons": 1})
    alone = [model.predict(asked.iloc[[place]], params={"reasons": 1}) for place in range(len(asked))]
    assert pd.concat(alone).equals(together)
    as_doubles = asked.astype({"plan": object}).assign(
        **{name: pd.to_numeric(asked[name].replace(" ", None)) for name in ("usage", "noise")}
    )
    assert together.equals(model.predict(as_doubles, params={"reasons": 1}))


def test_a_refusal_names_the_place_and_is_both_mlflows_and_a_value_error(served) -> None:
    asked = pd.DataFrame({**TWOS, "usage": [2, "two"]}, index=["c1", "c2"])
    for kind in (MlflowException, ValueError):
        with pytest.raises(
            kind, match=r"column 'usage', row 1 \(index 'c2'\): 'two' cannot be read; expected a finite"
        ):
            served["now"].predict(asked)
    with pytest.raises(ContractError, match="the registered model refuses the rows: column 'usage', row 1"):
        loading.predict(served["now"], asked)
    with pytest.raises(ContractError, match=r"no column \['plan'\], which the registered model asks for"):
        loading.predict(served["now"], asked[["usage", "noise"]])


def test_what_mlflow_refuses_itself(served, rows: pd.DataFrame) -> None:
    for reasons in (1.5, True, "3", np.int64(2)):
        with pytest.raises(MlflowException, match="Invalid parameters found"):
            served["now"].predict(rows, params={"reasons": reasons})
    with pytest.raises(MlflowException, match="reasons is how many to give: a whole number, 0 or more; it is -1"):
        served["now"].predict(rows, params={"reasons": -1})
    with pytest.raises(MlflowException, match="rows are a pandas DataFrame"):
        served["now"].predict(np.ones((1, 3)))


RECORDS = [{"usage": 2, "noise": None, "plan": "basic"}, {"usage": 2.5, "noise": 1, "plan": None}]
BODIES: dict[str, tuple[Any, str]] = {
    "records": ({"dataframe_records": RECORDS}, "application/json"),
    "split": (
        {"dataframe_split": {"columns": list(RECORDS[0]), "data": [list(one.values()) for one in RECORDS]}},
        "application/json",
    ),
    "inputs": ({"inputs": RECORDS}, "application/json"),
    "instances": ({"instances": RECORDS}, "application/json"),
    "CSV": ("usage,noise,plan\n2,,basic\n2.5,1,\n", "text/csv"),
}


def ask(model: Any, body: Any, kind: str = "application/json") -> Any:
    """What MLflow's server answers to a body."""
    text = body if isinstance(body, str) else json.dumps(body)
    return invocations(text, kind, model, model.metadata.get_input_schema())


@pytest.mark.parametrize("body", BODIES)
def test_mlflows_server_takes_every_form(served, body: str) -> None:
    expected = served["now"].predict(pd.DataFrame(RECORDS))
    answered = ask(served["now"], *BODIES[body])
    assert answered.status == 200
    assert json.loads(answered.response)["predictions"] == expected.to_dict("records")


def test_mlflows_server_answers_400_with_the_sentence(served) -> None:
    with pytest.raises(MlflowException, match="column 'usage', row 0") as caught:
        ask(served["now"], {"dataframe_records": [{**RECORDS[0], "usage": "x"}]})
    assert caught.value.get_http_status_code() == 400


def test_a_model_with_a_signature_of_before_still_scores(served, rows: pd.DataFrame) -> None:
    assert model_versions.asked(served["before"]) == ["usage", "noise", "plan"]
    scored = loading.predict(served["before"], rows.assign(more=1), reasons=2)
    assert scored.equals(loading.predict(served["now"], rows.assign(more=1), reasons=2))
    assert scored[["churn_score", "churn_probability"]].equals(served["output"])
