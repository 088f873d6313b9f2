"""Counts of recent customer texts that contain a lexicon's words, as input for the alert rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from experiments.alerts import lexicon
from experiments.alerts.alert_file import Lexicon
from experiments.logic.condition import Condition
from features.texts.normalising import LONGEST
from pipelines.messages import log
from pipelines.outreach.columns import word_conditions

TABLE, KEY = "interactions", "interaction_id"
COLUMNS = [KEY, "customer_id", "known_at", "text"]


@dataclass(frozen=True)
class Spoken:
    """The texts of all customers with, by lexicon, whether each holds a word of it; none where there is no such table.

    said has a row for each version of a text: its key, customer_id, known_at, and a column for each lexicon.
    """

    said: pd.DataFrame | None

    @classmethod
    def read(
        cls,
        tables: Path,
        conditions: Iterable[Condition],
        lexicons: Mapping[str, Lexicon],
        *,
        first: datetime,
    ) -> "Spoken":
        """The texts that matter from the date first on, looked through for the lexicons that the conditions name."""
        if not word_conditions(conditions) or not (tables / TABLE).exists():
            return cls(None)
        said = pq.read_table(tables / TABLE, columns=COLUMNS).to_pandas()
        return cls.of(said, conditions, lexicons, first=first)

    @classmethod
    def of(
        cls, said: pd.DataFrame, conditions: Iterable[Condition], lexicons: Mapping[str, Lexicon], *, first: datetime
    ) -> "Spoken":
        """The same of texts with COLUMNS, which the conditions look through."""
        asked = word_conditions(conditions)
        named = {leaf.words_of for leaf in asked}
        if not named:
            return cls(None)
        said = said[said["known_at"] >= first - timedelta(days=max(leaf.days for leaf in asked))].reset_index(drop=True)
        # Not an array of texts, in which each takes as much room as the longest.
        place, distinct = pd.factorize(said["text"].fillna("").astype(object))
        texts = [str(one) for one in distinct]
        long = said[KEY].to_numpy()[[len(texts[at]) > LONGEST for at in place]]
        if len(long):
            log.note(
                f"alerts: {len(long)} texts have more than {LONGEST:,} letters (first: {KEY} '{long[0]}'); words are"
                " looked for in the first of these only"
            )
        found = {name: lexicon.hits(texts, lexicons[name].words)[place] for name in sorted(named)}
        return cls(said.drop(columns="text").assign(**found))

    def beside(self, rows: pd.DataFrame, conditions: Iterable[Condition], *, as_of: datetime) -> pd.DataFrame:
        """The rows of customers at a date with the columns that the conditions on words read."""
        if self.said is None:
            return rows
        known = self.said[self.said["known_at"] < as_of]
        # Of several versions of a text the one known last holds.
        known = known.sort_values("known_at", kind="stable").drop_duplicates(KEY, keep="last")
        added = {}
        for leaf in word_conditions(conditions):
            recent = known[(known["known_at"] >= as_of - timedelta(days=leaf.days)) & known[leaf.words_of]]
            counts = recent["customer_id"].value_counts()
            added[leaf.column] = rows["customer_id"].map(counts).fillna(0).to_numpy(dtype=float)
        return rows.assign(**added)
