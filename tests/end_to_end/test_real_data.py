"""The published data sets, as a user runs them: add the files, run, read the report."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository
from tests.end_to_end.splits import over_splits

TELCO = "telco/WA_Fn-UseC_-Telco-Customer-Churn.csv"


def run(repository: Repository, spec: str, file: Path) -> dict:
    added = repository.run("data", spec, str(file))
    assert added.returncode == 0, added.stderr
    ended = repository.run("run", spec)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FIRST_CHAMPION" in ended.stdout
    return json.loads((repository.root / "artifacts" / spec / "evaluation" / "report.json").read_text())


@pytest.fixture(scope="module")
def telco(copy_of_repository: Callable[[], Repository], shared_data: Path) -> tuple[Repository, dict]:
    repository = copy_of_repository()
    return repository, run(repository, "telco", shared_data / TELCO)


def test_telco_reaches_what_is_known_of_it_and_not_more(telco: tuple[Repository, dict]) -> None:
    _, report = telco
    assert 0.82 < report["risk"]["auc"]["value"] < 0.87
    assert report["risk"]["brier"]["value"] < 0.145
    assert report["cohort"]["rows"] == 1409


def test_telcos_report_says_that_uplift_is_not_measured(telco: tuple[Repository, dict]) -> None:
    repository, report = telco
    assert report["uplift"] == {
        "measured": False,
        "declared_randomised": False,
        "trial": {},
        "randomisation": {},
        "actions": {},
    }
    assert report["policy"] == {}
    page = (repository.root / "artifacts/telco/evaluation/report.html").read_text()
    assert "not measured" in page.lower()


@pytest.mark.slow
@pytest.mark.parametrize(("family", "trials", "least"), [("logistic", 6, 0.843), ("lightgbm", 16, 0.848)])
def test_telco_over_five_splits(telco: tuple[Repository, dict], family: str, trials: int, least: float) -> None:
    """Means over five seeded 80/20 splits: AUC as known elsewhere, Brier at most 0.135, and no sign of a leak."""
    repository, _ = telco
    found = over_splits(Workspace(repository.root, "telco"), family=family, trials=trials)
    assert least <= found.auc < 0.87
    assert found.brier <= 0.135


@pytest.fixture(scope="module")
def hillstrom(copy_of_repository: Callable[[], Repository], shared_data: Path) -> dict:
    return run(copy_of_repository(), "hillstrom", shared_data / "hillstrom" / "hillstrom.csv")


def test_hillstroms_effects_are_the_plain_differences_of_the_trial(hillstrom: dict) -> None:
    trial = hillstrom["uplift"]["trial"]
    assert trial["womens"]["value"] == pytest.approx(0.045233106587052985, abs=1e-12)
    assert trial["womens"]["rows"] + trial["mens"]["rows"] + trial["mens"]["control_rows"] == 64_000
    assert trial["mens"]["value"] == pytest.approx(0.1828 - 0.1062, abs=1e-3)


def test_hillstrom_has_three_arms_by_lot_and_every_qini_an_interval(hillstrom: dict) -> None:
    assert hillstrom["uplift"]["randomisation"]["verdict"] == "randomised"
    assert set(hillstrom["uplift"]["actions"]) == {"mens", "womens"}
    for effect in hillstrom["uplift"]["actions"].values():
        qini = effect["figures"]["qini"]
        assert qini["low"] < qini["value"] < qini["high"]
