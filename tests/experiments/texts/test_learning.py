import numpy as np
import pandas as pd
import pytest
from opencc import OpenCC
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from experiments.texts.judging import macro_f1
from experiments.texts.learning import DEFAULTS, checked, fit
from experiments.texts.reading import CLASSES, Reader
from experiments.texts.search import STARTING_POINTS
from features.errors import DataError, SpecError
from features.texts.ngrams import Places
from tests.text_worlds import polluted, texts_of

FEW = {"topics": 2}


@pytest.fixture(scope="module")
def world() -> tuple[list[str], Places]:
    english, chinese = (texts_of(500, language=one, seed=k) for k, one in enumerate(("en", "zh")))
    return [*english[0], *chinese[0]], np.concatenate([english[1], chinese[1]])


@pytest.fixture(scope="module")
def reader(world: tuple[list[str], Places]) -> Reader:
    return fit(*world, params=FEW, seed=0)


def codes(read: pd.DataFrame, column: str = "class") -> Places:
    return read[column].map(CLASSES.index).to_numpy()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_reads_what_it_has_not_seen(reader: Reader, language: str) -> None:
    """A quarter of the texts hold a word of another class: about an eighth cannot be told."""
    texts, truth = texts_of(400, language=language, seed=9)
    read = reader.read(texts)
    assert macro_f1(truth, codes(read)) > 0.8
    assert set(read["script"]) == {"latin" if language == "en" else "han"}
    assert read["known"].all()


def test_two_languages_together_are_read_as_each_alone(reader: Reader, world: tuple[list[str], Places]) -> None:
    texts, truth = world
    alone = fit(texts[:500], truth[:500], params=FEW, seed=0)
    asked = texts_of(100, language="en", seed=3)[0]
    columns = ["class", "tone", "confidence", "known"]
    pd.testing.assert_frame_equal(reader.read(asked)[columns], alone.read(asked)[columns])


def test_tone_confidence_and_probabilities_agree(reader: Reader, world: tuple[list[str], Places]) -> None:
    read = reader.read(world[0])
    assert read["tone"].between(-1, 1).all()
    assert np.allclose(read["tone"], read["good"] - read["bad"], atol=2e-6)
    assert np.allclose(read[list(CLASSES)].sum(axis=1), 1, atol=3e-6)
    said = read[list(CLASSES)].to_numpy()[np.arange(len(read)), codes(read)]
    assert np.allclose(read["confidence"], said)


def test_a_text_is_read_by_itself(reader: Reader, world: tuple[list[str], Places]) -> None:
    texts = [*world[0][:300], "", None, "😀"]
    together = reader.read(texts)
    rows = pd.concat([reader.read([text]) for text in texts], ignore_index=True)
    pd.testing.assert_frame_equal(together, rows)
    assert reader.read([]).columns.equals(together.columns)
    assert len(reader.read([])) == 0


def test_the_order_of_the_texts_changes_nothing(world: tuple[list[str], Places], reader: Reader) -> None:
    texts, truth = world
    order = np.random.default_rng(5).permutation(len(texts))
    assert fit([texts[k] for k in order], truth[order], params=FEW, seed=0).plain == reader.plain


def test_nothing_is_kept_from_another_fit(world: tuple[list[str], Places], reader: Reader) -> None:
    other = [text.replace("hotel", "ship") for text in world[0]]
    fit(other, 2 - world[1], params=FEW, seed=1)
    assert fit(*world, params=FEW, seed=0).plain == reader.plain


@pytest.mark.parametrize(
    "text",
    [
        "Das Zimmer ist schmutzig",
        "Номер очень грязный",
        "部屋がとても汚かったです",
        "qwrt zxcv pljk",
        "😀😀🎉",
        "",
        " ",
        None,
        "\ud800",
        "123",
    ],
)
def test_what_training_did_not_know_is_indifferent_and_unsure(reader: Reader, text: str | None) -> None:
    read = reader.read([text]).iloc[0]
    assert (read["class"], read["tone"], read["known"]) == ("indifferent", 0.0, False)
    assert read["confidence"] <= 1 / 3


def test_traditional_and_polluted_texts_are_read_as_the_plain_ones(reader: Reader) -> None:
    texts = texts_of(200, language="zh", seed=4)[0]
    converter = OpenCC("s2t")
    traditional = [converter.convert(text) for text in texts]
    spoilt = [polluted(text, seed=k) for k, text in enumerate(traditional)]
    assert spoilt != texts
    pd.testing.assert_frame_equal(reader.read(spoilt), reader.read(texts))


