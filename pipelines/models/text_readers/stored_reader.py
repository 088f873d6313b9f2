"""Standalone code saved with a text classifier: texts in; class, sentiment, confidence and topic out.

With the modules that normalise, cut and read before it, in one file, it stands in the folder of a reader, beside
`model.json`, and runs without the project.
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
