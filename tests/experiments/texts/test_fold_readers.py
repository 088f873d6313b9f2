import numpy as np
import pandas as pd
import pytest

from experiments.texts.fold_readers import by_digest, out_of_fold
from experiments.texts.held_out import digest_of
from experiments.texts.learning import fit
from features.errors import DataError
from tests.text_worlds import texts_of

PARAMS = {"C": 3.0}


def noise(n_texts: int) -> tuple[list[str], np.ndarray]:
    """Different texts whose classes have nothing to do with them."""
    rng = np.random.default_rng(2)
    words = np.array([f"w{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(300)])
    texts = [" ".join(rng.choice(words, 8)) for _ in range(n_texts)]
    return texts, rng.integers(0, 3, n_texts)


def test_of_labels_that_mean_nothing_fold_readers_know_nothing() -> None:
    """The reader itself has seen them: who reads its training texts with it is told of their labels."""
    texts, classes = noise(1200)
    said = out_of_fold(texts, classes, params=PARAMS, n_folds=3, seed=0)
    few = 300  # so few are learned by heart
    own = fit(texts[:few], classes[:few], params={**PARAMS, "topics": 0}, seed=0).read(texts[:few])
    right = [
        np.mean(one["leaning"].map(["bad", "indifferent", "good"].index) == classes[: len(one)]) for one in (said, own)
    ]
    assert right[0] < 1 / 3 + 4 * np.sqrt(2 / 9 / 1200)
    assert right[1] > right[0] + 0.08


def test_rows_stand_in_the_order_of_the_texts() -> None:
    texts, classes = texts_of(600, language="en", seed=3)
    said = out_of_fold(texts, classes, params={}, n_folds=3, seed=0)
    assert said.index.tolist() == list(range(600))
    order = np.random.default_rng(0).permutation(600)
    again = out_of_fold([texts[k] for k in order], classes[order], params={}, n_folds=3, seed=0)
    pd.testing.assert_frame_equal(again, said.iloc[order].reset_index(drop=True), check_exact=True)
    assert np.mean(said["class"].map(["bad", "indifferent", "good"].index) == classes) > 0.8


def test_each_text_stands_once_by_its_digest() -> None:
    said = pd.DataFrame({"bad": [0.1, 0.2, 0.1], "indifferent": 0.3, "good": [0.6, 0.5, 0.6], "class": "good"})
    found = by_digest(["x", "y", "x"], said)
    assert found["digest"].tolist() == sorted([digest_of("x"), digest_of("y")])
    assert list(found) == ["digest", "bad", "indifferent", "good"]


def test_too_few_texts_are_told() -> None:
    texts, classes = texts_of(36, language="en", seed=3)
    with pytest.raises(DataError, match="of 3 parts of the training texts, all but one are too few"):
        out_of_fold(texts, classes, params={}, n_folds=3, seed=0)
