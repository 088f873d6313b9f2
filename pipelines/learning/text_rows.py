"""The texts of a reader's spec as its stages read them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.texts.reading import CLASSES
from features.texts.ngrams import Places
from pipelines.files import storage
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class TextRows:
    """Normalised texts, with the columns that `ingest` writes."""

    rows: pd.DataFrame

    @property
    def texts(self) -> list[str]:
        """The texts, in order."""
        return list(self.rows["text"])

    @property
    def classes(self) -> Places:
        """Their classes, as indices of CLASSES."""
        return np.array([CLASSES.index(one) for one in self.rows["class"]], dtype=np.int64)

    @property
    def teaching(self) -> "TextRows":
        """Those that teach."""
        return TextRows(self.rows[~self.rows["judges"]].reset_index(drop=True))

    @property
    def judging(self) -> "TextRows":
        """Those that judge."""
        return TextRows(self.rows[self.rows["judges"]].reset_index(drop=True))


def read(workspace: Workspace) -> TextRows:
    """All texts. Raises MissingError where there are none yet."""
    return TextRows(storage.read_parquet(workspace.texts / "texts.parquet").to_pandas())
