"""From files to a spec to a matrix, as a user goes: what `new` writes is taken by every stage before the search."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository

TELCO = "telco/WA_Fn-UseC_-Telco-Customer-Churn.csv"
KNOWN_AFTERWARDS = (
    "Churn Value",
    "Churn Score",
    "Satisfaction Score",
    "Churn Category",
    "Churn Reason",
    "Customer Status",
)
HILLSTROM = [
    "--label",
    "visit",
    "--churned",
    "0",
    "--treatment",
    "segment",
    "--outcome",
    "conversion",
    "--outcome",
    "spend",
    "--randomised",
]


def through(repository: Repository, spec: str, files: Path, *said: str) -> str:
    """Propose, add and build; what `build` said."""
    written = repository.act("new", spec, str(files), *said)
    assert written.returncode == 0, written.stderr
    added = repository.act("data", spec, str(files))
    assert added.returncode == 0, added.stderr
    built = repository.go_through("ingest validate build", spec)
    assert built.returncode == 0, built.stderr
    return built.stderr


def test_telco_needs_no_option(copy_of_repository: Callable[[], Repository], shared_data: Path) -> None:
    said = through(copy_of_repository(), "club", shared_data / TELCO)
    assert "learn 7,043, score 5,174" in said


def test_a_folder_of_parts_is_one_table_from_new_to_the_list(
    copy_of_repository: Callable[[], Repository], tmp_path: Path
) -> None:
    """And the list says which rows hold a town that no training row held."""
    repository = copy_of_repository()
    folder = tmp_path / "members"
    folder.mkdir()
    for number in range(3):
        members().iloc[500 * number : 500 * (number + 1)].to_parquet(folder / f"part-{number}.parquet", index=False)
    written = repository.act("new", "club", str(folder), "--label", "gone", "--churned", "yes")
    assert written.returncode == 0, written.stderr
    assert "members: 3 files with the same columns, read as the parts of one table" in written.stdout
    path = repository.root / "experiments" / "specs" / "club.yaml"
    spec = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**spec, "tuning": {"families": ["logistic"], "trials": 1}}))
    added = repository.act("data", "club", str(folder))
    assert added.returncode == 0, added.stderr
    ended = repository.run("run", "club")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FIRST_CHAMPION" in ended.stdout
    scored = repository.act("score", "club")  # again: nothing is new, and it is said all the same
    workspace = Workspace(repository.root, "club")
    rows = {kind: matrices.read(workspace.matrix, kind).to_pandas() for kind in (matrices.LEARN, matrices.SCORE)}
    gate = pd.read_parquet(workspace.evaluation / "gate.parquet", columns=["customer_id"])
    learnt = rows[matrices.LEARN]
    seen = set(learnt.loc[~learnt["customer_id"].isin(gate["customer_id"]), "town"])
    new = rows[matrices.SCORE]["town"][~rows[matrices.SCORE]["town"].isin(seen)]
    (found,) = storage.read_json(workspace.ranked_list / "unseen_levels.json")
    assert (found["column"], found["rows"], found["levels"]) == ("town", len(new), new.nunique())
    assert len(new) > 1
    for said in (ended.stderr, scored.stderr):
        assert f"town: {len(new)} of {len(rows[matrices.SCORE]):,} rows hold a level that training never saw" in said
    # A champion of before has no record of its levels: its contract, which knows those of the gate cohort, has to do.
    (record,) = (repository.root / "mlartifacts").rglob("levels.json")
    record.unlink()
    (workspace.ranked_list / "unseen_levels.json").unlink()
    assert repository.act("score", "club").returncode == 0
    assert storage.read_json(workspace.ranked_list / "unseen_levels.json") == []


def members(size: int = 1500) -> pd.DataFrame:
    """Customers of whom some live where nobody else does."""
    rng = np.random.default_rng(1)
    age, town = rng.integers(18, 80, size), rng.choice(["Bern", "Basel"], size).astype(object)
    calls, usage = rng.poisson(2, size), rng.normal(30, 9, size).round(1)
    gone = rng.random(size) < 1 / (1 + np.exp((age - 40) / 20 - 0.6 * (calls - 2) + (usage - 27) / 10))
    alone = rng.choice(np.flatnonzero(~gone), 30, replace=False)
    town[alone] = [f"Village {number}" for number in range(30)]
    names = [f"c{number:04d}" for number in range(size)]
    columns = {"customer_id": names, "age": age, "calls": calls, "usage": usage, "town": town}
    return pd.DataFrame({**columns, "gone": np.where(gone, "yes", "no")})


@pytest.mark.slow
def test_hillstrom_needs_to_be_told_what_was_tried(
    copy_of_repository: Callable[[], Repository], shared_data: Path
) -> None:
    said = through(
        copy_of_repository(), "club", shared_data / "hillstrom" / "hillstrom.csv", *HILLSTROM, "--control", "No E-Mail"
    )
    assert "learn 64,000" in said


@pytest.mark.slow
def test_five_tables_are_one_row_a_customer(copy_of_repository: Callable[[], Repository], shared_data: Path) -> None:
    dropped = [word for name in KNOWN_AFTERWARDS for word in ("--drop", name)]
    said = ["--leave-out", "Customer Status=Joined", *dropped]
    assert "learn 6,589" in through(copy_of_repository(), "club", shared_data / "telco_extended", *said)


@pytest.mark.slow
def test_wellco_ends_in_a_matrix(copy_of_repository: Callable[[], Repository], shared_data: Path) -> None:
    said = ["--treatment", "outreach", "--ended", "customers", "--ended", "contracts"]
    assert "learn 10,000" in through(copy_of_repository(), "club", shared_data / "wellco", *said)
