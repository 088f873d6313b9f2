from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.texts.ngrams import BITS, CHARACTERS, SCRIPTS, UNITS, Found, grams
from features.texts.normalising import normalise

TEXTS = st.lists(st.text(alphabet="ab cé'@1,!好房間привет😀か", max_size=20), max_size=6)


def counts(found: Found, text: int) -> Counter[int]:
    return Counter(found.bucket[found.text == text].tolist())


def units_by_hand(text: str) -> list[str]:
    """Words, and all other characters that are no blanks one by one."""
    found: list[str] = []
    inside = False
    for one in text.lower():
        is_part = (one.isalnum() or one in "_'@#") and not ("\u3040" <= one <= "\u9fff")
        if is_part and inside:
            found[-1] += one
        elif not one.isspace():
            found.append(one)
        inside = is_part
    return found


def words_by_hand(text: str) -> list[str]:
    """Runs of letters, digits and Chinese characters; a Japanese one ends a run."""
    signs = ["" if "\u3040" <= one < "\u3400" or not (one.isalnum() or one in "_'@#") else one for one in text.lower()]
    return "".join(one or " " for one in signs).split()


@given(TEXTS)
def test_a_text_has_the_same_grams_whatever_stands_beside_it(texts: list[str]) -> None:
    clean = normalise(texts).texts
    together = grams(clean)
    for place, text in enumerate(clean):
        alone = grams([text])
        for name in ("units", "characters", "words"):
            assert counts(getattr(together, name), place) == counts(getattr(alone, name), 0)
        assert together.script[place] == alone.script[0]


@given(TEXTS)
def test_units_are_as_many_as_by_hand(texts: list[str]) -> None:
    clean = normalise(texts).texts
    found = grams(clean)
    for place, text in enumerate(clean):
        units = units_by_hand(text)
        rows = [tuple(units[at : at + size]) for size in UNITS for at in range(len(units) - size + 1)]
        assert sorted(counts(found.units, place).values()) == sorted(Counter(rows).values())


@given(TEXTS)
def test_characters_are_as_many_as_by_hand(texts: list[str]) -> None:
    clean = normalise(texts).texts
    found = grams(clean)
    for place, text in enumerate(clean):
        words = [f" {word} " for word in words_by_hand(text)]
        rows = [word[at : at + size] for word in words for size in CHARACTERS for at in range(len(word) - size + 1)]
        assert counts(found.characters, place).total() == len(rows)
        assert len(counts(found.characters, place)) == len({row.replace("1", "0") for row in rows})


def test_buckets_are_spread_evenly() -> None:
    """Of 20,000 words in 2 ** 20 buckets about 190 share one: n (n - 1) / 2 pairs, each with chance 2 ** -20."""
    words = [f"w{chr(97 + k % 26)}{chr(97 + k // 26 % 26)}{chr(97 + k // 676)}" for k in range(15_000)]
    found = grams(words).words.bucket
    expected = len(words) * (len(words) - 1) / 2 / 2**BITS
    assert abs(len(words) - len(set(found.tolist())) - expected) < 5 * np.sqrt(expected)
    assert found.max() < 2**BITS


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("the hotel", "latin"),
        ("酒店很好", "han"),
        ("Номер", "other"),
        ("とてもよい", "other"),
        ("😀 12!", "none"),
        ("", "none"),
    ],
)
def test_the_script_is_the_one_of_most_words(text: str, script: str) -> None:
    assert SCRIPTS[grams([text]).script[0]] == script


def test_digits_and_case_and_addresses_are_no_differences() -> None:
    found = grams(["Room 12 http://a.b/c", "room 34 https://x.y"])
    assert counts(found.units, 0) == counts(found.units, 1)
