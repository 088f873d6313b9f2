"""At its gate, a reader of texts is downloaded once, the challenger as well as the champion."""

from collections import Counter
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities.model_registry import ModelVersion

from experiments.texts import learning
from experiments.texts.held_out import digest_of
from experiments.texts.reading import CLASSES
from features.errors import ContractError
from pipelines.champion import loading, model_versions, reader_versions
from pipelines.champion.succession import Standing
from pipelines.models import integrity
from pipelines.models.text_readers import folders
from pipelines.servers import mlflow_runs
from pipelines.stages.texts.promote import ReaderGate
from pipelines.workspace import Workspace
from tests.pipelines.gate.test_text_contest import SPEC
from tests.text_worlds import texts_of

STANDING = Standing("tone")
N_TAUGHT = 240


def registered(root: Path, *, n_texts: int) -> tuple[ModelVersion, pd.DataFrame]:
    """A reader of the first texts as a version, and what it says of the last."""
    texts, classes = texts_of(N_TAUGHT + 60, language="en", seed=0)
    reader = learning.fit(texts[:n_texts], classes[:n_texts], params={"topics": 0}, seed=0)
    folder = root / f"of {n_texts}" / folders.READER
    folders.write(folder, reader)
    taught = pd.DataFrame({"digest": [digest_of(one) for one in texts[:n_texts]]}).drop_duplicates()
    taught.assign(**dict.fromkeys(CLASSES, 1 / 3)).to_parquet(folder / folders.OUT_OF_FOLD)
    rows = pd.DataFrame({"text": texts[N_TAUGHT:], "digest": [digest_of(one) for one in texts[N_TAUGHT:]]})
    rows["truth"], rows["known_at"] = [CLASSES[one] for one in classes[N_TAUGHT:]], pd.NaT
    said, client = reader.read(texts[N_TAUGHT:]), mlflow_runs.client(root)
    with mlflow.start_run(experiment_id=mlflow_runs.experiment_id(client, root, "tone")):
        mlflow.log_dict({}, "report.json")
        logged = reader_versions.log_reader(folder, example=rows[["text"]].astype(object)[:5], output=said[:5])
    made_of = integrity.summary(model_versions.logged_files(logged))
    version = model_versions.register(client, "tone", logged=logged, tags={integrity.MADE_OF: made_of})
    return client.get_model_version("tone", version), pd.concat([rows, said], axis=1)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, ModelVersion, ModelVersion]:
    """A checkout with the texts of the gate, a challenger and a champion that says something else."""
    root = tmp_path_factory.mktemp("gate")
    workspace = Workspace(root, "tone")
    mlflow_runs.use(root)
    champion, _ = registered(root, n_texts=60)
    challenger, held_out = registered(root, n_texts=N_TAUGHT)
    for folder in (workspace.evaluation, workspace.texts):
        folder.mkdir(parents=True)
    held_out.to_parquet(workspace.evaluation / "gate.parquet")
    (workspace.evaluation / "report.json").write_text("{}")
    classes = np.repeat(CLASSES, 30)
    pd.DataFrame({"class": classes, "judges": False}).to_parquet(workspace.texts / "texts.parquet")
    return workspace, challenger, champion


def gate(workspace: Workspace, kept: loading.Kept, **gate: Any) -> ReaderGate:
    """The gate, without a ledger to write to."""
    spec = SPEC.model_copy(update={"gate": SPEC.gate.model_copy(update={"minimum_texts": 5, **gate})})
    return ReaderGate(workspace, None, "2", "", spec, kept)  # type: ignore[arg-type]


def test_each_is_downloaded_once(
    checkout: tuple[Workspace, ModelVersion, ModelVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, challenger, champion = checkout
    downloads: Counter[str] = Counter()
    download = mlflow.artifacts.download_artifacts

    def counting(*words: Any, **named: Any) -> str:
        downloads[named.get("artifact_uri", "a report")] += 1
        return download(*words, **named)

    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", counting)
    mlflow_runs.use(workspace.root)
    with loading.Kept() as kept:
        asked = gate(workspace, kept)
        assert asked.same(challenger, champion, STANDING) is None
        found = asked.compared(STANDING, (challenger, champion), None)
        there = kept.folder(champion)
    assert found.clean
    assert found.found["files"] == loading.files_of(challenger, STANDING)
    assert set(found.found["figures"]) == {"challenger", "champion"}
    downloads["models:/tone/2"] -= 1  # the one of the line above
    assert downloads == {"models:/tone/1": 1, "models:/tone/2": 1, "a report": 1}
    assert not there.exists()


def test_a_changed_file_is_still_found(checkout: tuple[Workspace, ModelVersion, ModelVersion]) -> None:
    workspace, challenger, champion = checkout
    mlflow_runs.use(workspace.root)
    with loading.Kept() as kept:
        (kept.folder(challenger) / reader_versions.READER / "model.json").write_text("{}")
        with pytest.raises(ContractError):
            kept.files_of(challenger, STANDING)
        found = gate(workspace, kept).compared(STANDING, (challenger, champion), None)
    assert (found.found["verdict"], found.clean, found.found["files"]) == ("CONTRACT_FAIL", False, {})
