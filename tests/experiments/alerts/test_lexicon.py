"""Words in texts: spellings, word forms, gaps and negation, case by case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.alerts import lexicon

WORDS = ("速度慢", "时间久", "投诉", "失望", "slow", "complaint", "cancel")


def holds(text: str | None) -> bool:
    return bool(lexicon.hits([text], WORDS)[0])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "速度慢",
            "速度很慢",
            "速度实在太慢了",
            "下载速度慢得要命",
            "等的时间太久",
            "我要投诉",
            "非常失望",
            "我不得不投诉",
        ),
        *("速度慢，不是一般的慢", "服务不好很失望", "不仅失望，还很生气", "无比失望", "没有回复，我要投诉"),
        *("投訴", "時間太久", "投(tóu)诉(sù)", "投\u200b诉", "投 诉", "失望!!!"),
        *("slow", "It is SLOW.", "slower than ever", "very slowly", "two complaints", "I complained? a complaint"),
        *("I want to cancel", "cancelled it", "Cancelling today", "s l o w", "ｓｌｏｗ", "not only slow but rude"),
        *("no answer, so I cancel", "It does not work and is slow, really: not good, slow"),
    ],
)
def test_found(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "速度并不慢",
            "速度不慢",
            "速度一点都不慢",
            "没有投诉",
            "从未投诉过",
            "不会失望",
            "没有任何投诉",
            "并不失望",
            "没让我失望",
        ),
        *(
            "not slow",
            "no complaints",
            "never slow",
            "It isn't slow",
            "It isn’t slow",
            "not at all slow",
            "without complaint",
        ),
        *("without complaint", "no serious complaints", "速度快", "slope", "concellation", "", "慢", "速度", "诉投"),
    ],
)
def test_not_found(text: str) -> None:
    assert not holds(text)


def test_a_missing_text_holds_nothing() -> None:
    assert not holds(None)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_may_be_asked_and_texts_do_not_touch_each_other(before: str, after: str) -> None:
    assert lexicon.hits([before, after], WORDS).tolist() == [holds(before), holds(after)]


@given(st.sampled_from(WORDS), st.sampled_from(["。", "，", " , ", ". ", "! "]))
def test_a_word_after_the_end_of_a_clause_is_not_negated_by_it(word: str, ends: str) -> None:
    assert holds(f"不 not 没有{ends}{word}")


def test_words_that_normalising_changes_are_named() -> None:
    assert lexicon.never_found(["投诉", "投訴", "slow", "Slow", "ｓｌｏｗ", "\u200b"]) == {
        "投訴": "投诉",
        "ｓｌｏｗ": "slow",
        "\u200b": "",
    }


def test_a_long_text_of_negated_words_holds_none_until_one_is_not_negated() -> None:
    negated = "不投诉" * 6_000
    assert lexicon.hits([negated, f"{negated}。投诉"], WORDS).tolist() == [False, True]
