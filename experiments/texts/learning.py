"""Learning a reader of texts: a linear model of n-grams, calibrated on texts that it was not fitted on.

N-grams are weighted by how differently the classes use them (naive Bayes), then a linear support vector machine for
each class against the others is fitted (NB-SVM, Wang and Manning 2012).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from sklearn.svm import LinearSVC

from experiments.statistics import rounding
from experiments.texts import confidence, topics
from experiments.texts.equal_texts import folds_of
from experiments.texts.halves import sides_of
from experiments.texts.reading import CLASSES, Floats, Reader, share_of, stored_table
from features.errors import DataError, SpecError
from features.texts.ngrams import BITS, NONE, SCRIPTS, Found, Grams, Places, grams
from features.texts.normalising import LONGEST, normalise

DEFAULTS: Mapping[str, Any] = {
    "C": 0.3,
    "power": 0.5,
    "balance": 0.5,
    "characters": 1.0,
    "min_texts": 2,
    "topics": 8,
    "sure_from": 0.55,
}
FOLDS = 3
FEWEST_OF_A_CLASS = 10
TOLERANCE, MOST_PASSES = 0.01, 300
KINDS = ("units", "characters")


def fit(texts: Sequence[Any], classes: Places, *, params: Mapping[str, Any], seed: int) -> Reader:
    """A reader of the classes (indices of CLASSES, shape (n_texts,)) of texts, which are normalised first.

    params are those of DEFAULTS, which stand in for what is left out. The order of the texts changes no class.
    Raises DataError where fewer than two classes have FEWEST_OF_A_CLASS texts each, or another has some but fewer.
    """
    used = checked(params)
    clean, classes = _ordered(normalise(texts).texts, np.asarray(classes, dtype=np.int64))
    present = _present(classes)
    cut = grams(clean)
    rows = {"units": distinct(cut.units, len(clean)), "characters": distinct(cut.characters, len(clean))}
    corpus = Corpus(rows, cut, classes, used, seed)
    inside = corpus.unseen(folds_of(clean, classes, n_folds=FOLDS, seed=seed))
    beyond = corpus.unseen(sides_of(rows["units"], cut.script))
    whole = corpus.model(np.arange(len(clean)))
    scripts = {
        name: learned
        for place, name in enumerate(SCRIPTS)
        if place != NONE
        and (learned := confidence.learn(inside.at(inside.script == place), beyond.at(beyond.script == place), present))
    }
    known = _words(cut.words, np.ones(len(clean), dtype=bool), used["min_texts"])
    return Reader(
        {
            "bits": BITS,
            "longest": LONGEST,
            "classes": present.tolist(),
            **{kind: stored_table(*whole.tables[kind]) for kind in KINDS},
            "words": stored_table(known, np.zeros((len(known), 0))),
            "intercepts": whole.intercepts.tolist(),
            "scripts": scripts,
            "sure_from": used["sure_from"],
            "topics": topics.learn(clean, cut.script, n_topics=used["topics"]),
        }
    )


@dataclass(frozen=True)
class Corpus:
    """The grams and classes of all texts, from which models of some of them are made."""

    rows: Mapping[str, csr_array]
    cut: Grams
    classes: Places
    params: Mapping[str, Any]
    seed: int

    def model(self, index: Places) -> "LinearModel":
        """The model of the texts at index."""
        return _linear_model(self.rows, index, self.classes, params=self.params, seed=self.seed)

    def unseen(self, folds: Places) -> confidence.Unseen:
        """What models of the other folds, shape (n_texts,), say of each text; those of fold -1 are left out."""
        n_texts, n_classes = len(folds), len(np.unique(self.classes))
        linear, covered, familiar = np.zeros((n_texts, n_classes)), np.zeros(n_texts), np.zeros(n_texts)
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
        return confidence.Unseen(linear, covered, familiar, self.cut.script, self.classes).at(folds >= 0)


def checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with the defaults for what is left out. Raises SpecError for a name that is none."""
    if strange := sorted(set(params) - set(DEFAULTS)):
        raise SpecError(f"a reader of texts has no parameters {strange}; it has {sorted(DEFAULTS)}.")
    return {**DEFAULTS, **params}


def _ordered(texts: Sequence[str], classes: Places) -> tuple[list[str], Places]:
    """The texts and their classes, sorted, so that the order in which they come cannot matter."""
    if len(texts) != len(classes):
        raise DataError(f"{len(texts)} texts, but {len(classes)} classes: each text has one.")
    order = sorted(range(len(texts)), key=lambda place: (texts[place], classes[place]))
    return [texts[place] for place in order], classes[order]


def _present(classes: Places) -> Places:
    """The classes that there are. Raises DataError where there are too few texts of them."""
    if classes.size and not 0 <= classes.min() <= classes.max() < len(CLASSES):
        raise DataError(f"classes are indices of {CLASSES}; there are {np.unique(classes).tolist()}.")
    present, numbers = np.unique(classes, return_counts=True)
    if len(present) < 2 or numbers.min() < FEWEST_OF_A_CLASS:
        found = {CLASSES[one]: int(number) for one, number in zip(present, numbers, strict=True)}
        raise DataError(
            f"a reader learns two or three classes from at least {FEWEST_OF_A_CLASS} texts each; there are {found}."
            " Label more texts, or map the label of a rare class to another."
        )
    return present


