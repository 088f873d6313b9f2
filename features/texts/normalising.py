"""Normalising of texts, so that one word is spelt in one way; what was changed is counted.

Compatible characters are unified (NFKC), traditional Chinese becomes simplified (OpenCC), and what is put between
characters to hide a word is removed. A normalised text stays as it is: the steps are repeated until nothing changes.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from opencc import OpenCC

LONGEST = 20_000
MOST_ROUNDS = 16
# Combining marks in a row beyond these are decoration, and ordering thousands of them takes quadratic time.
MARKS_IN_A_ROW = 4

RARE = "\U00020000-\U000323af"
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# Characters without width or shape of their own: joiners, directions, variation selectors, fillers, tags.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+"
)
CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
# Only what has to be ordered among its neighbours; most texts have none.
MARK = "[\u0300-\u036f\u0483-\u0487\u0591-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ua66f-\ua69f\ufe20-\ufe2f]"
MARKS = re.compile(f"({MARK}{{{MARKS_IN_A_ROW}}}){MARK}+")
# These begin with a literal, which is what makes looking for them quick.
SPACED_HAN = re.compile(f" (?<=[{HAN}] )(?=[{HAN}])")
LETTER = f"[^\\W\\d_{HAN}\u3040-\u30ff]"
SPACED_LETTERS = re.compile(f" (?<=(?<!\\S){LETTER} ){LETTER}(?: {LETTER})+(?!\\S)")
# Brackets straight after a Chinese character, which may hold its pronunciation.
BRACKETS = re.compile(f"\\((?<=[{HAN}]\\()[^()]{{1,40}}\\)(?:\\([^()]{{1,40}}\\))*")
# The finals that each initial of pinyin can have.
FINALS = {
    "[bpm]": "a|o|ai|ei|ao|an|en|ang|eng|i|ie|iao|ian|in|ing|u|ou|e|iu",
    "f": "a|o|ei|an|en|ang|eng|ou|u",
    "[dt]": "a|ai|ao|an|ang|e|ei|en|eng|i|ia|ie|iao|ian|ing|iu|ong|ou|u|uan|ui|un|uo",
    "[nl]": "a|ai|ao|an|ang|e|ei|en|eng|i|ia|ie|iao|ian|in|ing|iang|iu|o|ong|ou|u|uan|un|uo|ue",
    "[gkh]": "a|ai|ao|an|ang|e|ei|en|eng|ong|ou|u|ua|uai|uan|uang|ui|un|uo",
    "[jqx]": "i|ia|ie|iao|ian|in|ing|iang|iong|iu|u|ue|uan|un",
    "[zcs]h?": "a|ai|ao|an|ang|e|ei|en|eng|i|ong|ou|u|ua|uai|uan|uang|ui|un|uo",
    "r": "ao|an|ang|e|en|eng|i|ong|ou|u|ua|uan|ui|un|uo",
    "y": "a|ao|an|ang|e|i|in|ing|o|ong|ou|u|uan|ue|un",
    "w": "a|ai|an|ang|ei|en|eng|o|u",
    "": "a|ai|an|ang|ao|e|ei|en|eng|er|o|ou|n|ng|m|hm|hng",
}
SYLLABLE = "(?:" + "|".join(f"{initial}(?:{finals})" for initial, finals in FINALS.items()) + ")[1-5]?"
PINYIN = re.compile(f"{SYLLABLE}(?:[ '\u2019-]?{SYLLABLE})*")
ZHUYIN = re.compile("[\u3105-\u312f\u31a0-\u31bf\u02c7\u02ca\u02cb\u02d9\u0307 ]+")
# Decomposed: the mark of a tone stands after its vowel, and is taken out before syllables are recognised.
TONE, VOWEL_SIGNS = re.compile("[1-5\u0300\u0301\u0304\u030c]"), re.compile("[\u0300\u0301\u0304\u030c\u0308]")


@dataclass(frozen=True)
class Normalised:
    """Normalised texts, in order, and how many times each kind of change was made.

    counts has `missing` (texts that were none), `cut` (characters beyond the longest text that is read), `control`,
    `invisible` and `marks` (characters removed), `compatible` and `traditional` (texts changed), `pronunciation`
    (brackets removed), `spaced` (gaps closed within a word), `unsettled` (texts given up).
    """

    texts: tuple[str, ...]
    counts: Mapping[str, int]


def normalise(texts: Sequence[Any], *, longest: int = LONGEST) -> Normalised:
    """The texts normalised; what is no text, such as None or NaN, is an empty one.

    Of each, longest characters are read at most. Time is linear in what is read.
    """
    counts: Counter[str] = Counter()
    return Normalised(tuple([_settled(text, longest, counts) for text in texts]), dict(counts))


def _settled(given: Any, longest: int, counts: Counter[str]) -> str:
    """A text after rounds of all steps, until one changes nothing."""
    if not isinstance(given, str):
        counts["missing"] += 1
        return ""
    text: str = given
    for _ in range(MOST_ROUNDS):
        before, text = text, _once(text, longest, counts)
        if text == before:
            return text
    counts["unsettled"] += 1
    return ""


def _once(text: str, longest: int, counts: Counter[str]) -> str:
    """One round of all steps."""
    if len(text) > longest:
        counts["cut"] += len(text) - longest
        text = text[:longest]
    if not text.isprintable():
        text = _removed(CONTROL, text, "control", counts)
    if not text.isascii():
        text = _unified(text, counts)
    text = SPACED_LETTERS.sub(lambda found: _closed(found.group(), counts), text)
    text = " ".join(text.split())
    if text.isascii():
        return text
    text, gaps = SPACED_HAN.subn("", text)
    counts["spaced"] += gaps
    return BRACKETS.sub(lambda found: _spoken(found.group(), counts), text)


def _unified(text: str, counts: Counter[str]) -> str:
    """A text in simplified characters that are nobody's compatible form, without invisible ones."""
    text = _removed(INVISIBLE, text, "invisible", counts)
    shorter = MARKS.sub(r"\1", text)
    counts["marks"] += len(text) - len(shorter)
    if not unicodedata.is_normalized("NFKC", shorter):
        counts["compatible"] += 1
        shorter = unicodedata.normalize("NFKC", shorter)
    if _traditional().search(shorter) is None:
        return shorter
    simplified = str(_converter().convert(shorter))
    counts["traditional"] += simplified != shorter
    return simplified


