"""Texts about something else than training's are told and read less surely; the training's shares say nothing."""

import numpy as np
import pytest

from experiments.texts.learning import DEFAULTS, fit
from experiments.texts.reading import CLASSES, GOOD, Reader, own_trade, softmax, tempered
from features.texts.ngrams import Found, Places, grams
from features.texts.normalising import normalise
from tests.text_worlds import WORDS, texts_of

LEARNED = {"usual": 0.8, "spread": 0.1, "length": 20, "log_shares": np.log([0.7, 0.2, 0.1]).tolist()}


def world() -> tuple[list[str], Places]:
    """Four of five texts are bad; some stand there twice."""
    texts, classes = texts_of(600, language="en", seed=1, classes=(0, 2))
    kept = np.flatnonzero((classes == 0) | (np.arange(600) % 4 == 0))
    index = np.concatenate([kept, kept[:50]])
    return [texts[place] for place in index], classes[index]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return fit(*world(), params={"topics": 0}, seed=0)


def found(numbers: list[int]) -> Found:
    text = np.repeat(np.arange(len(numbers)), numbers)
    return Found(text, np.zeros(len(text), dtype=np.int64))


def test_what_is_usual_is_what_the_other_texts_know_of_each(reader: Reader) -> None:
    """An oracle: each different text without itself, gram by gram."""
    texts = sorted(set(normalise(world()[0]).texts))
    units = [grams([text]).units.bucket.tolist() for text in texts]
    shares = []
    for place, own in enumerate(units):
        others = [set(one) for at, one in enumerate(units) if at != place]
        shares.append(np.mean([sum(gram in one for one in others) >= DEFAULTS["min_texts"] for gram in own]))
    learned = reader.plain["scripts"]["latin"]
    assert learned["usual"] == pytest.approx(np.median(shares), abs=1e-4)
    assert learned["spread"] == pytest.approx(np.std(shares), abs=1e-4)
    assert learned["length"] == int(np.median([len(one) for one in units]))
    bad = np.mean(world()[1] == 0)
    assert np.exp(learned["log_shares"]) == pytest.approx([bad, 1 - bad], abs=1e-4)


def test_of_its_own_trade_nothing_changes_and_of_another_half_is_left_without_the_shares() -> None:
    scores = np.array([[2.0, 0.5, -1.0], LEARNED["log_shares"]])
    assert tempered(scores, np.ones(2), LEARNED).tolist() == scores.tolist()
    abroad = softmax(tempered(scores, np.zeros(2), LEARNED))
    # By hand: each class's odds over its share, and of that the root.
    odds = np.sqrt(np.exp(scores[0]) / np.array([0.7, 0.2, 0.1]))
    assert abroad[0] == pytest.approx(odds / odds.sum())
    assert abroad[1] == pytest.approx(np.full(3, 1 / 3))


def test_the_less_is_familiar_the_less_it_is_of_the_trade_and_a_short_text_shows_less() -> None:
    familiar = np.array([0.95, 0.8, 0.7, 0.6, 0.4])
    own = own_trade(familiar, found([20] * 5), LEARNED)
    assert own[:2].tolist() == [1.0, 1.0]
    assert (np.diff(own[1:]) < 0).all()
    assert own[-1] < 0.01
    few = own_trade(familiar, found([2] * 5), LEARNED)
    assert (few[2:] > own[2:]).all()
    assert own_trade(familiar, found([200] * 5), LEARNED).tolist() == own.tolist()
    assert np.isfinite(own_trade(np.zeros(1), found([0]), {**LEARNED, "spread": 0.04, "length": 1})).all()


def test_a_text_without_a_sign_is_of_the_usual_class_only_in_its_own_trade(reader: Reader) -> None:
    rng = np.random.default_rng(0)
    neutral = WORDS["en"][3]
    own = [" ".join(rng.choice(neutral, 12)) for _ in range(200)]
    foreign = [" ".join(rng.permutation([*rng.choice(neutral, 9), "qua", "zed", "wix"])) for _ in range(200)]
    at_home, abroad = (reader.read(texts)[list(CLASSES)].to_numpy() for texts in (own, foreign))
    assert reader.read(foreign)["known"].all()
    assert at_home.max(axis=1).mean() > abroad.max(axis=1).mean() + 0.05
    assert abroad[:, GOOD].mean() > at_home[:, GOOD].mean() + 0.05
