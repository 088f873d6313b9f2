import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import adjusted_rand_score

from experiments.texts import topics
from experiments.texts.reading import NO_TOPIC, Floats, Table, summed
from features.texts.ngrams import BITS, Places, grams

THEMES = {
    "en": [
        ["luggage", "suitcase", "carousel", "baggage", "belt", "wheels", "strap", "handle"],
        ["breakfast", "coffee", "buffet", "eggs", "bread", "juice", "butter", "cereal"],
        ["phone", "agent", "hold", "call", "line", "ringing", "voicemail", "operator"],
    ],
    "zh": [
        ["行李", "皮箱", "托运", "转盘", "背包", "拉链", "搬运", "寄存"],
        ["早餐", "咖啡", "鸡蛋", "面包", "牛奶", "果汁", "稀饭", "馒头"],
        ["电话", "客服", "热线", "接听", "短信", "拨打", "号码", "留言"],
    ],
}
OTHERS = {"en": ["the", "was", "and", "really", "today", "place"], "zh": ["的", "了", "是", "在", "也", "就"]}


def themed(n_texts: int, *, language: str, seed: int) -> tuple[list[str], Places]:
    rng = np.random.default_rng(seed)
    of = rng.integers(0, 3, n_texts)
    gap = " " if language == "en" else ""
    texts = []
    for one in of:
        words = [*rng.choice(THEMES[language][one], 3, replace=False), *rng.choice(OTHERS[language], 4)]
        texts.append(gap.join(rng.permutation(words)))
    return texts, of


def assigned(texts: list[str], learned: dict[str, object]) -> Places:
    table, cut = Table.of(learned["table"], BITS), grams(texts)  # type: ignore[arg-type]
    sums, numbers = summed(table, table.distinct(cut.units), len(texts))
    return np.where(numbers > 0, sums.argmax(axis=1) if sums.shape[1] else NO_TOPIC, NO_TOPIC)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_themes_are_found_and_named_by_their_words(language: str) -> None:
    texts, _ = themed(400, language=language, seed=1)
    learned = topics.learn(texts, grams(texts).script, n_topics=3)
    asked, truth = themed(200, language=language, seed=2)
    assert adjusted_rand_score(truth, assigned(asked, learned)) > 0.95
    words = [set(name.split()) for name in learned["names"]]
    assert sorted(sum(one <= set(theme) for one in words) for theme in THEMES[language]) == [1, 1, 1]


@given(st.integers(0, 1000))
@settings(max_examples=5)
def test_the_order_of_the_texts_and_copies_of_them_change_nothing(seed: int) -> None:
    texts, _ = themed(150, language="en", seed=1)
    order = np.random.default_rng(seed).permutation(len(texts))
    twice = [texts[k] for k in [*order, *order[:50]]]
    assert topics.learn(twice, grams(twice).script, n_topics=3) == topics.learn(texts, grams(texts).script, n_topics=3)


def test_each_script_has_topics_of_its_own() -> None:
    texts = [*themed(200, language="en", seed=1)[0], *themed(200, language="zh", seed=1)[0]]
    learned = topics.learn(texts, grams(texts).script, n_topics=3)
    found = assigned(texts, learned)
    assert len(set(learned["names"])) == 6
    assert not set(found[:200].tolist()) & set(found[200:].tolist())


def test_few_texts_or_none_asked_for_have_no_topics() -> None:
    texts, _ = themed(50, language="en", seed=1)
    assert topics.learn(texts, grams(texts).script, n_topics=3)["names"] == []
    many, _ = themed(300, language="en", seed=1)
    learned = topics.learn(many, grams(many).script, n_topics=0)
    assert set(assigned(many, learned).tolist()) == {NO_TOPIC}


def test_associations_are_those_by_hand() -> None:
    rng = np.random.default_rng(0)
    counts = (rng.random((200, 6)) < [0.5, 0.4, 0.3, 0.2, 0.1, 0.02]).astype(float)
    expected: Floats = np.zeros((6, 6))
    for a in range(6):
        for b in range(6):
            both = float((counts[:, a] * counts[:, b]).sum())
            if a != b and both >= topics.FEW:
                lift = both * 200 / (counts[:, a].sum() * counts[:, b].sum())
                expected[a, b] = max(0.0, np.log(lift)) * np.sqrt(min(both, topics.MUCH))
    assert np.allclose(topics.associations(csr_array(counts)), expected)
