"""The proposal for a column without a special role: a type with bounds, or to leave it out, with the reason."""

from dataclasses import dataclass, field
from typing import Any

from pipelines.jobs.proposing import names
from pipelines.jobs.proposing.profiles import Profile

# Categories of more values are not listed: nobody reads so long a list.
MOST_LISTED = 20
LARGEST_WHOLE = 2**53 - 1
LARGEST = 1e30
# With fewer rows, unique values are no sign of an identifier.
FEW_ROWS = 20
SURE, LIKELY, GUESS = "sure", "likely", "guess"


@dataclass(frozen=True)
class Proposal:
    """The proposal for one column: its entry in the spec (None to leave it out), the reason, and the certainty.

    asks is an open question for the user, a line of the list of open points; "" where there is none.
    """

    name: str
    entry: dict[str, Any] | None
    why: str
    sure: str
    asks: str = ""
    notes: tuple[str, ...] = field(default=())


def proposed(found: Profile) -> Proposal:
    """The proposal for a column by its values and its name."""
    for judge in (_left_out, _dates, _number, _dressed, _mixed, _text):
        if (said := judge(found)) is not None:
            return said
    return _category(found)


def _out(found: Profile, why: str, sure: str = SURE, asks: str = "") -> Proposal:
    return Proposal(found.name, None, why, sure, asks)


def _left_out(found: Profile) -> Proposal | None:
    """The proposal to leave out a constant column or an identifier; None for others."""
    if found.known == 0:
        return _out(found, f"empty in all {found.rows:,} rows")
    if found.distinct == 1 and found.known == found.rows:
        return _out(found, f"{shown(found.values[0])} in all {found.rows:,} rows: a constant")
    if any(ord(sign) < ord(" ") for sign in found.name) or len(found.name) > MOST_LETTERS:
        return _out(found, "its name cannot be written into a spec", asks="rename it in the file to use it")
    unique = found.distinct == found.known and found.known > FEW_ROWS
    if unique and names.is_key(found.name):
        return _out(found, "unique in each row, and named like a key: an identifier", LIKELY)
    if unique and found.whole == found.known and found.known == found.rows:
        span = found.high - found.low + 1
        if span == found.rows or (found.longest >= 6 and len(str(int(found.low))) == found.longest):
            return _out(found, "a whole number, unique in each row: a running number or an identifier", LIKELY)
    return None


MOST_LETTERS = 100


def is_of_days(found: Profile) -> bool:
    """Whether a column holds dates, apart from markers of missing values."""
    return found.days > 0 and found.days + _rows_of(found, found.markers) >= found.known


def _dates(found: Profile) -> Proposal | None:
    if is_of_days(found):
        return _out(
            found,
            f"dates, such as {shown(found.values[0])}: a table without history cannot use them as they are",
            asks="count the days to it by --as-of DAY, or leave it out",
        )
    serial = found.low >= 20_000 and found.high <= 80_000 and found.numbers == found.known
    if serial and names.says(found.name, names.DATED):
        return _out(
            found,
            f"numbers from {found.low:.6g} to {found.high:.6g}, named like a date: Excel's serial days",
            LIKELY,
            "format the column as a date in Excel, or leave it out",
        )
    return None


def _rows_of(found: Profile, texts: tuple[str, ...]) -> int:
    counted = dict((*found.odd, *found.top))
    return sum(counted[text] for text in set(texts))


def _number(found: Profile) -> Proposal | None:
    markers = tuple(dict.fromkeys(found.markers)) if found.odd else ()
    if found.numbers == 0 or found.numbers + _rows_of(found, markers) < found.known:
        return None
    if (found.padded and found.whole == found.numbers) or names.says(found.name, names.CODE):
        return None  # a code: 01 is not 1
    return _of_type_number(found, markers)


