"""The tone of texts by a pinned reader, filled into a table of contacts where the source has none."""

import hashlib
import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.errors import ContractError, MissingError
from pipelines.models.text_readers import pinned

TABLE, TEXT, TONE = "interactions", "text", "sentiment"
# As a reader rounds it.
DECIMALS = 6
# Texts that are read in one go.
AT_ONCE = 20_000

Tones = NDArray[np.float64]


class TextReader:
    """An opened reader: texts in, tones out; a text that it learned from gets the tone of those who had not seen it."""

    def __init__(self, folder: Path) -> None:
        """Open the reader of a folder by its own code, which is that of its version.

        Raises MissingError where a file is missing, ContractError where the reader does not open.
        """
        for name in ("scorer.py", "model.json", pinned.OUT_OF_FOLD):
            if not (folder / name).is_file():
                raise MissingError(f"{folder} is no reader of texts: it has no {name}. {pinned.remedy(folder.parent)}")
        code = runpy.run_path(str(folder / "scorer.py"), run_name="scorer")
        try:
            self._scorer = code["Scorer"](folder)
            self._normalise: Callable[..., Any] = code["normalise"]
            known = pd.read_parquet(folder / pinned.OUT_OF_FOLD)
            self._honest = pd.Series((known["good"] - known["bad"]).round(DECIMALS).to_numpy(), index=known["digest"])
        except (KeyError, ValueError) as error:
            raise ContractError(f"{folder} does not open: {error!r}. {pinned.remedy(folder.parent)}") from error
        if self._honest.index.has_duplicates or self._honest.isna().any():
            raise ContractError(
                f"{folder / pinned.OUT_OF_FOLD} says two things of one text, or nothing. {pinned.remedy(folder.parent)}"
            )

    def tones(self, texts: Sequence[str]) -> Tones:
        """The tone of each text, in [-1, 1], shape (n_texts,); 0 where too few of its words are known."""
        parts = [self._part(texts[start : start + AT_ONCE]) for start in range(0, len(texts), AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def read(self, texts: Sequence[str | None]) -> pd.DataFrame:
        """A row for each text as `Reader.read` gives it, and in `learned_from` whether the reader learned from it."""
        clean, digests = self._clean(texts)
        said: pd.DataFrame = self._scorer.read(clean)
        return said.assign(learned_from=pd.Index(digests).isin(self._honest.index))

    def _clean(self, texts: Sequence[str | None]) -> tuple[Sequence[str], list[str]]:
        """The texts normalised, and their digests."""
        clean = self._normalise(texts, longest=self._scorer.reader.plain["longest"]).texts
        return clean, [hashlib.sha256(text.encode()).hexdigest() for text in clean]

    def _part(self, texts: Sequence[str]) -> Tones:
        clean, digests = self._clean(texts)
        tones = self._honest.reindex(digests).to_numpy(dtype=float, copy=True)
        unseen = np.flatnonzero(np.isnan(tones))
        if len(unseen):
            tones[unseen] = self._scorer.read([clean[int(place)] for place in unseen])["tone"].to_numpy(dtype=float)
        return tones + 0.0


def with_tones(rows: pa.Table, reader: TextReader) -> pa.Table:
    """The rows of interactions, with a tone wherever there is a text and the source says none.

    An empty text, or one of blanks, stays without. Equal texts are read once.
    """
    written = pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(rows[TEXT])), 0)
    asked = pc.and_(pc.fill_null(written, False), pc.is_null(rows[TONE]))
    if not pc.any(asked).as_py():
        return rows
    chosen = pc.if_else(asked, rows[TEXT], pa.scalar(None, rows[TEXT].type)).combine_chunks().dictionary_encode()
    tones = reader.tones(chosen.dictionary.to_pylist())
    places = np.asarray(chosen.indices.fill_null(-1))
    found = pa.array(np.append(tones, np.nan)[places], mask=places < 0, type=pa.float64())
    column = pc.coalesce(rows[TONE], found.cast(rows[TONE].type))
    return rows.set_column(rows.column_names.index(TONE), rows.schema.field(TONE), column)
