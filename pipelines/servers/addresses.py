"""Addresses of MLflow and the ledger, from the environment, and how to view what is there."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.messages import masking

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


def shown(root: Path) -> str:
    """The tracking URI as typed in the repository, with secrets masked."""
    return masking.mask(tracking(root).replace(f"sqlite:///{root}/", "sqlite:///"))


def where_to_look(root: Path) -> str:
    """How to view runs and models: a command, or a server's address.

    An address with a secret in it is not written; the shell has it.
    """
    if _is_server(root):
        return shown(root)
    address = '"$MLFLOW_TRACKING_URI"' if masking.has_secret(tracking(root)) else shown(root)
    return f"mlflow ui --backend-store-uri {address}"


def page_of_run(root: Path, run: str) -> tuple[str, str]:
    """Where MLflow shows a run: its address on a server, else "" and the command that starts one.

    An address holds neither the name nor the password that the server is asked with.
    """
    if not _is_server(root):
        return "", where_to_look(root)
    found = urlsplit(tracking(root))
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path.rstrip('/')}/#/runs/{run}", ""


def _is_server(root: Path) -> bool:
    return tracking(root).startswith(("http:", "https:"))
