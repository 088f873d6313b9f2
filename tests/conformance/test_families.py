"""What every model family must do, whatever it is."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from experiments import families
from experiments.family import Family, FittedModel, Labels, Portable, Prepared
from experiments.statistics.calibration import Calibration
from experiments.uplift.fitted_learner import FittedLearner, Term
from features.contract import Contract, Matrix
from features.errors import SpecError
from features.plugins import discover, names
from pipelines.models import portable
from pipelines.models.scorers import kinds
from tests.experiments.risk_alone import RISK_ALONE
from tests.stranger_xgboost import installed
from tests.strangers import plugged

FOUND = discover(families, Family)
FAMILIES = {**FOUND, RISK_ALONE.name: RISK_ALONE, **installed.families()}
REGRESSING = {name: family for name, family in FAMILIES.items() if not family.lacks(regression=True, joint=False)}
JOINT = {name: family for name, family in FAMILIES.items() if not family.lacks(regression=False, joint=True)}
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
regressing = pytest.mark.parametrize("family", REGRESSING.values(), ids=REGRESSING.keys())
joint = pytest.mark.parametrize("family", JOINT.values(), ids=JOINT.keys())
LEARNT = np.arange(1400)
JUDGED = np.arange(1400, 2000)


@pytest.fixture(scope="module", autouse=True)
def kinds_of_strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with plugged(kinds, tmp_path_factory.mktemp("kinds"), xgboost=installed.KIND_TEXT):
        yield


def fitted(family: Family, X: Matrix, y: Labels, contract: Contract, seed: int = 0) -> FittedModel:
    prepared = family.prepare(X, y, contract)
    return family.fit(prepared, LEARNT, params={**family.starting_points[0], "rounds": 60}, seed=seed)


def test_a_family_is_named_after_its_file() -> None:
    assert list(FOUND) == names(families)


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
def test_a_row_that_stands_for_several_counts_as_several(family: Family, tiny_world, contract: Contract) -> None:
    """Where those who left stand for three each, the weighted mean risk is the weighted share; without weights not."""
    X, y = tiny_world
    params, weights = {**family.starting_points[0], "rounds": 60}, np.where(y == 1, 3.0, 1.0)
    prepared = family.prepare(X, y, contract)
    plain, heavy = (
        family.fit(replace(prepared, weights=one), LEARNT, params=params, seed=0).predict(X[LEARNT])
        for one in (None, weights)
    )
    share = np.average(y[LEARNT], weights=weights[LEARNT])
    assert np.average(heavy, weights=weights[LEARNT]) == pytest.approx(share, abs=0.05)
    assert np.average(plain, weights=weights[LEARNT]) < share - 0.05


@every_family
def test_weights_of_1_change_nothing(family: Family, tiny_world, contract: Contract) -> None:
    X, y = tiny_world
    params, prepared = {**family.starting_points[0], "rounds": 60}, family.prepare(X, y, contract)
    plain, ones = (
        family.fit(replace(prepared, weights=one), LEARNT, params=params, seed=0).predict(X)
        for one in (None, np.ones(len(y)))
    )
    assert ones == pytest.approx(plain, abs=1e-6)


@every_family
def test_the_search_space_holds_its_starting_points(family: Family) -> None:
    for point in (*family.starting_points, *family.defaults):
        assert dict(family.search(optuna.trial.FixedTrial(dict(point)))) == dict(point)
    effect = dict(family.effect_point)
    assert dict(family.search_effects(optuna.trial.FixedTrial(effect))) == effect


@regressing
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


@joint
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


# Rows as they come.


def odd(X: Matrix, contract: Contract, what: str) -> tuple[Matrix, Contract]:
    """The tiny world with one thing odd about its columns."""
    if what == "one column only":
        return X[:, :1], contract.select(["usage"])
    if what == "one category only":
        return X[:, 2:], contract.select(["plan"])
    values = {
        "missing in all rows": np.nan,
        "missing in the rows to learn from": np.where(np.isin(np.arange(len(X)), LEARNT), np.nan, X[:, 1]),
        "constant": 7.0,
        "constant or missing": np.where(np.arange(len(X)) % 2, 7.0, np.nan),
    }
    if what in values:
        return np.column_stack([X[:, 0], np.broadcast_to(values[what], len(X)), X[:, 2]]), contract
    plan = replace(contract.columns[2], categories=("basic", "plus", "gone"))
    codes = {"a category that is missing in all rows": np.nan, "a category of one value": 0.0}
    return np.column_stack([X[:, :2], np.broadcast_to(codes.get(what, X[:, 2]), len(X))]), Contract(
        (*contract.columns[:2], plan)
    )


ODD = (
    "one column only",
    "one category only",
    "missing in all rows",
    "missing in the rows to learn from",
    "constant",
    "constant or missing",
    "a category that is missing in all rows",
    "a category of one value",
    "a value that no row has",
)
NEVER_SEEN = 2.0  # the code of `gone`


def asked_of(X: Matrix, contract: Contract) -> Matrix:
    """Rows to predict: those that there are, some of a value that nobody had, and one of which nothing is known."""
    rows = np.vstack([X, X[:5], np.full((1, X.shape[1]), np.nan)])
    for place, column in enumerate(contract.columns):
        if column.type == "category" and "gone" in column.categories:
            rows[len(X) : len(X) + 5, place] = NEVER_SEEN
    return rows


def probabilities(said: np.ndarray, n_rows: int) -> None:
    assert said.shape == (n_rows,)
    assert ((said >= 0) & (said <= 1)).all()


@every_family
@pytest.mark.parametrize("what", ODD)
def test_odd_columns_are_learnt_from_and_predicted(family: Family, tiny_world, contract: Contract, what: str) -> None:
    X, known = odd(tiny_world[0], contract, what)
    asked = asked_of(X, known)
    one, other = (fitted(family, X, tiny_world[1], known) for _ in range(2))
    probabilities(one.predict(asked), len(asked))
    assert one.export() == other.export()
    json.dumps(one.export().plain, allow_nan=False)


@pytest.mark.parametrize("family", FOUND.values(), ids=FOUND.keys())
@pytest.mark.parametrize("some_are_missing", [True, False])
def test_a_category_that_no_row_had_is_answered_as_a_missing_one(
    family: Family, tiny_world, contract: Contract, some_are_missing: bool
) -> None:
    """One bucket: a level of the contract that no training row held, a level of no contract, and nothing at all."""
    X, y = tiny_world
    X, known = odd(X.copy(), contract, "a value that no row has")
    X[np.arange(len(X)) % 7 == 0, 2] = np.nan if some_are_missing else 1.0
    model = fitted(family, X, y, known)
    rows = known.decode(X[JUDGED])
    answers = [
        model.predict(known.encode(rows.assign(plan=pd.Series([level] * len(rows), dtype=object))))
        for level in ("gone", "never heard of", None)
    ]
    assert np.array_equal(answers[0], answers[2])
    assert np.array_equal(answers[1], answers[2])
    if family.name != "prior":
        assert not np.array_equal(model.predict(X[JUDGED]), answers[2])


@every_family
@pytest.mark.parametrize("what", ["missing in all rows", "constant"])
def test_a_column_that_tells_nothing_changes_little(family: Family, tiny_world, contract: Contract, what: str) -> None:
    X, y = tiny_world
    odd_rows, known = odd(X, contract, what)
    without = fitted(family, X[:, [0, 2]], y, contract.select(["usage", "plan"])).predict(X[:, [0, 2]])
    assert np.abs(fitted(family, odd_rows, y, known).predict(odd_rows) - without).mean() < 0.03


@every_family
@pytest.mark.parametrize("labels", [[0, 1], [1, 1], [0, 0]], ids=["one of each", "both left", "both stayed"])
def test_two_rows_in_an_arm_are_enough_for_a_number(
    family: Family, tiny_world, contract: Contract, labels: list[int]
) -> None:
    """Of two rows nobody can learn much; what is said is a probability all the same, and the same again."""
    X, y = tiny_world
    two = np.array([np.flatnonzero(y == label)[5 * place] for place, label in enumerate(labels)])
    prepared, params = family.prepare(X, y, contract), {**family.starting_points[0], "rounds": 60}
    one, other = (family.fit(prepared, two, params=params, seed=0) for _ in range(2))
    probabilities(one.predict(X), len(X))
    assert one.export() == other.export()
    stopped = family.fit(prepared, two, params=params, seed=0, stop_index=two)
    probabilities(stopped.predict(X), len(X))


@regressing
def test_a_regression_of_two_rows_is_a_number_between_theirs(family: Family, tiny_world, contract: Contract) -> None:
    X, y = tiny_world
    prepared = replace(family.prepare(X, y, contract), y=np.where(np.arange(len(y)) < 1, 0.0, 1.0))
    said = family.regress(prepared, np.array([0, 1]), params={**family.effect_point, "rounds": 10}, seed=0).predict(X)
    assert ((said >= -0.5) & (said <= 1.5)).all()


@joint
def test_a_joint_fit_with_two_rows_of_a_thing_given_is_a_probability_under_each(
    family: Family, tiny_world, contract: Contract
) -> None:
    X, y = tiny_world
    given = np.zeros((len(y), 2))
    given[:2, 0], given[2:700, 1] = 1.0, 1.0
    prepared = family.prepare_jointly(family.prepare(X, y, contract), X, given, contract)
    params = {**family.starting_points[0], "rounds": 60}
    models = family.fit_jointly(prepared, LEARNT, params=params, seed=0)
    assert len(models) == 3
    for model in models:
        probabilities(model.predict(X), len(X))


# A family that is right on tidy rows only, to show that the laws of rows as they come can fail.


@dataclass(frozen=True)
class Naive:
    """Fisher's discriminant of the numbers, filled with their means, and the rate of each value of a category."""

    means: np.ndarray
    weights: np.ndarray
    rates: dict[float, float]
    learned: Mapping[str, float] = field(default_factory=dict)

    def predict(self, X: Matrix) -> np.ndarray:
        numbers, codes = X[:, : len(self.means)], X[:, len(self.means) :].ravel()
        along = np.where(np.isnan(numbers), self.means, numbers) @ self.weights
        risen = np.array([self.rates[code] for code in codes]) if len(codes) else 0.5
        return np.asarray(0.5 / (1 + np.exp(-along)) + risen / 2)

    def export(self) -> Portable:
        return Portable("naive", {"weights": self.weights.tolist()})


