"""At its gate, a reader of texts is downloaded once, the challenger as well as the champion."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities.model_registry import ModelVersion

from experiments.texts.held_out import digest_of
from experiments.texts.reading import CLASSES
from features.errors import ContractError
from pipelines.champion import loading, reader_versions
from pipelines.champion.succession import Standing
from pipelines.models.text_readers import folders
from pipelines.servers import mlflow_runs
from pipelines.stages.texts.promote import ReaderGate
from pipelines.workspace import Workspace
from tests import readers_of_texts
from tests.pipelines.gate.test_text_contest import SPEC
from tests.text_worlds import texts_of

STANDING = Standing("tone")
N_TAUGHT = 240


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, ModelVersion, ModelVersion]]:
    """A checkout with the texts of the gate, a challenger and a champion that says something else."""
    root = tmp_path_factory.mktemp("gate")
    workspace = Workspace(root, "tone")
    texts, classes = texts_of(N_TAUGHT + 60, language="en", seed=0)
    with readers_of_texts.own_registry():
        champion, challenger = (
            readers_of_texts.logged(root, "tone", texts[:size], list(classes[:size])) for size in (60, N_TAUGHT)
        )
    rows = pd.DataFrame({"text": texts[N_TAUGHT:], "digest": [digest_of(one) for one in texts[N_TAUGHT:]]})
    rows["truth"], rows["known_at"] = [CLASSES[one] for one in classes[N_TAUGHT:]], pd.NaT
    said = folders.scorer(root / f"made of {N_TAUGHT}" / folders.READER).read(texts[N_TAUGHT:])
    for folder in (workspace.evaluation, workspace.texts):
        folder.mkdir(parents=True)
    pd.concat([rows, said], axis=1).to_parquet(workspace.evaluation / "gate.parquet")
    (workspace.evaluation / "report.json").write_text("{}")
    pd.DataFrame({"class": np.repeat(CLASSES, 30), "judges": False}).to_parquet(workspace.texts / "texts.parquet")
    with readers_of_texts.own_registry():
        yield workspace, challenger, champion


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
