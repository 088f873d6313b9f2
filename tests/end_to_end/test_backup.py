"""A tiny world that is lost and brought back, in another folder: same champion, same bytes, nothing to decide."""

import os
import shutil
from pathlib import Path
from unittest.mock import patch

from mlflow import MlflowClient

from pipelines.champion import loading
from pipelines.champion.ledger_writer import reading
from pipelines.files import storage
from tests.end_to_end.repository import Repository

COVERED = ("mlflow.db", "mlartifacts", "state")


def champions_files(root: Path) -> dict[str, bytes]:
    with patch.dict(os.environ):  # MLflow writes into it
        standing, _ = reading("demo", root).agreed()
        with loading.stored("demo", str(standing.champion)) as folder:
            return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_lost_world_is_brought_back_elsewhere_with_the_champion_to_the_byte(tiny: Repository, tmp_path: Path) -> None:
    before = champions_files(tiny.root)
    archive = str(tmp_path / "kept.tar.gz")
    made = tiny.act("backup", archive)
    assert made.returncode == 0, made.stderr
    elsewhere = Repository(tmp_path / "elsewhere", tiny.libraries)
    shutil.move(tiny.root, elsewhere.root)
    for name in COVERED:
        place = elsewhere.root / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    restored = elsewhere.act("restore", archive)
    assert restored.returncode == 0, restored.stderr
    assert champions_files(elsewhere.root) == before
    again = elsewhere.act("promote", "demo")
    assert again.returncode == 0, again.stderr
    assert storage.read_json(elsewhere.root / "artifacts/demo/decision.json")["verdict"] == "NO_CHANGE"
    assert elsewhere.act("registry", "check", "demo").returncode == 0
    uri = f"sqlite:///{elsewhere.root}/mlflow.db"
    run = MlflowClient(uri, uri).get_model_version_by_alias("demo", "champion").run_id
    with patch.dict(os.environ):
        reading("demo", elsewhere.root)
        assert loading.fetched("training.parquet", run_id=run) is not None  # the gate asks what it learned from
