"""What every model family must do, whatever it is."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from sklearn.metrics import log_loss

from experiments import families
from experiments.calibration import Calibration
from experiments.family import Family, FittedModel, Labels
from experiments.fitted_learner import FittedLearner, Term
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
    effect = dict(family.effect_point)
    assert dict(family.search_effects(optuna.trial.FixedTrial(effect))) == effect


@every_family
def test_a_regression_tells_a_number_from_the_columns_and_keeps_its_mean(
    family: Family, tiny_world, contract: Contract
) -> None:
    X, y = tiny_world
    number = 3.0 * np.nan_to_num(X[:, 0]) - 2.0 + np.random.default_rng(0).normal(size=len(y))
    prepared = replace(family.prepare(X, y, contract), y=np.where(np.isin(np.arange(2000), LEARNT), number, np.nan))
    params = {**family.effect_point, "rounds": 100}
    one, other = (family.regress(prepared, LEARNT, params=params, seed=0) for _ in range(2))
    assert one.export() == other.export()
    said = one.predict(X[JUDGED])
    assert said.mean() == pytest.approx(number[LEARNT].mean(), abs=0.4)
    if family.name != "prior":
        assert np.corrcoef(said, number[JUDGED])[0, 1] > 0.9


@every_family
def test_a_joint_fit_knows_what_was_given(family: Family, tiny_world, contract: Contract) -> None:
    """What is given saves half of those on one plan and nobody on the other."""
    X, y = tiny_world
    rng = np.random.default_rng(2)
    given = (rng.random(len(y)) < 0.5).astype(float)
    saved = np.where(given * (X[:, 2] == 0) * (rng.random(len(y)) < 0.5) > 0, 0.0, y)
    params = {**family.starting_points[0], "rounds": 60}
    prepared = family.prepare_jointly(family.prepare(X, saved, contract), X, given[:, None], contract)
    without, under = family.fit_jointly(prepared, LEARNT, params=params, seed=0)
    spared = (without.predict(X) - under.predict(X))[JUDGED]
    if family.name != "prior":
        plan = X[JUDGED, 2]
        assert spared[plan == 0].mean() > spared[plan == 1].mean() + 0.015


PROGRAM = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("features", "experiments", "pipelines"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import runpy
import pandas
for folder in sys.argv[1:]:
    scorer = runpy.run_path(folder + "/scorer.py")["Scorer"](folder)
    scorer.score(pandas.read_parquet(folder + "/rows.parquet")).to_parquet(folder + "/answer.parquet")
"""


@every_family
def test_the_exported_model_equals_memory_to_the_bit_without_the_project(
    family: Family, tiny_world, contract: Contract, tmp_path: Path
) -> None:
    import pandas as pd

    X, y = tiny_world
    plans = np.array(["basic", "plus"], dtype=object)[X[:, 2].astype(int)]
    rows = pd.DataFrame({"usage": X[:, 0], "noise": X[:, 1], "plan": plans})
    models = {arm: fitted(family, X, y, contract, seed) for seed, arm in enumerate(("control", "call"))}
    terms = {"call": (Term(1.0, ("control",)), Term(-1.0, ("call",)))}
    calibrations = {"control": Calibration(0.9, 0.1), "call": Calibration(1.1, -0.2)}
    learner = FittedLearner(models, terms, calibrations)
    usual = portable.typical(contract.encode(rows), contract)
    portable.write(tmp_path / "model", learner, contract=contract, typical=usual)
    rows.to_parquet(tmp_path / "model" / "rows.parquet")
    subprocess.run([sys.executable, "-I", "-c", PROGRAM, str(tmp_path / "model")], check=True, cwd=tmp_path)
    answer = pd.read_parquet(tmp_path / "model" / "answer.parquet")
    risks = {arm: learner.said(contract.encode(rows), arm) for arm in models}
    assert np.array_equal(answer["churn_probability"], risks["control"])
    assert np.array_equal(answer["churn_score"], models["control"].predict(X))
    assert np.array_equal(answer["uplift_call"], risks["control"] - risks["call"])
