"""From files to a spec to a matrix, as a user goes: what `new` writes is taken by every stage before the search."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
