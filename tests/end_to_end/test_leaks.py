"""A leak in a table, as a user meets it: refused before training, in one line; switched off with a reason only."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from pipelines.files import spreadsheet
from tests.end_to_end.repository import Repository
from tests.specs import REQUIRED

COLUMNS: dict[str, Any] = {
    "tenure": {"type": "integer", "unit": "months", "minimum": 0},
    "price": {"type": "number", "unit": "usd", "minimum": 0},
    "plan": {"type": "category", "values": ["monthly", "yearly"]},
    "account_status": {"type": "category", "values": ["open", "closed"]},
    "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
}
SPEC: dict[str, Any] = {
    **REQUIRED,
    "title": "A telephone company",
    "source": {"kind": "table", "file": "phone.csv", "columns": COLUMNS},
    "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no"},
    "split": {"kind": "random", "folds": 2},
    "tuning": {"families": ["logistic"], "trials": 2},
    "evaluation": {"draws": 100, "slices": {}},
}
REASON = "the status is set a month before anybody can leave"


def table(rows: int = 1500, closed: float = 1.0) -> pd.DataFrame:
    """Customers, some of whom left, with a status that was closed when they did: of this share of them."""
    rng = np.random.default_rng(0)
    tenure, yearly = rng.integers(0, 72, rows), rng.random(rows) < 0.4
    left = rng.random(rows) < 1 / (1 + np.exp(0.5 + 0.03 * tenure + 0.8 * yearly))
    return pd.DataFrame(
        {
            "tenure": tenure,
            "price": np.round(rng.uniform(20, 110, rows), 2),
            "plan": np.where(yearly, "yearly", "monthly"),
            "account_status": np.where(left & (rng.random(rows) < closed), "closed", "open"),
            "left": np.where(left, "yes", "no"),
        }
    )


def add(repository: Repository, rows: pd.DataFrame) -> None:
    folder = repository.root.parent / f"{repository.root.name}-phone"
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "phone.csv", index=False)
    added = repository.act("data", "phone", str(folder / "phone.csv"))
    assert added.returncode == 0, added.stderr


def write(repository: Repository, **changes: Any) -> None:
    spec = yaml.safe_dump({**SPEC, **changes}, sort_keys=False)
    (repository.root / "experiments/specs/phone.yaml").write_text(spec)


@pytest.fixture(scope="module")
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    found = copy_of_repository()
    write(found)
    add(found, table())
    return found


def test_a_copy_of_the_target_is_refused_before_the_first_trial_in_one_line(repository: Repository) -> None:
    ended = repository.run("run", "phone")
    assert ended.returncode == 5, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("  ") and "account_status" in line]
    assert line.strip() == (
        "L001 column 'account_status' alone ranks the outcome with AUC 1.0000, below 0.99 is allowed: it was written"
        " after the outcome. Take it out of the spec."
    )
    assert "Traceback" not in ended.stderr
    assert "data refused: 1 leak found" in ended.stderr
    assert 'checks: {L001: {accept: {"account_status": "the reason"}}}' in ended.stderr
    made = repository.root / "artifacts" / "phone"
    assert sorted(path.name for path in made.iterdir()) == ["validation"]
    assert not (repository.root / "state/phone/study.db").exists()
    assert not (repository.root / "mlflow.db").exists()


def test_switched_off_with_a_reason_it_runs_and_the_report_says_why_and_back_on_it_refuses_again(
    repository: Repository,
) -> None:
    write(repository, checks={"L001": REASON, "L008": {"accept": {"account_status": REASON, "price": "we know"}}})
    add(repository, table(closed=0.6))
    ended = repository.go_through("ingest validate build tune train evaluate", "phone")
    assert ended.returncode == 0, ended.stderr
    folder = repository.root / "artifacts/phone/evaluation"
    found = {one["code"]: one for one in json.loads((folder / "report.json").read_text())["checks"]}
    assert found["L001"]["off"] == REASON
    status, price = found["L008"]["accepted"]
    assert (status["subject"], status["reason"]) == ("account_status", REASON)
    assert status["finding"]["subject"] == "account_status"
    assert price["finding"] is None
    assert not any(one["findings"] for one in found.values())
    page = (folder / "report.html").read_bytes()
    assert f"Switched off in the spec: {REASON}".encode() in page
    assert f"Accepted in the spec: account_status, because {REASON}".encode() in page
    write(repository)
    assert repository.act("tune", "phone").returncode == 5
    assert (folder / "report.html").read_bytes() == page


def test_rows_that_were_oversampled_before_they_came_are_refused(repository: Repository) -> None:
    columns = {name: one for name, one in COLUMNS.items() if name != "account_status"}
    write(repository, source={**SPEC["source"], "columns": columns})
    rows = table()
    left = rows[rows["left"] == "yes"]
    add(repository, pd.concat([rows, left.sample(frac=1, replace=True, random_state=0)]))
    ended = repository.go_through("ingest validate build tune", "phone")
    assert ended.returncode == 5, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("  L004 ")]
    assert "do not oversample" in line
    listed = spreadsheet.read(repository.root / "state/phone/copied_rows.csv")
    assert f"all {len(listed):,} rows to remove are named in state/phone/copied_rows.csv" in ended.stderr
    assert len(listed) == len(left)
    assert set(COLUMNS) - {"account_status", "left"} <= set(listed)


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ({"L099": REASON}, "['L099']; there are ['L001'"),
        ({"L001": " "}, "checks.L001"),
        ({"L001": {"accept": {"account_status": ""}}}, "checks.L001.accept.account_status"),
        (None, "checks"),
    ],
    ids=["unknown code", "no reason", "no reason of a column", "nothing"],
)
def test_a_check_is_switched_off_by_a_code_that_exists_and_with_a_reason(
    repository: Repository, checks: dict[str, Any] | None, words: str
) -> None:
    write(repository, checks=checks)
    ended = repository.act("tune", "phone")
    assert ended.returncode == 2
    assert words in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