def test_without_indifferent_texts_the_unsure_ones_are_indifferent() -> None:
    texts, truth = texts_of(600, language="en", seed=2, classes=(0, 2))
    asked, actual = texts_of(300, language="en", seed=3, classes=(0, 2))
    read = fit(texts, truth, params={**FEW, "sure_from": 0.7}, seed=0).read(asked)
    unsure = read[["bad", "good"]].max(axis=1) < 0.7
    assert 0 < unsure.mean() < 0.5
    assert ((read["class"] == "indifferent") == unsure).all()
    assert (read.loc[unsure, "confidence"] < 0.7).all()
    assert (read["indifferent"] == 0).all()
    assert set(read["leaning"]) == {"bad", "good"}
    assert macro_f1(actual, codes(read, "leaning")) > 0.85


def test_confidence_is_right_out_of_sample(reader: Reader) -> None:
    """Within 4 standard errors of a share, and the calibration's own of 500 texts."""
    texts, truth = texts_of(2000, language="en", seed=8)
    read = reader.read(texts)
    probability = read[list(CLASSES)].to_numpy()[np.arange(2000), codes(read, "leaning")]
    right = codes(read, "leaning") == truth
    assert abs(probability.mean() - right.mean()) < 4 * np.sqrt(0.25 / 2000 + 0.1 / 500)


def test_copies_of_held_out_texts_do_not_make_it_sure() -> None:
    """Labels by chance, each text ten times: unless copies stand together, it is sure of what it only remembers."""
    rng = np.random.default_rng(0)
    texts = texts_of(80, language="en", seed=6)[0]
    truth = rng.integers(0, 2, 80) * 2
    reader = fit(texts * 10, np.tile(truth, 10), params=FEW, seed=0)
    asked = reader.read(texts_of(300, language="en", seed=7)[0])
    assert asked[["bad", "good"]].max(axis=1).mean() < 0.7


def test_the_weights_are_those_of_scikit_learn_on_its_own_counts() -> None:
    """An oracle: words one by one, cut and counted by scikit-learn, tell the classes as well but for a few texts."""
    texts, truth = texts_of(800, language="en", seed=1)
    asked, actual = texts_of(400, language="en", seed=2)
    counter = CountVectorizer(ngram_range=(1, 2), binary=True, min_df=2)
    plain = LinearSVC(C=0.1, random_state=0).fit(counter.fit_transform(texts), truth).predict(counter.transform(asked))
    mine = codes(fit(texts, truth, params=FEW, seed=0).read(asked))
    assert macro_f1(actual, mine) > macro_f1(actual, plain) - 0.04
    assert np.mean(mine == plain) > 0.85


def test_what_cannot_be_learned_is_refused() -> None:
    texts, truth = texts_of(60, language="en", seed=0)
    with pytest.raises(DataError, match="at least 10 different texts"):
        fit(texts, np.zeros(60, dtype=int), params={}, seed=0)
    with pytest.raises(DataError, match="each text has one"):
        fit(texts, truth[1:], params={}, seed=0)
    with pytest.raises(DataError, match="indices"):
        fit(texts, truth + 1, params={}, seed=0)
    with pytest.raises(DataError, match="at least 10 different texts"):
        fit([], np.zeros(0, dtype=int), params={}, seed=0)
    with pytest.raises(DataError, match="at least 10 different texts"):
        fit(["same"] * 30 + ["other"] * 30, np.repeat([0, 2], 30), params={}, seed=0)
    with pytest.raises(SpecError, match="no parameters"):
        checked({"depth": 3})


def test_a_rare_class_of_a_script_is_left_out() -> None:
    texts, truth = texts_of(200, language="en", seed=0, classes=(0, 2))
    truth[0] = 1
    read = fit(texts, truth, params=FEW, seed=0).read(texts)
    assert (read["indifferent"] == 0).all()


def test_what_is_tried_first_are_the_defaults() -> None:
    assert all(checked(point) == dict(DEFAULTS) for point in STARTING_POINTS)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_texts_that_differ_in_numbers_only_are_learned(share: float) -> None:
    """To the reader these are two texts: no third lies on another side, so that models of one side have no rows."""
    texts = [f"{'lovely quick' if k < 10 + share * 80 else 'rude broken'} {k}" for k in range(10, 90)]
    classes = np.array([2 if text.startswith("lovely") else 0 for text in texts])
    said = fit(texts, classes, params={}, seed=0).read(["lovely quick 7", "rude broken 8"])
    assert said["class"].tolist() == ["good", "bad"]
    assert said["tone"].iloc[0] > 0 > said["tone"].iloc[1]


def test_where_nothing_can_be_learned_it_says_what_there_is_of_each_script() -> None:
    texts = [
        *(f"great stay {chr(97 + k % 26)}{k}" for k in range(30)),
        *(f"太差{chr(0x4E00 + k)}" for k in range(20)),
        "12!",
    ]
    with pytest.raises(DataError, match="there are 1 bad without words, 30 good in latin, 20 bad in han"):
        fit(texts, np.array([2] * 30 + [0] * 21), params={}, seed=0)