def _removed(what: re.Pattern[str], text: str, kind: str, counts: Counter[str]) -> str:
    """The text without these characters, which are counted."""
    shorter = what.sub("", text)
    counts[kind] += len(text) - len(shorter)
    return shorter


def _closed(spaced: str, counts: Counter[str]) -> str:
    """Single letters with blanks between them, as a word."""
    counts["spaced"] += spaced.count(" ")
    return spaced.replace(" ", "")


def _spoken(brackets: str, counts: Counter[str]) -> str:
    """Brackets in a row after a character, without those that hold a pronunciation."""
    kept = [one for one in brackets[1:-1].split(")(") if not is_pronunciation(one)]
    counts["pronunciation"] += brackets.count("(") - len(kept)
    return "".join(f"({one})" for one in kept)


def is_pronunciation(text: str) -> bool:
    """Whether a text is pinyin with tone marks or digits, in lower case, or zhuyin."""
    apart = unicodedata.normalize("NFD", text.strip())
    if ZHUYIN.fullmatch(apart):
        return bool(apart.strip())
    plain = VOWEL_SIGNS.sub("", apart).replace("v", "u")
    return TONE.search(apart) is not None and PINYIN.fullmatch(plain) is not None


@cache
def _converter() -> OpenCC:
    """OpenCC from traditional to simplified: its dictionaries take a while to load."""
    return OpenCC("t2s")


@cache
def _traditional() -> re.Pattern[str]:
    """The characters that it changes, and all rare ones. A text without any is left alone, which saves much time."""
    han = [chr(place) for place in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00))]
    simplified = _converter().convert("\n".join(han)).split("\n")
    return re.compile(f"[{''.join(old for old, new in zip(han, simplified, strict=True) if old != new)}]|[{RARE}]")
