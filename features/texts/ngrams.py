"""N-grams of normalised texts as numeric features for the text classifiers.

A unit is a word, a single Chinese or Japanese character, or a symbol. A gram is one or two units in a row, or a few
characters in a row within a word and its ends; what stands between other signs is a word, too, where it is Chinese.
Each is hashed to a bucket, so that no vocabulary has to be stored.
All texts are cut at once, as one array of characters.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BITS = 20
# The units in a row, and the characters in a row within a word; an odd factor for each keeps them apart.
UNITS, CHARACTERS = (1, 2), (3, 4)
SCRIPTS = ("none", "latin", "han", "other")
NONE, LATIN, HAN_SCRIPT, OTHER = range(len(SCRIPTS))

ADDRESS = re.compile(r"https?://\S+|www\.\S+")
# What a character is to a unit: between units, part of a word, a unit by itself.
BETWEEN, PART, WHOLE = range(3)
# Characters from here on are symbols or not assigned.
LAST = 0x323B0
SPACE, APOSTROPHE, QUOTE, ZERO = 0x20, 0x27, 0x2019, 0x30
# Multipliers of 64 bits (odd, so that they have an inverse): of positions, and to mix what they give.
BASE, MIXED, SPREAD = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F
INVERSE = pow(BASE, -1, 1 << 64)


@dataclass(frozen=True)
class Found:
    """Grams in the order of the texts: the index of the text of each, and its bucket; shape (n_grams,)."""

    text: Places
    bucket: Places

    def of(self, texts: NDArray[np.bool_]) -> "Found":
        """Those of some of the texts, shape (n_texts,), which keep their indices."""
        kept = texts[self.text]
        return self if kept.all() else Found(self.text[kept], self.bucket[kept])


@dataclass(frozen=True)
class Grams:
    """The grams of texts: of units, of characters; of units, those that are words (or Chinese characters) alone.

    script, shape (n_texts,), is an index of SCRIPTS: the one of most words of a text.
    """

    units: Found
    characters: Found
    words: Found
    script: Places

    def of(self, texts: NDArray[np.bool_]) -> "Grams":
        """Those of some of the texts, shape (n_texts,), which keep their indices."""
        return Grams(self.units.of(texts), self.characters.of(texts), self.words.of(texts), self.script)


@cache
def _characters() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint32]]:
    """What each character is to a unit, its script where it is a letter, and the character that it counts as."""
    role, script = np.full(LAST + 1, WHOLE, dtype=np.uint8), np.zeros(LAST + 1, dtype=np.uint8)
    same = np.arange(LAST + 1, dtype=np.uint32)
    for place in range(LAST):
        one = chr(place)
        if one.isspace():
            role[place] = BETWEEN
        elif one.isalnum() or one in "_'@#" or unicodedata.category(one)[0] == "M":
            role[place] = PART
            same[place] = ZERO if one.isdigit() else place
            script[place] = (LATIN if place < 0x250 or 0x1E00 <= place < 0x1F00 else OTHER) if one.isalpha() else NONE
    for low, high, which in (
        (0x3040, 0x3100, OTHER),
        (0x3400, 0xA000, HAN_SCRIPT),
        (0xF900, 0xFB00, HAN_SCRIPT),
        (0x20000, LAST, HAN_SCRIPT),
    ):
        role[low:high], script[low:high] = WHOLE, which
    same[QUOTE], role[QUOTE] = APOSTROPHE, PART
    return role, script, same


def grams(texts: Sequence[str], *, bits: int = BITS) -> Grams:
    """The grams of normalised texts, each in one of 2 ** bits buckets, as often as they occur."""
    role_of, script_of, same_as = _characters()
    joined = "\n" + ADDRESS.sub("http", "\n".join(texts).lower()) + "\n"  # so that no text stands at an edge
    places = np.minimum(np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32), LAST)
    text, role = np.cumsum(places == ord("\n")) - 1, role_of[places]
    is_part = role == PART
    starts_here = role == WHOLE
    starts_here[1:] |= is_part[1:] & ~is_part[:-1]
    starts_here[:1] |= is_part[:1]
    starts, same = np.flatnonzero(starts_here), same_as[places].astype(np.uint64)
    units, script = _hashed_units(same, starts, role), script_of[places[starts]]
    is_inside = is_part | (script_of[places] == HAN_SCRIPT)
    words = np.flatnonzero(script > NONE)
    return Grams(
        units=_rows_of_units(units, text[starts], bits),
        characters=_rows_of_characters(np.where(is_inside, same, np.uint64(SPACE)), ~is_inside, text, bits),
        words=Found(text[starts][words], _bucket(units[words], 1, bits)),
        script=_scripts(script, text[starts], len(texts)),
    )


def _hashed_units(same: Hashes, starts: Places, role: NDArray[np.uint8]) -> Hashes:
    """A number for each unit that follows from its characters alone: a polynomial of them, modulo 2 ** 64."""
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    terms = np.where(role == BETWEEN, np.uint64(0), same * _powers(BASE, len(same)))
    return _mixed(np.add.reduceat(terms, starts) * _powers(INVERSE, len(same))[starts])


def _powers(base: int, how_many: int) -> Hashes:
    """The powers of a base, from 0 on, modulo 2 ** 64."""
    factors = np.full(how_many, base, dtype=np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)


def _mixed(hashes: Hashes) -> Hashes:
    """The hashes with their upper half, which depends on all bits, mixed into the lower."""
    return (hashes ^ (hashes >> np.uint64(32))) * np.uint64(MIXED)


def _bucket(hashes: Hashes, kind: int, bits: int) -> Places:
    """The bucket of each hash, by the upper bits of a product that is another for each kind of gram."""
    factor = np.uint64((2 * kind + 1) * SPREAD & (1 << 64) - 1)
    return (hashes * factor >> np.uint64(64 - bits)).astype(np.int64)


def _rows_of_units(units: Hashes, text: Places, bits: int) -> Found:
    """Units in a row within a text."""
    texts, buckets, rows = [], [], units
    for size in range(1, max(UNITS) + 1):
        if size > 1:
            rows = _mixed(rows[:-1] * np.uint64(BASE) + units[size - 1 :]) if len(rows) else rows
        if size in UNITS and len(rows):
            within = text[: len(rows)] == text[size - 1 :]
            texts.append(text[: len(rows)][within])
            buckets.append(_bucket(rows[within], size, bits))
    return _joined(texts, buckets)


def _rows_of_characters(characters: Hashes, is_end: NDArray[np.bool_], text: Places, bits: int) -> Found:
    """Characters in a row within a word, of which the first and the last may be its ends."""
    texts, buckets, rows = [], [], characters
    broken = np.zeros(len(characters), dtype=bool)
    for size in range(2, max(CHARACTERS) + 1):
        rows = rows[:-1] * np.uint64(BASE) + characters[size - 1 :] if len(rows) else rows
        broken = broken[: len(rows)] | is_end[size - 2 : size - 2 + len(rows)] if size > 2 else broken[: len(rows)]
        if size in CHARACTERS:
            whole = np.flatnonzero(~broken)
            texts.append(text[whole + 1])
            buckets.append(_bucket(_mixed(rows[whole]), 16 + size, bits))
    return _joined(texts, buckets)


def _joined(texts: list[Places], buckets: list[Places]) -> Found:
    """All grams together."""
    none = np.zeros(0, dtype=np.int64)
    return Found(np.concatenate([none, *texts]), np.concatenate([none, *buckets]))


def _scripts(script: NDArray[np.uint8], text: Places, n_texts: int) -> Places:
    """The script of most words of each text; a text without words has none."""
    counted = np.bincount(text * len(SCRIPTS) + script, minlength=n_texts * len(SCRIPTS)).reshape(n_texts, len(SCRIPTS))
    counted[:, NONE] = 0
    return np.asarray(counted.argmax(axis=1))
