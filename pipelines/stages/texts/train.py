"""Fit the chosen reader on the texts that teach, and what fold readers say of each of them."""

import pyarrow as pa

from experiments.texts import fold_readers, learning
from experiments.texts.spec import HasTuning
from pipelines.files import storage
from pipelines.learning import text_rows
from pipelines.messages import log
from pipelines.models.text_readers import folders
from pipelines.workspace import Workspace


def run(spec: HasTuning, workspace: Workspace) -> None:
    """Write the reader's folder, with `out_of_fold.parquet` in it, and what it learned from."""
    teaching = text_rows.read(workspace).teaching
    texts, classes = teaching.texts, teaching.classes
    params, asked = storage.read_json(workspace.tuning / "best.json")["params"], spec.tuning
    reader = learning.fit(texts, classes, params=params, seed=asked.seed)
    said = fold_readers.out_of_fold(texts, classes, params=params, n_folds=asked.folds, seed=asked.seed)
    with storage.replacing_folder(workspace.model) as folder:
        folders.write(folder / folders.READER, reader)
        unseen = pa.Table.from_pandas(fold_readers.by_digest(texts, said), preserve_index=False)
        storage.write_parquet(folder / folders.READER / folders.OUT_OF_FOLD, unseen.replace_schema_metadata(None))
        newest = teaching.rows["known_at"].max()
        until = "" if newest != newest else newest.isoformat()  # noqa: PLR0124 - NaT
        about = {"params": params, "texts": len(texts), "different": unseen.num_rows, "trained_until": until}
        storage.write_json(folder / "about.json", about)
    log.done("train", spec.name, texts=len(texts), topics=len(reader.names) - 1)
