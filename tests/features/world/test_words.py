"""What customers say: in their language, and in a tone that follows their experience."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.sources.simulated import SOURCE, SimulatedOptions
from features.world.fragments import TONES, TOPICS, Fragments
from features.world.words_chinese import CHINESE
from features.world.words_english import ENGLISH

CHINESE_LETTERS = r"[\u4e00-\u9fff]"


@pytest.fixture(scope="module")
def said() -> pd.DataFrame:
    """Every contact as it was last known, with the customer's language."""
    options = SimulatedOptions(customers=3000, months=12)
    rows: dict[str, list[pa.Table]] = {"customers": [], "interactions": []}
    for part in SOURCE.read({}, options):
        if part.table in rows:
            rows[part.table].append(part.rows)
    customers, talks = (pa.concat_tables(tables).to_pandas() for tables in rows.values())
    talks = talks.sort_values("known_at").groupby("interaction_id", as_index=False).last()
    return talks.merge(customers[["customer_id", "language"]]).dropna(subset="text")


def is_upset(texts: pd.Series) -> pd.Series:
    openings = (*ENGLISH.openings["upset"], *CHINESE.openings["upset"])
    return texts.str.startswith(openings)


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_there_are_dozens_of_fragments_for_every_tone_and_some_for_every_topic(words: Fragments) -> None:
    for tone in TONES:
        bodies = [body for topic in TOPICS for body in words.bodies[topic][tone]]
        fragments = [*words.openings[tone], *bodies, *words.closings[tone]]
        assert len(fragments) == len(set(fragments)) >= 48
        assert all(len(words.bodies[topic][tone]) >= 4 for topic in TOPICS)


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_a_message_is_made_of_fragments_of_its_tone_and_topic(words: Fragments) -> None:
    codes = np.array([[tone, topic] for tone in range(len(TONES)) for topic in range(len(TOPICS))])
    for draw in (0.0, 0.5, np.nextafter(1.0, 0.0)):
        made = words.said(tones=codes[:, 0], topics=codes[:, 1], draws=np.full((3, len(codes)), draw))
        for (tone, topic), text in zip(codes, made.to_pylist(), strict=True):
            assert text.startswith(words.openings[TONES[tone]])
            assert any(body in text for body in words.bodies[TOPICS[topic]][TONES[tone]])
            assert text.endswith(tuple(closing for closing in words.closings[TONES[tone]]))
            assert text == text.strip()


def test_customers_write_in_their_language(said: pd.DataFrame) -> None:
    chinese = said["text"].str.contains(CHINESE_LETTERS)
    assert (chinese == (said["language"] == "zh")).all()
    assert 0.3 < chinese.mean() < 0.6


def test_no_two_customers_say_quite_the_same(said: pd.DataFrame) -> None:
    assert said["text"].nunique() > 0.8 * len(said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tone_follows_the_experience(said: pd.DataFrame, language: str) -> None:
    rows = said[said["language"] == language]
    upset = is_upset(rows["text"])
    assert upset[rows["complaint"]].mean() > 0.6
    assert upset[~rows["complaint"]].mean() < 0.25
    before = rows.sort_values("event_at").groupby("customer_id")["complaint"].shift(1, fill_value=False).astype(bool)
    before = before.reindex(rows.index)
    calm = ~rows["complaint"]
    assert upset[calm & before].mean() > upset[calm & ~before].mean()