def naive_fit(prepared: Prepared, index: np.ndarray, **_: object) -> Naive:
    (X, n_numbers), y = prepared.rows, prepared.y
    numbers, codes = X[index, :n_numbers], X[index, n_numbers:].ravel()
    means = np.nanmean(numbers, axis=0)
    filled = np.where(np.isnan(numbers), means, numbers)
    apart = filled[y[index] == 1].mean(axis=0) - filled[y[index] == 0].mean(axis=0)
    rates = {code: float(y[index][codes == code].mean()) for code in np.unique(codes)}
    return Naive(means, np.linalg.inv(np.cov(filled.T)) @ apart, rates)


NAIVE = replace(
    RISK_ALONE,
    prepare=lambda X, y, contract: Prepared((X, sum(one.type == "number" for one in contract.columns)), y),
    fit=naive_fit,
)


def test_a_naive_family_is_right_on_tidy_rows(tiny_world, contract: Contract) -> None:
    X, y = tiny_world
    probabilities(fitted(NAIVE, X, y, contract).predict(X), len(X))


@pytest.mark.parametrize("what", ODD)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_laws_of_odd_columns_fail_for_a_naive_family(tiny_world, contract: Contract, what: str) -> None:
    with pytest.raises((AssertionError, KeyError, np.linalg.LinAlgError)):
        test_odd_columns_are_learnt_from_and_predicted(NAIVE, tiny_world, contract, what)


@pytest.mark.parametrize("labels", [[0, 1], [1, 1], [0, 0]])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_law_of_two_rows_fails_for_a_naive_family(tiny_world, contract: Contract, labels: list[int]) -> None:
    with pytest.raises((AssertionError, KeyError, np.linalg.LinAlgError)):
        test_two_rows_in_an_arm_are_enough_for_a_number(NAIVE, tiny_world, contract, labels)


def test_a_family_for_risk_alone_says_what_it_lacks() -> None:
    assert RISK_ALONE.lacks(regression=False, joint=False) == ()
    assert RISK_ALONE.lacks(regression=True, joint=True) == ("regress", "prepare_jointly", "fit_jointly")
    with pytest.raises(SpecError, match=r"family 'risk_alone' has no regress"):
        RISK_ALONE.needed("regress", RISK_ALONE.regress)


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
