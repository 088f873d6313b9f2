"""The figures of a reader on held-out texts as plain data: F1, confusion, calibration, topics."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from experiments.texts.judging import BINS, codes_of, judge, macro_f1_difference
from experiments.texts.reading import BAD, CLASSES
from features.texts.ngrams import Places


def of_reader(texts: Sequence[str], truth: Places, said: pd.DataFrame, *, usual: int, seed: int) -> dict[str, Any]:
    """What a reader said (`Reader.read`) against the truth, and against always saying usual, an index of CLASSES."""
    found, given = judge(texts, truth, said, seed=seed), codes_of(said["class"])
    floor = macro_f1_difference(
        texts, truth, challenger=given, champion=np.full(len(truth), usual, dtype=np.int64), seed=seed
    )
    return {
        "texts": found.n_texts,
        "macro_f1": found.macro_f1.to_dict(),
        "leaning_f1": found.leaning_f1.to_dict(),
        "above_floor": floor.to_dict(),
        "floor": CLASSES[usual],
        "classes": {name: _without_nan(asdict(one)) for name, one in found.by_class.items()},
        "confusion": found.confusion.tolist(),
        "calibration_error": _number(found.calibration_error),
        "overconfidence": found.overconfidence.to_dict(),
        "calibration": calibration(truth, said),
        "unknown": found.unknown,
        "unsure": found.unsure,
    }


def calibration(truth: Places, said: pd.DataFrame) -> list[dict[str, float]]:
    """Of known texts, by confidence in bins of equal width: how many, their mean confidence, the share that is right.

    Confidence and class are those of the leaning, as in `judging.judge`.
    """
    leaning = codes_of(said["leaning"])
    confidence = said[list(CLASSES)].to_numpy(dtype=float)[np.arange(len(truth)), leaning]
    known = said["known"].to_numpy(dtype=bool)
    table = pd.DataFrame({"confidence": confidence, "right": truth == leaning})[known]
    bins = np.clip((table["confidence"] * BINS).astype(int), 0, BINS - 1)
    return [
        {"texts": len(one), "confidence": float(one["confidence"].mean()), "right": float(one["right"].mean())}
        for _, one in table.groupby(bins)
    ]


def topics(classes: Places, said: pd.DataFrame) -> list[dict[str, Any]]:
    """The topics of texts of known class, most texts first: how many, and which share of them is bad."""
    table = pd.DataFrame({"topic": said["topic"].to_numpy(dtype=object), "bad": classes == BAD}).dropna()
    found = [
        {"topic": name, "texts": len(one), "bad": float(one.mean())} for name, one in table.groupby("topic")["bad"]
    ]
    return sorted(found, key=lambda one: (-one["texts"], one["topic"]))


def _without_nan(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: _number(value) if isinstance(value, float) else value for name, value in plain.items()}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
