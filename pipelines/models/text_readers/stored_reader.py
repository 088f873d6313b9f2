"""Standalone code saved with a text classifier: texts in; class, sentiment, confidence and topic out.

With the modules that normalise, cut and read before it, in one file, it stands in the folder of a reader, beside
`model.json`, and runs without the project. For MLflow it is the code of a model whose rows have a column `text`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.texts.reading import Reader


class Scorer:
    """The reader of a folder with `model.json`."""

    def __init__(self, folder: Path | str) -> None:
        self.reader = Reader(json.loads((Path(folder) / "model.json").read_text(encoding="utf-8")))

    def read(self, texts: Sequence[Any]) -> pd.DataFrame:
        """A row for each text; see `Reader.read`."""
        return self.reader.read(texts)


# Who wants no more than `Scorer` imports this text as "scorer", and need not have MLflow.
if __name__ != "scorer":
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
    from mlflow.pyfunc.model import PythonModel, PythonModelContext

    class TextReader(PythonModel):
        """The MLflow python model."""

        def load_context(self, context: PythonModelContext) -> None:
            """Read the reader's files."""
            self.scorer = Scorer(context.artifacts["reader"])

        def predict(
            self,
            context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
            model_input: pd.DataFrame,
            params: dict[str, Any] | None = None,  # noqa: ARG002 - a reader has none
        ) -> pd.DataFrame:
            """A row for each text of the column `text`; see `Reader.read`."""
            if not isinstance(model_input, pd.DataFrame) or "text" not in model_input.columns:
                raise MlflowException(
                    "a reader takes a table with a column 'text'.", error_code=INVALID_PARAMETER_VALUE
                )
            return self.scorer.read(model_input["text"].tolist()).set_index(model_input.index)

    mlflow.models.set_model(TextReader())
