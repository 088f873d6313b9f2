"""What every model family must do, whatever it is."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from sklearn.metrics import log_loss

from experiments import families
from experiments.calibration import Calibration
from experiments.candidate import FittedCandidate
from experiments.family import Family, FittedModel, Labels
from experiments.learner import FittedLearner
from features.contract import Contract, Matrix
from features.plugins import discover, names
from pipelines import portable

FAMILIES = discover(families, Family)
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
LEARNT = np.arange(1400)
JUDGED = np.arange(1400, 2000)


def fitted(family: Family, X: Matrix, y: Labels, contract: Contract, seed: int = 0) -> FittedModel:
    prepared = family.prepare(X, y, contract)
    return family.fit(prepared, LEARNT, params={**family.starting_points[0], "rounds": 60}, seed=seed)


def test_a_family_is_named_after_its_file() -> None:
    assert list(FAMILIES) == names(families)


@every_family
def test_the_same_seed_gives_the_same_bytes(family: Family, tiny_world, contract: Contract) -> None:
    first, second = (fitted(family, *tiny_world, contract).export() for _ in range(2))
    assert json.dumps(first.plain) == json.dumps(second.plain)
    assert first.texts == second.texts


@every_family
def test_probabilities_lie_between_0_and_1_and_missing_is_accepted(
    family: Family, tiny_world, contract: Contract
) -> None:
    X, _ = tiny_world
    assert np.isnan(X).any()
    probability = fitted(family, *tiny_world, contract).predict(np.vstack([X, np.full((1, 3), np.nan)]))
    assert probability.shape == (2001,)
    assert ((probability >= 0) & (probability <= 1)).all()


@every_family
def test_a_row_is_scored_alike_alone_and_among_others(family: Family, tiny_world, contract: Contract) -> None:
    model = fitted(family, *tiny_world, contract)
    together = model.predict(tiny_world[0][:50])
    assert np.array_equal(together, np.concatenate([model.predict(tiny_world[0][k : k + 1]) for k in range(50)]))


@every_family
def test_the_order_of_columns_hardly_matters(family: Family, tiny_world, contract: Contract) -> None:
    X, y = tiny_world
    turned = Contract(contract.columns[::-1])
    one, other = (
        fitted(family, X, y, contract).predict(X),
        fitted(family, X[:, ::-1].copy(), y, turned).predict(X[:, ::-1]),
    )
    assert np.abs(one - other).mean() < 0.03


@every_family
def test_it_beats_the_prior_on_the_tiny_world_and_not_on_shuffled_labels(family: Family, tiny_world, contract) -> None:
    X, y = tiny_world
    shuffled = np.random.default_rng(3).permutation(y)
    floor = log_loss(y[JUDGED], np.full(600, y[LEARNT].mean()))
    learnt = log_loss(y[JUDGED], fitted(family, X, y, contract).predict(X[JUDGED]))
    nothing = log_loss(shuffled[JUDGED], fitted(family, X, shuffled, contract).predict(X[JUDGED]))
    assert nothing > log_loss(shuffled[JUDGED], np.full(600, shuffled[LEARNT].mean())) - 0.005
    if family.name != "prior":
        assert learnt < floor - 0.05


@every_family
def test_the_search_space_holds_its_starting_points(family: Family) -> None:
    for point in family.starting_points:
        assert dict(family.search(optuna.trial.FixedTrial(dict(point)))) == dict(point)


PROGRAM = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("features", "experiments", "pipelines"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import runpy
import pandas
folder, rows, answer = sys.argv[1:]
scorer = runpy.run_path(folder + "/scorer.py")["Scorer"](folder)
scorer.score(pandas.read_parquet(rows)).to_parquet(answer)
"""


@every_family
def test_the_exported_model_equals_memory_to_the_bit_without_the_project(
    family: Family, tiny_world, contract: Contract, tmp_path: Path
) -> None:
    import pandas as pd

    X, y = tiny_world
    plans = np.array(["basic", "plus"], dtype=object)[X[:, 2].astype(int)]
    rows = pd.DataFrame({"usage": X[:, 0], "noise": X[:, 1], "plan": plans})
    learner = FittedLearner({arm: fitted(family, X, y, contract, seed) for seed, arm in enumerate(("control", "call"))})
    candidate = FittedCandidate(learner, {"control": Calibration(0.9, 0.1), "call": Calibration(1.1, -0.2)})
    portable.write(tmp_path / "model", candidate, contract=contract, typical=portable.typical(rows, contract))
    rows.to_parquet(tmp_path / "rows.parquet")
    words = [str(tmp_path / name) for name in ("model", "rows.parquet", "answer.parquet")]
    subprocess.run([sys.executable, "-I", "-c", PROGRAM, *words], check=True, cwd=tmp_path)
    answer = pd.read_parquet(tmp_path / "answer.parquet")
    risks = candidate.risks(contract.encode(rows))
    assert np.array_equal(answer["churn_probability"], risks["control"])
    assert np.array_equal(answer["churn_score"], learner.models["control"].predict(X))
    assert np.array_equal(answer["uplift_call"], risks["control"] - risks["call"])
