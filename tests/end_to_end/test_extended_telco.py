"""Telco's five tables, joined: every leak is found, and who joined in the quarter is decided in the spec."""

import json
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.end_to_end.repository import Repository
from tests.specs import REQUIRED

KEY, STATUS = "Customer ID", "Customer Status"
PARTS = ("demographics", "location", "services", "status")
# Which check finds what: copies of the outcome, what is filled in for those who left, scores made of the outcome.
LEAKS = {
    "L001": ("Churn Label", "Churn Value"),
    "L002": ("Churn Category", "Churn Reason"),
    "L003": ("Churn Score", "Satisfaction Score"),
}
FOUND = [(code, name) for code, names in LEAKS.items() for name in names]
JOINED = 454


@pytest.fixture(scope="module")
def customers(shared_data: Path) -> pd.DataFrame:
    """One row for each customer, of all five tables; population looked up by zip code."""
    folder = shared_data / "telco_extended"
    files = [folder / f"Telco_customer_churn_{part}.csv" for part in PARTS]
    tables = [pd.read_csv(file, keep_default_na=False, na_values=[""]).drop(columns="Count") for file in files]
    tables[-1] = tables[-1].drop(columns="Quarter")
    people = pd.read_csv(folder / "Telco_customer_churn_population.csv", thousands=",").drop(columns="ID")
    joined = reduce(lambda left, right: left.merge(right, on=KEY), tables)
    return joined.merge(people, on="Zip Code", how="left", validate="many_to_one")


def write(repository: Repository, rows: pd.DataFrame, *, left_out: tuple[str, ...], label: dict[str, Any]) -> None:
    """The table as a user adds it, with a spec of all its columns but some."""
    folder = repository.root.parent / f"{repository.root.name}-extended"
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "extended.csv", index=False)
    features = rows.drop(columns=[KEY, label["column"], *left_out], errors="ignore")
    columns: dict[str, Any] = {name: _column(features[name]) for name in features}
    values = [str(label[one]) for one in ("churned", "retained")]
    columns[label["column"]] = {"type": "category", "values": values, "role": "label"}
    spec = {
        **REQUIRED,
        "title": "Telco, five tables",
        "source": {"kind": "table", "file": "extended.csv", "key": KEY, "columns": columns},
        "label": {"kind": "column", **label},
        "split": {"kind": "random", "folds": 3},
        "tuning": {"families": ["lightgbm"], "trials": 2},
        "evaluation": {"draws": 100, "slices": {}},
    }
    path = repository.root / "experiments/specs/extended.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
    added = repository.act("data", "extended", str(folder / "extended.csv"))
    assert added.returncode == 0, added.stderr


def _column(values: pd.Series) -> dict[str, Any]:
    nullable = {"nullable": True} if values.isna().any() else {}
    if pd.api.types.is_numeric_dtype(values):
        return {"type": "number", **nullable}
    return {"type": "category", "values": sorted(values.dropna().unique().tolist()), **nullable}


CHURN = {"column": "Churn Label", "churned": "Yes", "retained": "No"}
BY_STATUS = {"column": STATUS, "churned": "Churned", "retained": "Stayed"}


@pytest.fixture(scope="module")
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    return copy_of_repository()


def test_all_seven_are_each_found_when_all_are_left_in(repository: Repository, customers: pd.DataFrame) -> None:
    """`Churn Label` is the label; a copy of it stands beside it, and the status."""
    rows = customers.assign(**{"Label again": customers["Churn Label"]})
    write(repository, rows, left_out=(), label=CHURN)
    ended = repository.go_through("ingest validate build tune", "extended")
    assert ended.returncode == 5, ended.stderr
    told = [line.strip() for line in ended.stderr.splitlines() if line.strip().startswith("L0")]
    named = {(line.split()[0], line.split("'")[1]) for line in told}
    assert named == {*FOUND, ("L001", STATUS), ("L001", "Label again")} - {("L001", "Churn Label")}


def test_who_joined_in_the_quarter_is_no_outcome_of_the_status_until_somebody_decides(
    repository: Repository, customers: pd.DataFrame
) -> None:
    """Neither left nor stayed: 454 rows that no model learns from without a word, for the data are refused."""
    write(repository, customers, left_out=tuple(name for _, name in FOUND), label=BY_STATUS)
    ended = repository.go_through("ingest validate build tune", "extended")
    assert ended.returncode == 5, ended.stderr
    assert f"must be one of Churned, Stayed: {JOINED} rows (6.45 %), such as 'Joined'" in ended.stderr


def test_leaving_out_those_who_joined_would_choose_by_the_outcome(customers: pd.DataFrame) -> None:
    """Everybody of three months or fewer either joined or left: without the former, few months tell the outcome."""
    young = customers["Tenure in Months"] <= 3
    assert set(customers.loc[customers[STATUS] == "Joined", "Tenure in Months"]) == {1, 2, 3}
    assert customers.loc[young & (customers[STATUS] != "Joined"), STATUS].eq("Churned").all()
    assert (customers[STATUS] == "Joined").sum() == JOINED


@pytest.mark.slow
def test_with_them_among_those_who_stayed_it_is_clean_and_the_auc_is_what_is_known_of_it(
    repository: Repository, customers: pd.DataFrame
) -> None:
    """0.907 by plain scikit-learn; the standard error of the gate cohort's is 0.008."""
    write(repository, customers, left_out=(STATUS, *(name for _, name in FOUND)), label=CHURN)
    ended = repository.go_through("ingest validate build tune train evaluate", "extended")
    assert ended.returncode == 0, ended.stderr
    report = json.loads((repository.root / "artifacts/extended/evaluation/report.json").read_text())
    assert not any(one["findings"] for one in report["checks"] if one["code"] != "L006")
    assert report["risk"]["auc"]["value"] == pytest.approx(0.90, abs=0.025)
