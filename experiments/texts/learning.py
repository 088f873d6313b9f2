"""Training of a text classifier: one calibrated linear model for each writing system (Latin, Chinese).

A reader of two languages therefore is two readers, of which each knows nothing of the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from experiments.texts import confidence, linear_model, topics
from experiments.texts.equal_texts import folds_of, groups_of
from experiments.texts.linear_model import KINDS, LinearModel, distinct
from experiments.texts.reading import CLASSES, Floats, Reader, share_of, stored_table
from experiments.texts.sides import sides_of
from features.errors import DataError, SpecError
from features.texts.ngrams import BITS, NONE, SCRIPTS, Found, Grams, Places, grams
from features.texts.normalising import LONGEST, normalise
from features.texts.scripts import scripts_of

# C, power, balance and characters: `search.search` says what they are. min_texts: n-grams of fewer texts count not.
# topics: how many of each script. sure_from: see `Reader.read`.
DEFAULTS: Mapping[str, Any] = {
    "C": 0.3,
    "power": 0.75,
    "balance": 0.5,
    "characters": 1.0,
    "min_texts": 2,
    "topics": 8,
    "sure_from": 0.55,
}
FOLDS = 3
FEWEST_OF_A_CLASS = 10


def fit(texts: Sequence[Any], classes: Places, *, params: Mapping[str, Any], seed: int) -> Reader:
    """A reader of the classes (indices of CLASSES, shape (n_texts,)) of texts, which are normalised first.

    params are those of DEFAULTS, which stand in for what is left out. The order of the texts changes nothing.
    Raises DataError where in no script two classes have FEWEST_OF_A_CLASS different texts each, and for what is no
    class; classes of fewer texts of a script are left out in it.
    """
    used = checked(params)
    clean, classes = _ordered(normalise(texts).texts, np.asarray(classes, dtype=np.int64))
    script = scripts_of(clean)
    learned: dict[str, Any] = {}
    for place, name in enumerate(SCRIPTS):
        mine = np.flatnonzero(script == place)
        present = np.array([one for one in np.unique(classes[mine]) if _are_enough(clean, mine[classes[mine] == one])])
        if place != NONE and len(present) > 1:
            mine = mine[np.isin(classes[mine], present)]
            learned[name] = _of_script([clean[one] for one in mine], classes[mine], present, used, seed)
    if not learned:
        raise DataError(
            f"a reader learns two or three classes from at least {FEWEST_OF_A_CLASS} different texts each of one"
            f" script; there are {_told(clean, script, classes)}. Label more texts, or map the label of a rare class to"
            " another."
        )
    of_topics = topics.learn(clean, script, n_topics=used["topics"])
    about = {"bits": BITS, "longest": LONGEST, "sure_from": used["sure_from"]}
    return Reader({**about, "scripts": learned, "topics": of_topics})


def checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with the defaults for what is left out. Raises SpecError for a name that is none."""
    if strange := sorted(set(params) - set(DEFAULTS)):
        raise SpecError(f"a reader of texts has no parameters {strange}; it has {sorted(DEFAULTS)}.")
    return {**DEFAULTS, **params}


def _ordered(texts: Sequence[str], classes: Places) -> tuple[list[str], Places]:
    """The texts and their classes, sorted, so that the order in which they come cannot matter."""
    if len(texts) != len(classes):
        raise DataError(f"{len(texts)} texts, but {len(classes)} classes: each text has one.")
    if classes.size and not 0 <= classes.min() <= classes.max() < len(CLASSES):
        raise DataError(f"classes are indices of {CLASSES}; there are {np.unique(classes).tolist()}.")
    order = sorted(range(len(texts)), key=lambda place: (texts[place], classes[place]))
    return [texts[place] for place in order], classes[order]


def _are_enough(texts: Sequence[str], index: Places) -> bool:
    """Whether there are enough different texts at index to learn a class from."""
    return len({texts[place] for place in index}) >= FEWEST_OF_A_CLASS


