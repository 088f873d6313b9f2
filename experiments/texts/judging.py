"""How good a reader is on texts of known class: F1 of the classes, and whether its confidence is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.statistics.intervals import Estimate, Interval, multiplicities
from experiments.texts.equal_texts import groups_of
from experiments.texts.reading import CLASSES, Floats
from features.errors import MetricError
from features.texts.ngrams import Places

DRAWS, BINS = 1000, 10


@dataclass(frozen=True)
class OfClass:
    """How a class is recognised: of n_texts of it, the share recall is; of those said to be, the share precision is.

    NaN where nothing is, or nothing is said to be, of the class.
    """

    n_texts: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Judgement:
    """A reader on texts of known class.

    macro_f1 and by_class are of what the reader says; leaning_f1 is of the class that it leans to, however unsure.
    confusion, shape (3, 3), has the truth in rows, in the order of CLASSES. calibration_error and overconfidence
    (mean confidence less the share that is right) are of the leaning of known texts. unknown and unsure are the shares
    of texts that were not known, and that were known, but said to be indifferent for want of confidence.
    """

    n_texts: int
    macro_f1: Interval
    leaning_f1: Interval
    by_class: dict[str, OfClass]
    confusion: NDArray[np.int64]
    calibration_error: float
    overconfidence: Interval
    unknown: float
    unsure: float


def judge(texts: Sequence[str], truth: Places, said: pd.DataFrame, *, seed: int, draws: int = DRAWS) -> Judgement:
    """Compare what a reader said of texts (`Reader.read`) with the truth, an index of CLASSES, shape (n_texts,).

    Intervals are by a bootstrap in which equal texts are drawn together.
    Raises MetricError where there are no texts, or not as many of each.
    """
    groups, counts = _drawn(texts, truth, seed=seed, draws=draws, others=[len(said)])
    given, leaning = (codes_of(said[name]) for name in ("class", "leaning"))
    known = said["known"].to_numpy(dtype=bool)
    confidence = said[list(CLASSES)].to_numpy(dtype=float)[np.arange(len(truth)), leaning]
    table = np.bincount(truth * len(CLASSES) + given, minlength=len(CLASSES) ** 2).reshape(len(CLASSES), -1)
    return Judgement(
        n_texts=len(truth),
        macro_f1=_macro_f1(truth, given, groups, counts).interval(),
        leaning_f1=_macro_f1(truth, leaning, groups, counts).interval(),
        by_class={name: _of_class(table, k) for k, name in enumerate(CLASSES)},
        confusion=table.astype(np.int64),
        calibration_error=calibration_error(confidence[known], (truth == leaning)[known]),
        overconfidence=_mean(confidence - (truth == leaning), known, groups, counts).interval(),
        unknown=float(np.mean(~known)),
        unsure=float(np.mean(known & (given != leaning))),
    )


def macro_f1_difference(
    texts: Sequence[str],
    truth: Places,
    *,
    challenger: Places,
    champion: Places,
    seed: int,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Interval:
    """The macro-F1 of one reader less that of another on the same texts, by a paired bootstrap; equal texts together.

    truth, challenger and champion are indices of CLASSES, shape (n_texts,); level is the interval's.
    Raises MetricError where there are no texts, or not as many of each.
    """
    others = [len(challenger), len(champion)]
    groups, counts = _drawn(texts, truth, seed=seed, draws=draws, others=others)
    return (_macro_f1(truth, challenger, groups, counts) - _macro_f1(truth, champion, groups, counts)).interval(
        level=level
    )


def macro_f1(truth: Places, said: Places) -> float:
    """The mean of F1 = 2 tp / (2 tp + fp + fn) over the classes that occur in truth; both of shape (n_texts,)."""
    sums = _right_true_said(truth, said).sum(axis=0)[None]
    return float(_mean_of_classes(sums)[0])


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """The expected calibration error: the mean gap of confidence and share of right ones, in 10 bins of equal width.

    Both of shape (n_texts,); NaN where there are none. It is above 0 by chance alone, the more so the fewer the texts.
    """
    if not len(confidence):
        return float("nan")
    bins = np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _drawn(
    texts: Sequence[str], truth: Places, *, seed: int, draws: int, others: list[int]
) -> tuple[Places, NDArray[np.uint8]]:
    """The group of each text, and how often each group is drawn, shape (draws, n_groups)."""
    if not len(truth) or {len(texts), *others} != {len(truth)}:
        raise MetricError(f"{len(texts)} texts, {len(truth)} classes, {others} readings: give one of each, and some.")
    groups = groups_of(texts)
    return groups, multiplicities(n_clusters=int(groups.max()) + 1, draws=draws, seed=seed)


def codes_of(names: pd.Series) -> Places:
    """The index in CLASSES of each name."""
    return names.map(CLASSES.index).to_numpy(dtype=np.int64)


def _right_true_said(truth: Places, said: Places) -> Floats:
    """For each text and class whether it is right, true and said; shape (n_texts, 3 * n_classes)."""
    is_true, is_said = (one[:, None] == np.arange(len(CLASSES)) for one in (truth, said))
    return np.hstack([is_true & is_said, is_true, is_said]).astype(np.float64)


def _mean_of_classes(sums: Floats) -> Numbers:
    """Macro-F1 of sums of `_right_true_said`, shape (n, 3 * n_classes); classes without a true text count not."""
    right, true, said = np.split(sums, 3, axis=1)
    there = true > 0
    f1 = np.where(there, 2 * right / np.maximum(true + said, 1.0), 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(f1.sum(axis=1) / there.sum(axis=1))


def _by_group(values: Floats, groups: Places) -> Floats:
    """The sums over each group, shape (n_groups, n_columns)."""
    return np.array([np.bincount(groups, weights=column) for column in values.T]).T


def _macro_f1(truth: Places, said: Places, groups: Places, counts: NDArray[np.uint8]) -> Estimate:
    """Macro-F1 and its value under each draw."""
    sums = _by_group(_right_true_said(truth, said), groups)
    return Estimate(macro_f1(truth, said), _mean_of_classes(counts.astype(np.float64) @ sums))


def _mean(values: Floats, some: NDArray[np.bool_], groups: Places, counts: NDArray[np.uint8]) -> Estimate:
    """The mean over some of the texts and its value under each draw; NaN where there are none."""
    sums = _by_group(np.column_stack([values * some, some]), groups)
    total, under = sums.sum(axis=0), counts.astype(np.float64) @ sums
    with np.errstate(invalid="ignore"):
        return Estimate(float(total[0] / total[1]) if total[1] else float("nan"), under[:, 0] / under[:, 1])


def _of_class(table: NDArray[np.int64], k: int) -> OfClass:
    """One class of the confusion table."""
    right, true, said = float(table[k, k]), int(table[k].sum()), int(table[:, k].sum())
    nan = float("nan")
    precision, recall = right / said if said else nan, right / true if true else nan
    return OfClass(true, precision, recall, 2 * right / (true + said) if true + said else nan)