def distinct(found: Found, n_texts: int) -> csr_array:
    """Which buckets each text's grams are in: ones, shape (n_texts, 2 ** BITS)."""
    texts, buckets = np.divmod(np.unique(found.text << BITS | found.bucket), 1 << BITS)
    starts = np.searchsorted(texts, np.arange(n_texts + 1))
    ones = np.ones(len(buckets))
    return csr_array((ones, buckets.astype(np.int32), starts.astype(np.int32)), shape=(n_texts, 1 << BITS))


@dataclass(frozen=True)
class LinearModel:
    """For each kind of gram the buckets, ascending, and the weights of the classes, shape (n_buckets, n_classes)."""

    tables: Mapping[str, tuple[Places, Floats]]
    intercepts: Floats

    def decisions(self, rows: Mapping[str, csr_array]) -> Floats:
        """The scores of the classes, shape (n_texts, n_classes), as a reader computes them but for the last digits."""
        kinds = [_scaled(rows[kind][:, buckets]) @ weights for kind, (buckets, weights) in self.tables.items()]
        return np.asarray(sum(kinds) + self.intercepts)


def _scaled(rows: csr_array) -> csr_array:
    """Rows of length 1."""
    numbers = np.diff(rows.indptr)
    scales = np.repeat(1.0 / np.sqrt(np.maximum(numbers, 1)), numbers)
    return csr_array((scales, rows.indices, rows.indptr), shape=rows.shape)


def _linear_model(
    rows: Mapping[str, csr_array], index: Places, classes: Places, *, params: Mapping[str, Any], seed: int
) -> LinearModel:
    """The model of the rows at index, with nothing from the others."""
    truth, parts, buckets, factors = classes[index], [], {}, {}
    for kind in KINDS:
        mine = rows[kind][index]
        buckets[kind] = np.flatnonzero(np.bincount(mine.indices, minlength=1 << BITS) >= params["min_texts"])
        mine = csr_array(mine[:, buckets[kind]])
        weight = params["characters"] if kind == "characters" else 1.0
        factors[kind] = weight * _contrast(mine, truth) ** params["power"]
        scaled = _scaled(mine)
        parts.append(
            csr_array((scaled.data * factors[kind][scaled.indices], scaled.indices, scaled.indptr), scaled.shape)
        )
    joined = csr_array(hstack(parts, format="csr"))
    joined.indices, joined.indptr = joined.indices.astype(np.int32), joined.indptr.astype(np.int32)
    weights, intercepts = _one_against_others(joined, truth, params, seed)
    ends = np.split(weights, [len(buckets["units"])])
    return LinearModel(
        {
            kind: (buckets[kind], rounding.coefficients(part * factors[kind][:, None]))
            for kind, part in zip(KINDS, ends, strict=True)
        },
        rounding.coefficients(intercepts),
    )


def _contrast(rows: csr_array, truth: Places) -> Floats:
    """How differently the classes use each gram: the root mean square log ratio of its shares, 1 on average.

    A share is that of the gram among all grams of the class, or of the other classes, with one added to each count.
    """
    ratios = []
    for one in np.unique(truth):
        inside, outside = (
            np.bincount(rows[at].indices, minlength=rows.shape[1]) + 1.0 for at in (truth == one, truth != one)
        )
        ratios.append(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))
    size = np.sqrt(np.mean(np.square(ratios), axis=0)) + 1e-6
    return np.asarray(size / np.sqrt(np.mean(size**2))) if len(size) else size


def _one_against_others(rows: csr_array, truth: Places, params: Mapping[str, Any], seed: int) -> tuple[Floats, Floats]:
    """The weights, shape (n_columns, n_classes), and intercepts of a support vector machine for each class."""
    present = np.unique(truth)
    weights, intercepts = [], []
    for one in present[1:] if len(present) == 2 else present:
        share = float(np.mean(truth == one))
        sides = {0: (0.5 / (1 - share)) ** params["balance"], 1: (0.5 / share) ** params["balance"]}
        machine = LinearSVC(C=params["C"], class_weight=sides, tol=TOLERANCE, max_iter=MOST_PASSES, random_state=seed)
        machine.fit(rows, (truth == one).astype(np.int64))
        weights.append(machine.coef_[0])
        intercepts.append(float(machine.intercept_[0]))
    if len(present) == 2:
        weights, intercepts = [-weights[0], weights[0]], [-intercepts[0], intercepts[0]]
    return np.array(weights).T, np.array(intercepts)


def _words(words: Found, inside: NDArray[np.bool_], min_texts: int) -> Places:
    """The buckets of words that occur in at least min_texts of the texts inside, ascending."""
    at = inside[words.text]
    once = np.unique(words.text[at] << BITS | words.bucket[at]) & (1 << BITS) - 1
    return np.flatnonzero(np.bincount(once, minlength=1 << BITS) >= min_texts)
