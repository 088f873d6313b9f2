"""What customers say: in their language, and in a tone that follows their experience."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.sources.simulated import SOURCE, SimulatedOptions
from features.world import membership, milestones, usage
from features.world.chapters import Chapter, unfold
from features.world.contacts import INCIDENT, ORDINARY, PRICE, contacts
from features.world.fragments import TONES, TOPICS, Fragments
from features.world.words_chinese import CHINESE
from features.world.words_english import ENGLISH

OPTIONS = SimulatedOptions(customers=3000, months=12)
CHINESE_LETTERS = r"[\u4e00-\u9fff]"


@pytest.fixture(scope="module")
def said() -> pd.DataFrame:
    """Every contact as it was last known, with the customer's language."""
    rows: dict[str, list[pa.Table]] = {"customers": [], "interactions": []}
    for part in SOURCE.read({}, OPTIONS):
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


@pytest.fixture(scope="module")
def chapters() -> list[Chapter]:
    return list(islice(unfold(seed=OPTIONS.seed, customers=OPTIONS.customers, start=OPTIONS.start), OPTIONS.months))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_is_let_down_says_so_without_a_complaint(
    said: pd.DataFrame, chapters: list[Chapter], language: str
) -> None:
    states = {str(chapter.month.name): chapter.before.is_let_down for chapter in chapters}
    calm = said[(said["language"] == language) & ~said["complaint"] & (said["topic"] != "price")]
    places, months = calm["customer_id"].str[1:].astype(int) - 1, calm["event_at"].dt.strftime("%Y-%m")
    is_let_down = np.array([states[month][place] for month, place in zip(months, places, strict=True)])
    upset = is_upset(calm["text"])
    assert is_let_down.sum() > 100
    assert upset[is_let_down].mean() > 0.8
    assert upset[~is_let_down].mean() < 0.2


def test_nothing_but_messages_differs_between_who_is_let_down_and_who_is_not(chapters: list[Chapter]) -> None:
    """The last month twice, once with everybody awake let down, once with nobody, and the same leavers."""
    last = chapters[-1]
    everybody = replace(last, before=replace(last.before, is_let_down=~last.before.is_dormant))
    nobody = replace(last, before=replace(last.before, is_let_down=last.before.is_dormant & False))
    for rows in (usage.rows, membership.contracts, membership.customers, milestones.rows):
        assert rows(everybody).equals(rows(nobody))


def test_who_is_let_down_asks_more_and_meets_with_no_more_incidents(chapters: list[Chapter]) -> None:
    more: Counter[int] = Counter()
    fewer: Counter[int] = Counter()
    for chapter in chapters:
        awake = ~chapter.before.is_dormant
        for found, is_let_down in ((more, awake), (fewer, awake & False)):
            told = contacts(replace(chapter, before=replace(chapter.before, is_let_down=is_let_down)))
            found.update(told.cause.tolist())
    assert 1.5 * fewer[ORDINARY] < more[ORDINARY] < 4 * fewer[ORDINARY]
    for cause in (INCIDENT, PRICE):
        assert abs(more[cause] - fewer[cause]) < 4 * np.sqrt(more[cause] + fewer[cause])


def test_who_writes_often_writes_most_messages_and_the_others_are_never_let_down(chapters: list[Chapter]) -> None:
    often = chapters[-1].population.writes_often
    assert 0.25 < often.mean() < 0.35
    ordinary = [found.customers[found.cause == ORDINARY] for found in map(contacts, chapters)]
    assert often[np.concatenate(ordinary)].mean() > 0.7
    assert not any(chapter.now.is_let_down[~often[: len(chapter.now.is_let_down)]].any() for chapter in chapters)
