"""Published data sets with what must not be learnt from: every leak in them is found, and nothing else."""

from dataclasses import replace
from functools import reduce
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_predict

from experiments import checks
from experiments.checks.l009_score_of_another_model import score_of_another_model
from experiments.checks.l010_after_treatment import after_treatment
from experiments.leaks.boosted import boosted, usable
from experiments.leaks.check import Check, LeakEvidence, examined
from experiments.leaks.known import Trial
from experiments.metric import evaluate
from experiments.metrics.auc import METRIC as AUC
from features.contract import Contract
from features.feature import FeatureColumn
from features.plugins import discover
from tests.experiments.checks.worlds import evidence, of_training

KEY, TARGET = "Customer ID", "Churn Value"
LEAKS = {
    "L001": {"Customer Status", "Churn Label", "Churn Value"},
    "L002": {"Churn Category", "Churn Reason"},
    "L003": {"Churn Score", "Satisfaction Score"},
}


@pytest.fixture(scope="module")
def customers(shared_data: Path) -> pd.DataFrame:
    parts = ("demographics", "location", "services", "status")
    files = [shared_data / "telco_extended" / f"Telco_customer_churn_{part}.csv" for part in parts]
    tables = [pd.read_csv(file, keep_default_na=False, na_values=[""]).drop(columns="Count") for file in files]
    tables[-1] = tables[-1].drop(columns="Quarter")
    people = pd.read_csv(shared_data / "telco_extended" / "Telco_customer_churn_population.csv", thousands=",")
    joined = reduce(lambda left, right: left.merge(right, on=KEY), tables)
    return joined.merge(people.drop(columns="ID"), on="Zip Code", how="left", validate="many_to_one")


def column(name: str, values: pd.Series) -> FeatureColumn:
    if pd.api.types.is_numeric_dtype(values):
        return FeatureColumn(name, name)
    return FeatureColumn(name, name, type="category", categories=tuple(sorted(values.dropna().unique())))


def found(customers: pd.DataFrame, left_out: set[str]) -> dict[str, set[str]]:
    """The subjects of the findings of every check that has some."""
    results = examined(discover(checks, Check), rows_of(customers, left_out), off={})
    return {one.code: {finding.subject for finding in one.findings} for one in results if one.findings}


def rows_of(customers: pd.DataFrame, left_out: set[str]) -> LeakEvidence:
    table = pd.DataFrame(
        {"customer_id": customers[KEY], "as_of": pd.NaT, "arm": None, "churned": customers[TARGET] * 1.0}
    )
    features = customers.drop(columns=[KEY, *left_out])
    contract = Contract(tuple(column(name, features[name]) for name in features))
    X = contract.encode(features).astype(np.float64)
    world = evidence(contract, X, table)
    return replace(world, places=np.arange(len(world.training.y)))


def test_copies_reasons_and_scores_made_afterwards_are_each_found_by_their_own_check(customers: pd.DataFrame) -> None:
    assert found(customers, set()) == {**LEAKS, "L013": {"columns"}}


def test_without_them_the_table_is_clean(customers: pd.DataFrame) -> None:
    assert found(customers, set().union(*LEAKS.values())) == {}


def test_without_them_the_auc_is_what_is_known_of_the_table(customers: pd.DataFrame) -> None:
    """0.907 by plain scikit-learn."""
    world = rows_of(customers, set().union(*LEAKS.values()))
    told = boosted(usable(world), world).score
    assert evaluate(AUC, world.training.y, told) == pytest.approx(0.90, abs=0.015)


@pytest.mark.parametrize("leak", sorted(LEAKS["L003"]))
def test_one_score_alone_is_found(customers: pd.DataFrame, leak: str) -> None:
    assert found(customers, set().union(*LEAKS.values()) - {leak}) == {
        "L003": {leak},
        "L008": {leak},
        "L013": {"columns"},
    }


def test_what_hillstroms_customers_did_after_the_e_mails_is_found_as_such(shared_data: Path) -> None:
    """Visits, purchases and money spent follow from the e-mails; whoever has them as features is told of all three."""
    rows = pd.read_csv(shared_data / "hillstrom" / "hillstrom.csv")
    arm = rows.pop("segment").map({"No E-Mail": "control", "Mens E-Mail": "mens", "Womens E-Mail": "womens"})
    contract = Contract(tuple(column(name, rows[name]) for name in rows))
    X = contract.encode(rows).astype(np.float64)
    table = pd.DataFrame({"customer_id": np.arange(len(X)).astype(str), "as_of": pd.NaT, "arm": None, "churned": 0.0})
    table["churned"] = np.random.default_rng(0).integers(0, 2, len(X)) * 1.0
    trial = Trial(X, np.arange(len(X)), arm.to_numpy(dtype=str), np.full(len(X), 1 / 3), "control")
    world = replace(evidence(contract, X, table), trial=trial)
    assert {one.subject for one in after_treatment.examine(world)} == {"visit", "conversion", "spend"}
    known = [name for name in contract.names if name not in {"visit", "conversion", "spend"}]
    before = replace(world, contract=contract.select(known), trial=replace(trial, X=X[:, : len(known)]))
    assert not after_treatment.examine(before)


@pytest.fixture(scope="module")
def telco(shared_data: Path) -> LeakEvidence:
    rows = pd.read_csv(shared_data / "telco" / "WA_Fn-UseC_-Telco-Customer-Churn.csv")
    rows["TotalCharges"] = pd.to_numeric(rows["TotalCharges"], errors="coerce").fillna(0.0)
    churned = rows.pop("Churn").eq("Yes").astype(float)
    table = pd.DataFrame({"customer_id": rows.pop("customerID"), "as_of": pd.NaT, "arm": None, "churned": churned})
    contract = Contract(tuple(column(name, rows[name]) for name in rows))
    return evidence(contract, contract.encode(rows).astype(np.float64), table)


def few_rounds() -> lgb.LGBMClassifier:
    return lgb.LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1)


MODELS = {
    "few rounds": few_rounds,
    "small trees": lambda: lgb.LGBMClassifier(n_estimators=60, num_leaves=8, n_jobs=1, verbose=-1),
    "many rounds": lambda: lgb.LGBMClassifier(n_jobs=1, verbose=-1),
    "forest": lambda: RandomForestClassifier(100, min_samples_leaf=20, random_state=0),
}


@pytest.mark.parametrize("kind", MODELS)
def test_the_score_of_a_model_that_has_learnt_from_telcos_rows_is_found(telco: LeakEvidence, kind: str) -> None:
    """AUCs from 0.874 to 0.956, where honest models come to 0.85."""
    X, y = telco.training.X, telco.training.y
    (finding,) = score_of_another_model.examine(of_training(telco, MODELS[kind]().fit(X, y).predict_proba(X)[:, 1]))
    assert finding.subject == "planted"


def test_a_score_of_rows_that_its_model_has_not_seen_is_no_leak(telco: LeakEvidence) -> None:
    X, y = telco.training.X, telco.training.y
    honest = cross_val_predict(few_rounds(), X, y, cv=5, method="predict_proba")[:, 1]
    assert not score_of_another_model.examine(of_training(telco, honest))
