"""What is promised of the two real sets: the mean of three seeded splits, equal texts on one side.

Over splits the F1 of Chinese reviews is 0.892 with a standard deviation of 0.008, that of tweets 0.773 and 0.006; the
bounds are below the mean of three by what its standard error allows, and splits are fixed.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from opencc import OpenCC

from experiments.texts.classes import classes_of
from experiments.texts.equal_texts import held_out
from experiments.texts.judging import Judgement, judge
from experiments.texts.learning import fit
from experiments.texts.reading import Reader
from features.texts.ngrams import Places
from features.texts.normalising import normalise
from tests.text_worlds import polluted

SEEDS = (0, 1, 2)
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Split:
    """A reader, the texts held out from it, their classes, and how it is judged on them."""

    reader: Reader
    texts: list[str]
    truth: Places
    judged: Judgement


def splits(texts: list[str], truth: Places) -> list[Split]:
    found = []
    clean = list(normalise(texts).texts)
    for seed in SEEDS:
        out = held_out(clean, truth, share=0.2, seed=seed)
        train, test = ([text for text, one in zip(texts, out, strict=True) if one == side] for side in (False, True))
        reader = fit(train, truth[~out], params={"topics": 0}, seed=seed)
        found.append(Split(reader, test, truth[out], judge(test, truth[out], reader.read(test), seed=0, draws=200)))
    return found


@pytest.fixture(scope="module")
def hotels(shared_data: Path) -> list[Split]:
    read = pd.read_csv(shared_data / "text" / "ChnSentiCorp_htl_all.csv").dropna()
    return splits(read["review"].tolist(), classes_of(read["label"].tolist(), {"bad": ["0"], "good": ["1"]}))


@pytest.fixture(scope="module")
def airlines(shared_data: Path) -> list[Split]:
    read = pd.read_csv(shared_data / "text" / "Tweets.csv", encoding_errors="replace")
    names = {"bad": ["negative"], "indifferent": ["neutral"], "good": ["positive"]}
    return splits(read["text"].tolist(), classes_of(read["airline_sentiment"].tolist(), names))


def mean(split: list[Split], name: str) -> float:
    figures = [getattr(one.judged, name) for one in split]
    return float(np.mean([getattr(one, "value", one) for one in figures]))


def test_chinese_reviews_are_read(hotels: list[Split]) -> None:
    assert mean(hotels, "leaning_f1") > 0.885
    assert mean(hotels, "calibration_error") < 0.03
    assert abs(mean(hotels, "overconfidence")) < 0.02
    assert mean(hotels, "unknown") < 0.01


def test_english_tweets_are_read(airlines: list[Split]) -> None:
    assert mean(airlines, "macro_f1") > 0.77
    assert mean(airlines, "calibration_error") < 0.03
    assert abs(mean(airlines, "overconfidence")) < 0.02
    assert mean(airlines, "unknown") < 0.01


def test_traditional_and_polluted_spellings_cost_nothing(hotels: list[Split]) -> None:
    one, converter = hotels[0], OpenCC("s2tw")
    spoilt = [polluted(converter.convert(text), seed=k) for k, text in enumerate(one.texts)]
    judged = judge(one.texts, one.truth, one.reader.read(spoilt), seed=0, draws=50)
    assert judged.leaning_f1.value > one.judged.leaning_f1.value - 0.01


@pytest.mark.parametrize("name", ["hotels", "airlines"])
def test_five_thousand_texts_a_second_are_read(name: str, request: pytest.FixtureRequest) -> None:
    one: Split = request.getfixturevalue(name)[0]
    one.reader.read(one.texts[:100])
    start = time.process_time()
    one.reader.read(one.texts)
    assert len(one.texts) / (time.process_time() - start) > 5_000


def test_of_another_trade_it_is_not_much_too_sure(airlines: list[Split]) -> None:
    """Of hotels, in words of hotels, by a reader of tweets: its confidence is above accuracy by 0.1 at most."""
    rng = np.random.default_rng(0)
    places = ["room", "bathroom", "breakfast", "pool", "reception", "bed", "lobby", "view", "minibar", "shower"]
    good = ["was spotless", "was lovely", "was great value", "exceeded our expectations", "is excellent", "felt cosy"]
    bad = ["was filthy", "was awful", "smelled of smoke", "is overpriced", "was noisy all night", "needs renovation"]
    plain = ["is on the second floor", "opens at seven", "faces the street", "has two windows", "is next to the lift"]
    said, truth = [], []
    for _ in range(300):
        one = int(rng.integers(3))
        first, second = rng.choice(places, 2, replace=False)
        first_end, second_end = rng.choice([bad, plain, good][one], 2, replace=False)
        said.append(f"The {first} {first_end} and the {second} {second_end}.")
        truth.append(one)
    found = judge(said, np.array(truth), airlines[0].reader.read(said), seed=0, draws=200)
    assert found.overconfidence.value < 0.1