def _of_type_number(found: Profile, markers: tuple[str, ...]) -> Proposal:
    largest = max(abs(found.low), abs(found.high))
    is_whole = found.whole == found.numbers and largest <= LARGEST_WHOLE
    if largest > (LARGEST_WHOLE if found.whole == found.numbers else LARGEST):
        return _out(found, f"numbers up to {largest:.3g} in size, too large for double precision", LIKELY)
    entry: dict[str, Any] = {"type": "integer" if is_whole else "number"}
    why = ["whole numbers" if is_whole else "numbers", f"from {found.low:.6g} to {found.high:.6g}"]
    sure, asks = SURE, ""
    if said := names.unit(found.name):
        entry["unit"] = said
        why.append(f"the name says {said}")
    if is_whole and (found.low, found.high) == (0, 1):
        entry |= {"minimum": 0, "maximum": 1}
    elif found.low >= 0 and not names.says(found.name, names.SIGNED) and (is_whole or _is_an_amount(found.name)):
        entry["minimum"] = 0
        why.append("none below 0")
    elif found.negative and _is_an_amount(found.name) and not names.says(found.name, names.SIGNED):
        sure = LIKELY
        asks = f"{found.negative:,} of {found.numbers:,} are below 0: are these refunds, or faults of the file?"
    if gone := (*markers, *found.nines):
        entry["missing"] = list(gone)
        why.append(f"{_listed(gone)} taken for missing values")
        sure, asks = (LIKELY, f"{_listed(found.nines)} taken for a missing value") if found.nines else (sure, asks)
    if found.missing or gone:
        entry["nullable"] = True
        why.append(_blank(found))
    return Proposal(found.name, entry, ", ".join(one for one in why if one), sure, asks)


def _is_an_amount(name: str) -> bool:
    return names.says(name, names.MONEY) or names.unit(name) is not None


def _blank(found: Profile) -> str:
    share = 100 * found.missing / max(found.rows, 1)
    return f"{found.missing:,} blank ({share:.1f} %)" if found.missing else ""


def _dressed(found: Profile) -> Proposal | None:
    """The proposal for numbers with currency signs, thousands separators or decimal commas; None for others."""
    markers = _rows_of(found, found.markers)
    if found.numbers == found.known or found.dressed + markers < found.known or found.distinct <= 2:
        return None
    if names.says(found.name, names.CODE):
        return None
    return _out(
        found,
        f"formatted numbers, such as {shown(found.odd[0][0] if found.odd else found.values[0])}",
        LIKELY,
        "write plain numbers (1234.5) into the file to use it",
    )


def _mixed(found: Profile) -> Proposal | None:
    """The proposal for numbers mixed with other texts; None for others."""
    texts = tuple((text, rows) for text, rows in found.odd if text not in found.markers)
    if not texts or found.numbers < 0.5 * found.known or found.distinct <= MOST_LISTED:
        return None
    if names.says(found.name, names.CODE):
        return None
    odd = found.known - found.numbers
    return _out(
        found,
        f"{found.numbers:,} numbers and {odd:,} other texts, such as {shown(texts[0][0])}",
        LIKELY,
        f"correct the file, or write {{type: number, nullable: true, missing: [{shown(texts[0][0])}, ...]}}",
    )


def _text(found: Profile) -> Proposal | None:
    """The proposal for texts that differ in most rows; None for others."""
    if found.known > FEW_ROWS and found.distinct > 0.5 * found.known:
        kind = "an identifier" if found.mean_length <= 24 else "free text"
        return _out(found, f"{found.distinct:,} different texts in {found.known:,} rows: {kind}", LIKELY)
    return None


def _category(found: Profile) -> Proposal:
    entry: dict[str, Any] = {"type": "category"}
    gone = tuple(one for one in dict.fromkeys(found.markers) if one.lower() not in ("unknown", "none", "missing"))
    gone = () if found.distinct - len(gone) < 1 else gone
    kept = [text for text in found.values if text not in gone]
    listed = found.distinct <= MOST_LISTED and not found.signs
    why = [f"{found.distinct:,} different texts"]
    if listed:
        entry["values"] = kept
    else:
        why.append(f"more than {MOST_LISTED}, so not listed" if not found.signs else "not listed: control characters")
    if found.padded and found.whole == found.known:
        why.append("leading zeros: a code, not a number")
    elif found.numbers == found.known and names.says(found.name, names.CODE):
        why.append("named like a code, so not a number")
    if gone:
        entry["missing"] = list(gone)
        why.append(f"{_listed(gone)} taken for missing values")
    if found.missing or gone:
        entry["nullable"] = True
        why.append(_blank(found))
    sure = SURE if listed and not gone else LIKELY
    return Proposal(found.name, entry, ", ".join(one for one in why if one), sure)


def _listed(texts: tuple[str, ...]) -> str:
    return " and ".join(map(shown, texts))


def shown(text: str) -> str:
    """A text in quotes, shortened to fit a line, with control characters as escapes."""
    short = text if len(text) <= 40 else f"{text[:39]}…"
    return "'" + "".join(one if one.isprintable() else repr(one)[1:-1] for one in short) + "'"
