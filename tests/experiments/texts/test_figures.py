import numpy as np
import pandas as pd
import pytest

from experiments.texts.figures import calibration, of_reader, topics
from experiments.texts.judging import macro_f1

TEXTS = [f"text {k}" for k in range(8)]
TRUTH = np.array([0, 0, 1, 1, 1, 2, 2, 2])


def said(given: list[int], *, topic: list[str | None] | None = None) -> pd.DataFrame:
    names = np.array(["bad", "indifferent", "good"], dtype=object)[given]
    probability = np.full((len(given), 3), 0.1)
    probability[np.arange(len(given)), given] = 0.8
    table = pd.DataFrame(probability, columns=["bad", "indifferent", "good"])
    return table.assign(**{"class": names, "leaning": names, "known": True, "topic": topic or [None] * len(given)})


def test_the_floor_always_says_the_usual_class() -> None:
    given = [0, 1, 1, 1, 2, 2, 2, 0]
    found = of_reader(TEXTS, TRUTH, said(given), usual=1, seed=0)
    assert found["macro_f1"]["value"] == pytest.approx(macro_f1(TRUTH, np.array(given)))
    floor = macro_f1(TRUTH, np.ones(8, dtype=int))
    assert found["above_floor"]["value"] == pytest.approx(found["macro_f1"]["value"] - floor)
    assert found["confusion"] == [[1, 1, 0], [0, 2, 1], [1, 0, 2]]
    assert found["floor"] == "indifferent"


def test_a_class_that_nobody_says_has_no_precision() -> None:
    assert of_reader(TEXTS, TRUTH, said([0] * 8), usual=0, seed=0)["classes"]["good"]["precision"] is None


def test_calibration_counts_known_texts() -> None:
    table = said([0, 0, 1, 1, 1, 2, 2, 0])
    table.loc[7, "known"] = False
    assert calibration(TRUTH, table) == [{"texts": 7, "confidence": pytest.approx(0.8), "right": 1.0}]


def test_topics_with_their_share_of_bad() -> None:
    table = said([0] * 8, topic=["a", "b", "b", "b", None, "a", "c", "c"])
    assert topics(TRUTH, table) == [
        {"topic": "b", "texts": 3, "bad": pytest.approx(1 / 3)},
        {"topic": "a", "texts": 2, "bad": 0.5},
        {"topic": "c", "texts": 2, "bad": 0.0},
    ]
