"""Readers of texts made by hand: folders as versions hold them, and versions of them in a registry."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities.model_registry import ModelVersion

from experiments.texts import learning
from experiments.texts.equal_texts import folds_of
from experiments.texts.reading import CLASSES
from features.texts.normalising import normalise
from pipelines.champion import model_versions, reader_versions
from pipelines.files import storage
from pipelines.models import integrity
from pipelines.models.text_readers import folders, pinned
from pipelines.models.text_readers.pinned import Pinned
from pipelines.servers import addresses, mlflow_runs

FOLDS = 4
# A model without anything to compute: what matters of a version is its folder `reader`.
NOTHING = """
import mlflow
class Nothing(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input
mlflow.models.set_model(Nothing())
"""


@contextmanager
def own_registry() -> Iterator[None]:
    """A block in which each checkout has a registry and a ledger of its own, whatever MLflow was told before."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (addresses.TRACKING, addresses.LEDGER):
            patch.setenv(name, "")
        yield


def write(folder: Path, texts: Sequence[str], classes: Sequence[int], *, seed: int = 0, honest: bool = True) -> Path:
    """The folder of a reader that learned from these texts, with what models that had not seen each say of it.

    Unless it is honest, what is kept of each text is what the reader itself says that learned from it.
    """
    clean, labels = normalise(texts).texts, np.array(classes)
    reader = learning.fit(clean, labels, params={}, seed=seed)
    folders.write(folder, reader)
    said = reader.read(clean)[list(CLASSES)].to_numpy(copy=True)
    if honest:
        fold = folds_of(clean, labels, n_folds=FOLDS, seed=seed)
        for one in range(FOLDS):
            out = np.flatnonzero(fold == one)
            other = learning.fit(
                [clean[k] for k in np.flatnonzero(fold != one)], labels[fold != one], params={}, seed=seed
            )
            said[out] = other.read([clean[k] for k in out])[list(CLASSES)].to_numpy()
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in clean]
    known = pd.DataFrame({"digest": digests, **dict(zip(CLASSES, said.T, strict=True))})
    known.drop_duplicates("digest").to_parquet(folder / pinned.OUT_OF_FOLD)
    return folder


def register(root: Path, name: str, folder: Path, *, known_before: str, **tags: str) -> str:
    """A version of a reader in the registry of a checkout; gives its number."""
    client = mlflow_runs.client(root)
    mlflow_runs.use(root)
    code = folder.parent / "nothing.py"
    code.write_text(NOTHING)
    experiment = mlflow_runs.experiment_id(client, root, name)
    with mlflow.start_run(experiment_id=experiment):
        logged = mlflow.pyfunc.log_model(
            name="model", python_model=str(code), artifacts={"reader": str(folder)}, pip_requirements=[]
        )
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    told = {"kind": "texts", "known_before": known_before, "reader_digest": pinned.digest(folder), **tags}
    return str(client.create_model_version(name, logged.model_uri, run_id=logged.run_id, tags=told).version)


def logged(root: Path, name: str, texts: Sequence[str], classes: Sequence[int]) -> ModelVersion:
    """A version as the stage `register` makes one, without a spec and its tags."""
    client = mlflow_runs.client(root)
    mlflow_runs.use(root)
    folder = write(root / f"made of {len(texts)}" / pinned.READER, texts, classes, honest=False)
    example = pd.DataFrame({"text": pd.Series(list(texts[:5]), dtype=object)})
    output = folders.scorer(folder).read(list(texts[:5]))
    with mlflow.start_run(experiment_id=mlflow_runs.experiment_id(client, root, name)):
        mlflow.log_dict({}, model_versions.REPORT)
        found = reader_versions.log_reader(folder, example=example, output=output)
    made_of = integrity.summary(model_versions.logged_files(found))
    version = model_versions.register(client, name, logged=found, tags={integrity.MADE_OF: made_of})
    return client.get_model_version(name, version)


def put(place: Path, made: Path, *, model: str, version: int = 1, known_before: str) -> Pinned:
    """A reader where a spec's pinned one stands, without a registry."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(made, place / pinned.READER)
    reader = Pinned(model, version, pinned.digest(place / pinned.READER), known_before)
    storage.write_json(place / pinned.VERSION, reader.plain)
    return reader
