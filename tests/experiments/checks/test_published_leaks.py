"""The published Telco tables with churn scores and reasons: every leak in them is found, and nothing else."""

from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import checks
from experiments.leaks.check import Check, examined
from features.contract import Contract
from features.feature import FeatureColumn
from features.plugins import discover
from tests.experiments.checks.worlds import evidence

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
    return reduce(lambda left, right: left.merge(right, on=KEY), tables)


def column(name: str, values: pd.Series) -> FeatureColumn:
    if pd.api.types.is_numeric_dtype(values):
        return FeatureColumn(name, name)
    return FeatureColumn(name, name, type="category", categories=tuple(sorted(values.dropna().unique())))


def found(customers: pd.DataFrame, left_out: set[str]) -> dict[str, set[str]]:
    """The subjects of the findings of every check that has some."""
    table = pd.DataFrame(
        {"customer_id": customers[KEY], "as_of": pd.NaT, "arm": None, "churned": customers[TARGET] * 1.0}
    )
    features = customers.drop(columns=[KEY, *left_out])
    contract = Contract(tuple(column(name, features[name]) for name in features))
    X = contract.encode(features).astype(np.float64)
    results = examined(discover(checks, Check), evidence(contract, X, table), off={})
    return {one.code: {finding.subject for finding in one.findings} for one in results if one.findings}


def test_copies_reasons_and_scores_made_afterwards_are_each_found_by_their_own_check(customers: pd.DataFrame) -> None:
    assert found(customers, set()) == {**LEAKS, "L013": {"columns"}}


def test_without_them_the_table_is_clean(customers: pd.DataFrame) -> None:
    assert found(customers, set().union(*LEAKS.values())) == {}


@pytest.mark.parametrize("leak", sorted(LEAKS["L003"]))
def test_one_score_alone_is_found(customers: pd.DataFrame, leak: str) -> None:
    assert found(customers, set().union(*LEAKS.values()) - {leak}) == {
        "L003": {leak},
        "L008": {leak},
        "L013": {"columns"},
    }
