"""Guess of a text file's encoding: by its byte-order mark, by valid UTF-8, or by where accents stand in words.

charset-normalizer was tried first: of short files, such as a few customers, it calls Windows-1252 cp1250, Mac Roman
cp1257 and GB18030 cp949, and does not say which line decided.
"""

import codecs
import re
import unicodedata
from itertools import islice
from pathlib import Path

from pipelines.raw_data.guesses import Decision, Sure

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In this order where the letters make as good words. Latin-1 is Windows-1252 as far as it prints anything.
_ASIAN = ("gb18030", "cp932", "euc_jp", "big5")
_WESTERN = ("cp1252", "mac-roman", "cp1250", "iso8859-2", "cp1251", "koi8-r", "cp850")
# Pairs of bytes of common characters begin so, and punctuation.
_COMMON = {"gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "cp932": (0x88, 0x98), "euc_jp": (0xB0, 0xCF)}
_SIGNS = re.compile(r"[\u3000-\u303f\uff00-\uffef]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_STRANGE = re.compile(r"[^\x00-\x7f]")
_ALIEN = re.compile(r"[^\W\d_a-zA-Z]{3,}")
_LINES, _START, _MOST = 5_000, 4096, 1_000_000
# A letter with its neighbours; where fewer such are seen nothing is likely.
_PLACE = re.compile(r"(?s).?[^\x00-\x7f].?")
_ENOUGH = 3


def encoding_of(path: Path) -> Decision:
    """The encoding of a text file."""
    with path.open("rb") as file:
        start = file.read(_START)
    for mark, name in _MARKS:
        if start.startswith(mark):
            text = _first_line(start.decode(name, errors="ignore"))
            return Decision("encoding", name, "certain", 1, text, f"the file begins with the mark {mark.hex(' ')}")
    if b"\0" in start and (wide := _wide(start)):
        return wide
    strange, number, is_utf8 = _strange_lines(path)
    if not strange:
        return Decision("encoding", "utf-8", "certain", 1, _first_line(start.decode("latin-1")), "all is plain ASCII")
    first = strange[0]
    if is_utf8:
        why = "its letters are UTF-8, and so are all others"
        return Decision("encoding", "utf-8", "certain", number, first.decode("utf-8").strip("\r\n"), why)
    return _by_words(b"".join(strange), first, number)


def _first_line(text: str) -> str:
    return re.split(r"[\r\n]", text.removeprefix("\ufeff"), maxsplit=1)[0]


def _wide(start: bytes) -> Decision | None:
    """UTF-16 without a byte-order mark: the byte order that gives line ends, and no unassigned characters."""
    found = []
    for name in ("utf-16-le", "utf-16-be"):
        text = start[: len(start) // 2 * 2].decode(name, errors="replace")
        odd = sum(unicodedata.category(sign) in ("Cc", "Cn", "Co", "Cs") for sign in text if sign not in "\r\n\t")
        odd += text.count("\ufffd") + 10 * (not re.search(r"[\r\n,;\t|]", text))
        found.append((odd, name, text))
    odd, name, text = min(found)
    if odd > len(text) / 50:
        return None
    why = f"every other byte is 0, or so; {max(found)[1]} would give letters that nobody uses"
    return Decision("encoding", name, "likely", 1, _first_line(text), why)


def _strange_lines(path: Path) -> tuple[list[bytes], int, bool]:
    """The first lines with characters beyond ASCII, the number of the first, and whether the whole file is UTF-8."""
    strange: list[bytes] = []
    number, is_utf8, size = 0, True, 0
    with path.open("rb") as lines:
        for at, line in enumerate(lines, start=1):
            if line.isascii():
                continue
            number = number or at
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                if is_utf8:  # the first that tells
                    strange, number, size = [line, *strange], at, size + len(line)
                    is_utf8 = False
                    continue
            if len(strange) < _LINES and size < _MOST:
                strange.append(line)
                size += len(line)
            elif not is_utf8:
                break
    return strange, number, is_utf8


def _by_words(sample: bytes, first: bytes, number: int) -> Decision:
    scores = [(odd, name) for name in (*_ASIAN, *_WESTERN) if (odd := _odd(sample, name)) is not None]
    best = min((odd for odd, _ in scores), default=1.0)
    name = next((name for odd, name in scores if odd == best), "cp1252")
    text = first.decode(name, errors="replace").strip("\r\n")
    whole = sample.decode(name, errors="replace")
    letters, places = len(_STRANGE.findall(whole)), len(set(_PLACE.findall(whole)))
    others = [other for odd, other in scores if odd == best and other != name]
    sure: Sure = "likely" if best == 0 and places >= _ENOUGH else "open"
    why = f"not UTF-8; read this way, {letters} accents and symbols are where words have them"
    if others:
        why += f" (in {', '.join(others)} too, which are rarer)"
    elif best:
        why = f"not UTF-8; read this way, the fewest of {letters} accents and symbols are in implausible places"
    return Decision("encoding", name, sure, number, text, why)


def _odd(sample: bytes, name: str) -> float | None:
    """The share of characters beyond ASCII in implausible places; None where the text is not in that encoding."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return None
    strange = list(islice(_STRANGE.finditer(text), 20_000))
    if not strange:
        return None
    if name in _ASIAN:
        return _odd_asian([found[0] for found in strange], text, name)
    odd = sum(_stands_oddly(text, found.start()) for found in strange)
    # Whole words of such letters are Russian; in western ones accents come one by one.
    if name not in ("cp1251", "koi8-r"):
        odd += sum(len(run) for run in _ALIEN.findall(text))
    else:
        odd += sum(not _in_alien_word(text, found.start()) for found in strange if found[0].isalpha())
    return min(odd / len(strange), 1.0)


def _odd_asian(strange: list[str], text: str, name: str) -> float | None:
    """The share of rare characters, 0 where few are; None where characters stand alone, as misread accents do."""
    kana = sum(_KANA.match(one) is not None for one in strange)
    if (name in ("cp932", "euc_jp")) != (kana > len(strange) / 5):
        return None
    low, high = _COMMON[name]
    common = kana + sum(_SIGNS.match(one) is not None or low <= one.encode(name)[0] <= high for one in strange)
    alone = len(re.findall(r"(?<![^\x00-\x7f])[^\x00-\x7f](?![^\x00-\x7f])", text))
    if alone > len(strange) / 3:
        return None
    rare = 1 - common / len(strange)
    return 0.0 if rare < 0.2 else rare


def _stands_oddly(text: str, at: int) -> bool:
    """Whether a character is implausible there: a capital or a symbol within a word, or a control character."""
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    kind = unicodedata.category(sign)
    if kind[0] == "C":
        return True
    if kind == "Lu":
        return before.islower() or (before.isupper() and after.islower())
    if kind[0] in "LM" or kind == "Pf":
        return False
    within = before.isalpha() and after.isalpha()
    beside = (kind in ("Sc", "No", "Pi") and before.isalpha()) or (kind == "Sc" and after.isalpha())
    return within or beside or kind in ("Sk", "So")


def _in_alien_word(text: str, at: int) -> bool:
    near = text[max(at - 2, 0) : at + 3]
    return sum(ord(one) > 127 for one in near) >= 2 and not re.search(r"[a-zA-Z]", near)
