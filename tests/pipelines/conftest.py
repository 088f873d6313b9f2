"""Worlds that several tests of the pipelines share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from tests.pipelines.gate_world import Shop, open_shop
from tests.pipelines.postgres_server import running_server


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Four registered versions, none of them champion."""
    folder = tmp_path_factory.mktemp("shop")
    uri = f"sqlite:///{folder}/shop.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        return open_shop(folder, uri)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db"
    else:
        with running_server() as address:
            yield address


@pytest.fixture
def checkout(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a checkout with a registry of its own and a version as challenger; called again, it changes that one."""
    # Set first: MLflow sets it, too, and this way it is gone with the test.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")

    def make(version: str, **gate: Any) -> Path:
        root = shop.checkout(tmp_path / "checkout", version, **gate)
        if not (root / "mlflow.db").exists():
            shutil.copyfile(shop.folder / "shop.db", root / "mlflow.db")
        monkeypatch.chdir(root)
        return root

    return make


@pytest.fixture(scope="session")
def kept_checkouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept_checkouts")


@pytest.fixture
def promoted(
    checkout: Callable[..., Path], kept_checkouts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Lets these versions become champion one after the other, in a new checkout or in the one that there is.

    A new one is made once, and copied from then on.
    """

    def make(*versions: str) -> Path:
        kept, root = kept_checkouts / "-".join(versions), tmp_path / "checkout"
        is_new = not root.exists()
        if is_new and kept.exists():
            shutil.copytree(kept, root)
            monkeypatch.chdir(root)
            return root
        for version in versions:
            checkout(version)
            assert main(["promote", "shop"]) == 0
        if is_new:
            shutil.copytree(root, kept)
        return root

    return make
