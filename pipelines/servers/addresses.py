"""Addresses of MLflow and the ledger, from the environment."""

import os
from collections.abc import Iterator
from pathlib import Path

TRACKING = "MLFLOW_TRACKING_URI"
LEDGER = "HOLDFAST_LEDGER_URI"


def tracking(root: Path) -> str:
    """The tracking URI: MLFLOW_TRACKING_URI, or SQLite in the repository."""
    return os.environ.get(TRACKING) or f"sqlite:///{root / 'mlflow.db'}"


def everything(root: Path) -> Iterator[tuple[str, str]]:
    """Every server address, with the variable that sets it."""
    yield TRACKING, tracking(root)
    if ledger := os.environ.get(LEDGER):
        yield LEDGER, ledger
