import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from experiments.texts.judging import calibration_error, judge, macro_f1, macro_f1_difference
from experiments.texts.reading import CLASSES
from features.errors import MetricError
from features.texts.ngrams import Places

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=20, max_size=60)


def said_of(codes: Places, leaning: Places | None = None) -> pd.DataFrame:
    names = np.array(CLASSES, dtype=object)
    probability = np.full((len(codes), 3), 0.1)
    probability[np.arange(len(codes)), codes if leaning is None else leaning] = 0.8
    return pd.DataFrame(
        {
            "class": names[codes],
            "leaning": names[codes if leaning is None else leaning],
            **dict(zip(CLASSES, probability.T, strict=True)),
            "known": True,
        }
    )


@given(PAIRS)
def test_macro_f1_is_scikit_learns_over_the_true_classes(pairs: list[tuple[int, int]]) -> None:
    truth, said = (np.array(each) for each in zip(*pairs, strict=True))
    expected = f1_score(truth, said, labels=np.unique(truth), average="macro", zero_division=0)
    assert macro_f1(truth, said) == pytest.approx(expected)


@given(PAIRS)
def test_a_judgement_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    truth, said = (np.array(each) for each in zip(*pairs, strict=True))
    found = judge([str(k) for k in range(len(truth))], truth, said_of(said), seed=0, draws=50)
    assert (found.confusion == confusion_matrix(truth, said, labels=[0, 1, 2])).all()
    expected = precision_recall_fscore_support(truth, said, labels=[0, 1, 2], zero_division=np.nan)
    for k, name in enumerate(CLASSES):
        mine = found.by_class[name]
        precision, recall, _, n_texts = (each[k] for each in expected)
        assert [mine.precision, mine.recall] == pytest.approx([precision, recall], nan_ok=True)
        assert mine.n_texts == n_texts
    assert found.overconfidence.value == pytest.approx(0.8 - np.mean(truth == said))
    assert found.calibration_error == pytest.approx(abs(0.8 - np.mean(truth == said)))


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    confidence, right = np.array([0.55, 0.55, 0.95, 1.0]), np.array([True, False, True, True])
    assert calibration_error(confidence, right) == pytest.approx((2 * 0.05 + 0.05) / 4)
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, dtype=bool)))


def test_confidence_that_is_right_has_an_interval_that_holds_zero() -> None:
    rng = np.random.default_rng(3)
    truth = np.where(rng.random(4000) < 0.8, 0, 2)
    found = judge([str(k) for k in range(4000)], truth, said_of(np.zeros(4000, dtype=int)), seed=1)
    assert found.overconfidence.low < 0 < found.overconfidence.high


def test_copies_of_texts_make_no_interval_narrower() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    one, other = (np.where(rng.random(300) < share, truth, rng.integers(0, 3, 300)) for share in (0.8, 0.7))
    texts = [str(k) for k in range(300)]
    once = macro_f1_difference(texts, truth, challenger=one, champion=other, seed=0)
    often = macro_f1_difference(
        texts * 5, np.tile(truth, 5), challenger=np.tile(one, 5), champion=np.tile(other, 5), seed=0
    )
    assert often.value == pytest.approx(once.value)
    assert often.standard_error == pytest.approx(once.standard_error)
    same = macro_f1_difference(texts, truth, challenger=one, champion=one, seed=0)
    assert (same.low, same.high) == (0.0, 0.0)


@pytest.mark.slow
def test_the_interval_of_a_difference_covers_it() -> None:
    """95 % intervals of 300 samples: within 4 Monte-Carlo errors of 95 %, less 1.5 points for a small sample."""
    rng = np.random.default_rng(5)

    def drawn(n: int) -> tuple[Places, Places, Places]:
        truth = rng.choice(3, n, p=[0.6, 0.25, 0.15])
        both = rng.random(n) < 0.5
        one, other = (np.where(both | (rng.random(n) < share), truth, rng.integers(0, 3, n)) for share in (0.5, 0.4))
        return truth, one, other

    truth, one, other = drawn(500_000)
    actual = macro_f1(truth, one) - macro_f1(truth, other)
    inside, texts = 0, [str(j) for j in range(400)]
    for k in range(300):
        truth, one, other = drawn(400)
        found = macro_f1_difference(texts, truth, challenger=one, champion=other, seed=k, draws=200)
        inside += found.low <= actual <= found.high
    assert inside / 300 > 0.95 - 0.015 - 4 * np.sqrt(0.95 * 0.05 / 300)


def test_unequal_lengths_and_no_texts_are_refused() -> None:
    with pytest.raises(MetricError):
        judge([], np.zeros(0, dtype=int), said_of(np.zeros(0, dtype=int)), seed=0)
    with pytest.raises(MetricError):
        macro_f1_difference(["a"], np.array([0]), challenger=np.array([0, 1]), champion=np.array([0]), seed=0)
