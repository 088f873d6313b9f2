"""Conversion of formatted numbers (decimal comma, thousands separators) to texts that a cast can read."""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

# What is taken for one sign: a blank and the unbroken ones, an apostrophe and its typographic form.
_ALIKE = {" ": " \u00a0\u202f", "\u00a0": " \u00a0\u202f", "\u202f": " \u00a0\u202f", "'": "'’", "’": "'’"}
_EXPONENT = "([eE][+-]?[0-9]+)?"
# What a cast would take for a number, or nearly: digits and the signs that stand in numbers.
_LIKE_A_NUMBER = rf"^\s*[+-]?[0-9.,]*[0-9][0-9.,]*{_EXPONENT}\s*$"
DECIMALS = (".", ",")
THOUSANDS = ("", ".", ",", " ", "'", "\u00a0", "\u202f", "’")


@dataclass(frozen=True)
class Signs:
    """The sign before the fraction, and the one between thousands; none where that is empty."""

    decimal: str = "."
    thousands: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether a cast reads such numbers as they stand."""
        return self == Signs()

    @property
    def told(self) -> str:
        """The signs in words."""
        between = f", thousands {self.thousands!r}" if self.thousands else ""
        return f"decimal {self.decimal!r}{between}"

    @property
    def pattern(self) -> str:
        """What a number is: thousands are three digits each or not marked at all; no fraction has a sign within."""
        point, whole = re.escape(self.decimal), "[0-9]+"
        if self.thousands:
            whole = rf"(?:[1-9][0-9]{{0,2}}(?:{self.between}[0-9]{{3}})+|[0-9]+)"
        return rf"^\s*[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+){_EXPONENT}\s*$"

    @property
    def between(self) -> str:
        """What stands between thousands, as a regular expression."""
        signs = _ALIKE.get(self.thousands, self.thousands)
        return "(?:" + "|".join(re.escape(sign) if sign in ".,' " else sign for sign in signs) + ")"


# How numbers are mostly written, the simpler signs first.
USUAL = (
    Signs(),
    Signs(","),
    Signs(".", ","),
    Signs(",", "."),
    *(Signs(decimal, thousands) for thousands in (" ", "'") for decimal in (",", ".")),
)


def fitting(texts: pa.Array) -> tuple[Signs, ...]:
    """The usual signs with which every text is a number; a missing one says nothing."""
    return tuple(one for one in USUAL if pc.all(pc.match_substring_regex(texts, one.pattern)).as_py())


def plain_texts(texts: pa.Array | pa.ChunkedArray, signs: Signs) -> pa.Array | pa.ChunkedArray:
    """The numbers among the texts as `1234.5`; any other text stays.

    A text that is no number with these signs, and that a cast would take for one, gets words behind it that no cast
    reads: 12.50 is not twelve and a half where a comma comes before the fraction.
    """
    if signs.is_plain:
        return texts
    plain = pc.replace_substring_regex(texts, signs.between, "") if signs.thousands else texts
    plain = pc.replace_substring(plain, signs.decimal, ".")
    other = pc.if_else(pc.match_substring_regex(texts, _LIKE_A_NUMBER), _marked(texts, signs), texts)
    return pc.if_else(pc.match_substring_regex(texts, signs.pattern), plain, other)


def markers_as_read(missing: tuple[str, ...], signs: Signs) -> tuple[str, ...]:
    """Texts that mean a missing value, as they come out of a file whose numbers are written with these signs."""
    return tuple(plain_texts(pa.array(missing, pa.string()), signs).to_pylist())


def _marked(texts: pa.Array | pa.ChunkedArray, signs: Signs) -> pa.Array | pa.ChunkedArray:
    return pc.binary_join_element_wise(texts, f" ({signs.told})", "")


def as_sql(column: str, signs: Signs) -> str:
    """What `plain_texts` gives of a quoted column of texts, as SQL."""
    plain = f"regexp_replace({column}, {_literal(signs.between)}, '', 'g')" if signs.thousands else column
    plain = f"replace({plain}, {_literal(signs.decimal)}, '.')"
    marked = f"{column} || {_literal(f' ({signs.told})')}"
    return (
        f"CASE WHEN regexp_matches({column}, {_literal(signs.pattern)}) THEN {plain}"
        f" WHEN regexp_matches({column}, {_literal(_LIKE_A_NUMBER)}) THEN {marked} ELSE {column} END"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