def _told(texts: Sequence[str], script: Places, classes: Places) -> str:
    """How many different texts of each class there are in each script."""
    counts = [
        f"{len({texts[int(place)] for place in np.flatnonzero((script == s) & (classes == k))})} {name}"
        f" {'without words' if s == NONE else f'in {SCRIPTS[s]}'}"
        for s in np.unique(script)
        for k, name in enumerate(CLASSES)
        if np.any((script == s) & (classes == k))
    ]
    return ", ".join(counts) or "none"


def _of_script(
    texts: Sequence[str], classes: Places, present: Places, params: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """What the texts of one script teach, as plain data."""
    cut, truth = grams(texts), np.searchsorted(present, classes)
    rows = {"units": distinct(cut.units, len(texts)), "characters": distinct(cut.characters, len(texts))}
    corpus = Corpus(rows, cut, truth, params, seed)
    inside = corpus.unseen(folds_of(texts, classes, n_folds=FOLDS, seed=seed))
    beyond = corpus.unseen(sides_of(rows["units"]))
    whole = corpus.model(np.arange(len(texts)))
    known = _words(cut.words, np.ones(len(texts), dtype=bool), params["min_texts"])
    return {
        "classes": present.tolist(),
        "intercepts": whole.intercepts.tolist(),
        **confidence.learn(inside, beyond),
        **confidence.usual(*_familiar(texts, cut.units, params["min_texts"]), np.bincount(truth) / len(truth)),
        **{kind: stored_table(*whole.tables[kind]) for kind in KINDS},
        "words": stored_table(known, np.zeros((len(known), 0))),
    }


def _familiar(texts: Sequence[str], units: Found, min_texts: int) -> tuple[Floats, Places]:
    """Of each different text, the share of its units that a model of the others knows, and how many units it has."""
    n_texts = len(texts)
    first = np.zeros(n_texts, dtype=bool)
    first[np.unique(groups_of(texts), return_index=True)[1]] = True
    once = np.unique(units.text[first[units.text]] << BITS | units.bucket[first[units.text]]) & (1 << BITS) - 1
    in_others = np.bincount(once, minlength=1 << BITS) - 1
    share = share_of(in_others[units.bucket] >= min_texts, units, n_texts)
    return share[first], np.bincount(units.text, minlength=n_texts)[first]


@dataclass(frozen=True)
class Corpus:
    """The grams of all texts of a script and their classes, from which models of some of them are made."""

    rows: Mapping[str, csr_array]
    cut: Grams
    truth: Places
    params: Mapping[str, Any]
    seed: int

    def model(self, index: Places) -> LinearModel:
        """The model of the texts at index."""
        n_classes = int(self.truth.max()) + 1
        return linear_model.fit(self.rows, index, self.truth, n_classes=n_classes, params=self.params, seed=self.seed)

    def unseen(self, folds: Places) -> confidence.Unseen:
        """What models of the other folds, shape (n_texts,), say of each text; those of fold -1 are left out."""
        n_texts = len(folds)
        linear, (covered, familiar) = np.zeros((n_texts, int(self.truth.max()) + 1)), np.zeros((2, n_texts))
        for fold in np.unique(folds[folds >= 0]):
            mine, others = folds == fold, (folds >= 0) & (folds != fold)
            model = self.model(np.flatnonzero(others))
            linear[mine] = model.decisions({kind: one[mine] for kind, one in self.rows.items()})
            words = _words(self.cut.words, others, self.params["min_texts"])
            for found, buckets, share in (
                (self.cut.words, words, covered),
                (self.cut.units, model.tables["units"][0], familiar),
            ):
                share[mine] = share_of(np.isin(found.bucket, buckets), found, n_texts)[mine]
        return confidence.Unseen(linear, covered, familiar, self.truth).at(folds >= 0)


def _words(words: Found, inside: NDArray[np.bool_], min_texts: int) -> Places:
    """The buckets of words that occur in at least min_texts of the texts inside, ascending."""
    at = inside[words.text]
    once = np.unique(words.text[at] << BITS | words.bucket[at]) & (1 << BITS) - 1
    return np.flatnonzero(np.bincount(once, minlength=1 << BITS) >= min_texts)
