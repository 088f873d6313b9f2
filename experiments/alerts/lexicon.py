"""Finds a lexicon's words in texts, whatever their spelling or word form, and skips negated ones.

English words are compared by their stems (Snowball), Chinese ones letter by letter; of a Chinese word of three letters
or more a few others may stand before the last, as in 速度实在太慢 for 速度慢.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from features.texts.normalising import normalise

STEMMER = snowballstemmer.stemmer("english")
TOKEN = re.compile(r"[a-z0-9]+(?:['\u2019][a-z]+)*|[^\sa-z0-9]")
CLAUSE_ENDS = set(".,;:!?。，；：！？、()…") | {"but", "although", "though"}
# How many words before one may negate it: "not at all slow", "no serious complaints".
REACH = 3
NEGATORS = {"no", "not", "never", "without", "neither", "nor", "none", "hardly", "cannot"}
# After these a negator negates nothing: "not only slow".
NOT_NEGATING = {"only", "just"}
HAN = re.compile(r"[\u3400-\u9fff]")
GAP = r"[^\s。，；：！？,.;:!?]{0,4}?"
_NEGATES = r"(?:不|没有?|未|无|别|勿|莫)"
_BETWEEN = (
    r"(?:任何|一点儿?|什么|半点|怎么|那么|这么|觉得|感到|感觉|让我|令人|至于|[太很会再是有曾想要用必可能算过够])*"
)
NEGATED_BEFORE = re.compile(rf"(?<![非无])(?:{_NEGATES}){_BETWEEN}$")
# So many letters before a word are looked at: each hit costs the same, however long the text.
NEAR = 30
# What looks like a negation and is none.
AFFIRMED_BEFORE = re.compile(r"(?:不得不|不能不|不可不|不仅|不但|不只|不止|不停|不断|无比)[^，。；！？]{0,3}$")


def hits(texts: Sequence[str | None], words: Iterable[str]) -> NDArray[np.bool_]:
    """Which texts hold a word of the lexicon that is not negated; shape (n_texts,). A missing text holds none."""
    patterns = _patterns(tuple(words))
    found = np.zeros(len(texts), dtype=bool)
    for place, text in enumerate(normalise(texts).texts):
        plain = text.casefold()
        tokens: list[str] | None = None
        for pattern in patterns:
            if isinstance(pattern, re.Pattern):
                found[place] = _holds_chinese(plain, pattern)
            else:
                tokens = TOKEN.findall(plain) if tokens is None else tokens
                found[place] = _holds_english(tokens, pattern)
            if found[place]:
                break
    return found


def never_found(words: Iterable[str]) -> dict[str, str]:
    """The words that no normalised text can hold, with what they are once normalised; "" where nothing is left."""
    given = list(words)
    normal = [text.casefold() for text in normalise(given).texts]
    return {word: text for word, text in zip(given, normal, strict=True) if word.casefold() != text}


@lru_cache(maxsize=100)
def _patterns(words: tuple[str, ...]) -> list["re.Pattern[str] | tuple[str, ...]"]:
    return [_pattern(word) for word in _normal(words)]


def _normal(words: tuple[str, ...]) -> list[str]:
    return [text.casefold() for text in normalise(words).texts if text]


def _pattern(word: str) -> "re.Pattern[str] | tuple[str, ...]":
    """A regular expression for a Chinese word, the stems of an English one."""
    if not HAN.search(word):
        return tuple(_stem(token) for token in TOKEN.findall(word))
    letters = [re.escape(letter) for letter in word]
    gap = GAP if len(letters) > 2 else ""
    return re.compile("".join(letters[:-1]) + f"(?P<gap>{gap})" + letters[-1])


def _holds_chinese(text: str, pattern: "re.Pattern[str]") -> bool:
    for found in pattern.finditer(text):
        before, within = text[max(0, found.start() - NEAR) : found.start()], found["gap"]
        is_negated = bool(NEGATED_BEFORE.search(before)) and not AFFIRMED_BEFORE.search(before)
        if not is_negated and not re.search(rf"{_NEGATES}{_BETWEEN}$", within):
            return True
    return False


def _holds_english(tokens: Sequence[str], stems: tuple[str, ...]) -> bool:
    size = len(stems)
    for start in range(len(tokens) - size + 1):
        is_found = all(stem in _stems(token) for stem, token in zip(stems, tokens[start : start + size], strict=True))
        if is_found and not _is_negated(tokens, start):
            return True
    return False


def _is_negated(tokens: Sequence[str], at: int) -> bool:
    """Whether one of the few words before, in the same clause, negates what begins here."""
    for place in range(at - 1, max(at - 1 - REACH, -1), -1):
        token = tokens[place]
        if token in CLAUSE_ENDS:
            return False
        if token in NEGATORS or re.search(r"n['\u2019]t$", token):
            return tokens[place + 1] not in NOT_NEGATING
    return False


def _stem(token: str) -> str:
    return str(STEMMER.stemWord(token))


@lru_cache(maxsize=100_000)
def _stems(token: str) -> frozenset[str]:
    """The stem of a word, and that of it without the ending of a comparative or an adverb, which Snowball keeps."""
    return frozenset({_stem(token), _stem(re.sub(r"(?<=\w{3})(?:er|est|ly)$", "", token))})
