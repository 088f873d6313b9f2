"""Inference of a text classifier: normalised texts in; class, sentiment, confidence and topic out.

It is part of the file that a stored reader runs, and imports libraries and its own kind only.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.texts.ngrams import SCRIPTS, Found, Grams, Places, grams
from features.texts.normalising import normalise

Floats = NDArray[np.float64]
CLASSES = ("bad", "indifferent", "good")
BAD, INDIFFERENT, GOOD = range(len(CLASSES))
# Texts that are cut together: their arrays stay in the cache.
AT_ONCE = 256
DECIMALS = 6
NO_TOPIC = -1
LEAST_FAMILIAR = 0.01
# How a text of another trade is told and how far it is then trusted, see `tempered`: what holds best over readers of
# twelve trades and texts of the others (docs/texts.md).
HALF_OWN, STEEPNESS, ABROAD = -1.5, 4.0, 0.5
# Names are texts for pandas, also where all of them are missing.
TYPES = {"O": "str"}


@dataclass(frozen=True)
class Table:
    """Numbers for some of the buckets: rows gives each bucket its place in the columns, which is 0 for other buckets.

    columns has shape (n_columns, n_rows).
    """

    rows: NDArray[np.int32]
    columns: Floats

    @property
    def n_rows(self) -> int:
        """The buckets that are kept, and one for all others."""
        return int(self.columns.shape[1])

    @classmethod
    def of(cls, stored: Mapping[str, Any], bits: int) -> "Table":
        """The table that was stored as text by `stored_table`."""
        buckets = np.cumsum(_numbers(stored["steps"], "<u4"), dtype=np.int64)
        values = _numbers(stored["values"], "<f4").astype(np.float64).reshape(len(buckets), stored["n_columns"])
        rows = np.zeros(1 << bits, dtype=np.int32)
        rows[buckets] = np.arange(1, len(buckets) + 1)
        return cls(rows, np.ascontiguousarray(np.vstack([np.zeros((1, stored["n_columns"])), values]).T))

    def distinct(self, found: Found) -> tuple[Places, Places]:
        """The texts, in order, and the rows of the grams that are in the table, each once a text."""
        rows = self.rows[found.bucket]
        kept, width = rows > 0, self.n_rows.bit_length()
        keys = found.text[kept] << width | rows[kept]
        # Half the bytes are sorted in less than half the time.
        keys = np.sort(keys.astype(np.uint32) if keys.size and found.text.max() < 1 << 32 - width else keys)
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
        return (keys >> width).astype(np.int64), (keys & (1 << width) - 1).astype(np.int64)


def stored_table(buckets: Places, values: Floats) -> dict[str, Any]:
    """A table as text: the distances of its buckets, which ascend, and its values in single precision."""
    steps = np.diff(buckets, prepend=0).astype("<u4").tobytes()
    return {
        "steps": base64.b64encode(steps).decode(),
        "values": base64.b64encode(values.astype("<f4").tobytes()).decode(),
        "n_columns": int(values.shape[1]),
    }


def _numbers(text: str, kind: str) -> NDArray[Any]:
    """The numbers in a stored text."""
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def summed(table: Table, at: tuple[Places, Places], n_texts: int) -> tuple[Floats, Floats]:
    """The sum of the values over each text's grams, shape (n_texts, n_columns), and how many these are.

    Added in the order of the buckets, so that what else is read at once changes no bit.
    """
    texts, rows = at
    numbers = np.asarray(np.bincount(texts, minlength=n_texts), dtype=np.float64)
    sums = [np.bincount(texts, weights=column[rows], minlength=n_texts) for column in table.columns]
    return np.asarray(np.reshape(sums, (len(sums), n_texts)).T, dtype=np.float64), numbers


class OfScript:
    """What was learned of the texts of one script."""

    def __init__(self, learned: Mapping[str, Any], bits: int) -> None:
        self.learned = learned
        self.units, self.characters, self.words = (
            Table.of(learned[kind], bits) for kind in ("units", "characters", "words")
        )
        self.classes = np.array(learned["classes"])
        self.intercepts = np.array(learned["intercepts"], dtype=np.float64)

    def decisions(self, cut: Grams, n_texts: int) -> Floats:
        """The linear scores of the classes that training saw, not calibrated, shape (n_texts, n_classes)."""
        total = np.tile(self.intercepts, (n_texts, 1))
        for table, found in ((self.units, cut.units), (self.characters, cut.characters)):
            sums, numbers = summed(table, table.distinct(found), n_texts)
            total += sums / np.sqrt(np.maximum(numbers, 1.0))[:, None]
        return total

    def judged(self, cut: Grams, n_texts: int) -> tuple[Floats, Places, NDArray[np.bool_]]:
        """The probabilities of these classes, the one that a text leans to, and whether training knew its words."""
        covered, familiar = (
            share_of(table.rows[found.bucket] > 0, found, n_texts)
            for table, found in ((self.words, cut.words), (self.units, cut.units))
        )
        scores = calibrated(self.decisions(cut, n_texts), familiar, self.learned)
        own = own_trade(familiar, cut.units, self.learned)
        probability = softmax(tempered(scores, own, self.learned))
        logs = np.log(np.maximum(probability, 1e-12)) + own[:, None] * np.array(self.learned["advantages"])
        return probability, self.classes[logs.argmax(axis=1)], covered >= self.learned["known_from"]


class Reader:
    """Reads texts with what `learning.fit` learned, given as plain data; each text by itself."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.plain = plain
        self.scripts = {SCRIPTS.index(name): OfScript(one, plain["bits"]) for name, one in plain["scripts"].items()}
        self.topics = Table.of(plain["topics"]["table"], plain["bits"])
        self.names = np.array([*plain["topics"]["names"], None], dtype=object)

    def read(self, texts: Sequence[Any]) -> pd.DataFrame:
        """A row for each text, whatever it holds: class, tone and more.

        class: bad, indifferent or good. A text of which training knew too few words is indifferent, and not `known`;
        so is one of a script in which training saw no indifferent text, where no class has a probability of sure_from.
        tone: P(good) - P(bad), 0 where not known. confidence: the probability of the class, or, of an indifferent one
        that training never saw, of the likelier other; 1/3 where not known. topic: its name, or missing.
        leaning: the class of those that training saw, however unsure. bad, indifferent, good: their probabilities.
        script: the one of most words, of SCRIPTS. known: whether training knew enough of the words.
        """
        clean = normalise(texts, longest=self.plain["longest"]).texts
        parts = [self._part(clean[start : start + AT_ONCE]) for start in range(0, max(len(clean), 1), AT_ONCE)]
        columns = {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}
        return pd.DataFrame({name: pd.Series(one, dtype=TYPES.get(one.dtype.kind)) for name, one in columns.items()})

    def _part(self, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
        """The columns for a few normalised texts."""
        cut = grams(texts, bits=self.plain["bits"])
        probability, leaning, known = self._judged(cut, len(texts))
        never = np.isin(cut.script, [k for k, one in self.scripts.items() if INDIFFERENT not in one.classes])
        unsure = ~known | never & (probability.max(axis=1, initial=0.0) < self.plain["sure_from"])
        said = np.where(unsure, INDIFFERENT, leaning)
        own = np.take_along_axis(probability, said[:, None], axis=1)[:, 0]
        confidence = np.where(unsure & known, probability.max(axis=1, initial=0.0), own)
        names = np.array(CLASSES, dtype=object)
        return {
            "class": names[said],
            "tone": np.round(probability[:, GOOD] - probability[:, BAD], DECIMALS) + 0.0,
            "confidence": confidence,
            "topic": self.names[self._topics(cut, len(texts))],
            "leaning": names[leaning],
            **{name: probability[:, k] for k, name in enumerate(CLASSES)},
            "script": np.array(SCRIPTS, dtype=object)[cut.script],
            "known": known,
        }

    def _judged(self, cut: Grams, n_texts: int) -> tuple[Floats, Places, NDArray[np.bool_]]:
        """The probabilities of all classes, the one that a text leans to, and whether it is known."""
        probability = np.full((n_texts, len(CLASSES)), 1.0 / len(CLASSES))
        leaning, known = np.full(n_texts, INDIFFERENT), np.zeros(n_texts, dtype=bool)
        for script, one in self.scripts.items():
            if not (at := cut.script == script).any():
                continue
            own, leans, is_known = one.judged(cut.of(at), n_texts)
            at &= is_known
            probability[at] = 0.0
            probability[np.ix_(at, one.classes)] = own[at]
            known, leaning = known | at, np.where(at, leans, leaning)
        return np.round(probability, DECIMALS), leaning, known

    def _topics(self, cut: Grams, n_texts: int) -> Places:
        """The topic whose words a text has most of, by their weights; NO_TOPIC where it has none."""
        sums, numbers = summed(self.topics, self.topics.distinct(cut.units), n_texts)
        best = sums.argmax(axis=1) if sums.shape[1] else np.zeros(n_texts, dtype=np.int64)
        return np.where((numbers > 0) & (sums.max(axis=1, initial=0.0) > 0), best, NO_TOPIC)


def calibrated(linear: Floats, familiar: Floats, learned: Mapping[str, Any]) -> Floats:
    """Log-probabilities but for a constant a text: slope * linear + shifts, smaller where less is familiar.

    linear has shape (n_texts, n_classes); familiar, the share of a text's grams that training knew, (n_texts,).
    """
    trust = np.maximum(familiar, LEAST_FAMILIAR) ** learned["trust"]
    return np.asarray(linear * (learned["slope"] * trust)[:, None] + np.array(learned["shifts"]))


def own_trade(familiar: Floats, found: Found, learned: Mapping[str, Any]) -> Floats:
    """How surely each text is about what training was about, in [0, 1], shape (n_texts,).

    familiar, the share of a text's grams that training knew, is compared with what is usual of texts that a model has
    not seen: 1 from there on. That of a shorter text varies more by chance. found are these grams.
    """
    numbers = np.bincount(found.text, minlength=len(familiar))
    certainty = np.sqrt(np.minimum(numbers / learned["length"], 1.0))
    away = (familiar - learned["usual"]) / learned["spread"] * certainty
    usual = 1.0 + np.exp(STEEPNESS * HALF_OWN)
    return np.asarray(np.minimum(usual / (1.0 + np.exp(-STEEPNESS * (away - HALF_OWN))), 1.0))


def tempered(scores: Floats, own: Floats, learned: Mapping[str, Any]) -> Floats:
    """Log-probabilities but for a constant a text, of which those of another trade (own is 0) are less sure.

    There, how frequent the classes were in training says nothing, and what is left tells half as much.
    """
    foreign = (1.0 - own)[:, None]
    return np.asarray((1.0 - (1.0 - ABROAD) * foreign) * (scores - foreign * np.array(learned["log_shares"])))


def softmax(values: Floats) -> Floats:
    """Probabilities from log-probabilities that lack a constant, shape (n_texts, n_classes)."""
    powers = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def share_of(seen: NDArray[np.bool_], found: Found, n_texts: int) -> Floats:
    """The share of each text's grams (or words) that were seen, shape (n_texts,); 0 for a text without any."""
    numbers = np.bincount(found.text, minlength=n_texts)
    return np.asarray(np.bincount(found.text, weights=seen, minlength=n_texts) / np.maximum(numbers, 1))
