"""SQL that converts file columns to a canonical column, and marks values that cannot be converted."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.event_log.expressions import bracketed, literal, quoted
from features.schema import Column, ColumnType

SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "category": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
}

# What the name of an attempt ends with.
ATTEMPT = ": attempt"
# What follows a time: an offset, a zone's name, or something else, which no cast to TIMESTAMPTZ takes.
_ZONE = r":\d\d(\.\d+)?\s*[^\s\d:.]"
_UTC = r"(?i)\s*(UTC|GMT|Z)$"
# Letters alone: BST is another time in London than in Dhaka, and AM and PM are no zones.
_ABBREVIATION = r"[\d\s][A-Za-z]+$"
# A day in a spreadsheet is exported with a midnight that nobody wrote.
_DAY_ONLY = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}( 00:00(:00)?)?$"
# A number as people write it; DuckDB would read 0x10 as 16 and 1_0 as 10, too.
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_NO_NUMBER = r"^\s*[+-]?(0[xXbBoO]|\d+_)"
# The clocks of these never go forward.
_NO_SUMMER = ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu")
# Python's datetime, and with it the names of parts, know no others.
# Beyond, a double does not hold every whole number; and no sum of amounts comes to this.
LARGEST_WHOLE, LARGEST = 2**53 - 1, 1e30
_YEARS = "BETWEEN 1 AND 9999"


@dataclass(frozen=True)
class Zones:
    """Time zones: the one of recorded times without a zone, and the company's, in which times are stored."""

    recorded_in: str
    kept_in: str


@dataclass(frozen=True)
class Reading:
    """The SQL that converts a column.

    attempt gives a struct with the value, or null where that failed; value and failed read it where it stands under
    the name `attempted`. raw is the text that the value was to be read from.
    """

    attempted: str
    attempt: str
    value: str
    failed: str
    raw: str


def reading(
    column: Column, expression: str, *, found: str, zones: Zones, named: Sequence[str], cast: Sequence[str] = ()
) -> Reading:
    """How an expression of the type `found`, over some columns of a file, is converted to a column's type.

    cast are those texts among them that it makes numbers of itself: 0x10 and 1_0 are none there either.
    What fails for a row gives null for that row: a cast in the expression itself as much as the last one.
    """
    attempted = quoted(f"{column.name}{ATTEMPT}")
    value, failed = f"{attempted}.value", f"{attempted} IS NULL"
    packed = _packed(column.type, bracketed(expression), found=found, zones=zones)
    if column.type == "integer":
        failed = (
            f"({failed} OR coalesce({attempted}.exact <> {value} OR abs({attempted}.exact) > {LARGEST_WHOLE}, false))"
        )
    if column.type in ("integer", "number"):
        others = [f"coalesce(regexp_matches({quoted(one)}, {literal(_NO_NUMBER)}), false)" for one in cast]
        failed = f"({' OR '.join([failed, *others])})"
    if column.type in ("timestamp", "number"):
        failed = f"({failed} OR coalesce(NOT isfinite({value}), false))"
    if column.type == "number":
        failed = f"({failed} OR coalesce(abs({value}) > {LARGEST}, false))"
    if column.type == "timestamp":
        failed = f"({failed} OR coalesce(year({value}) NOT {_YEARS}, false) OR NOT coalesce({attempted}.shown, true))"
    # TRY of the value alone could not tell a failure from nothing.
    attempt = f"TRY(struct_pack({packed})) AS {attempted}"
    sound = f"CASE WHEN NOT {failed} THEN {value} END"
    return Reading(attempted, attempt, sound, failed, _raw(expression, named))


def known_since(known_at: Reading, event_at: Reading) -> str:
    """The value of known_at, adjusted where clocks were set back so that it is not before the event."""
    later = f"greatest({known_at.value}, {event_at.value})"
    return (
        f"CASE WHEN {known_at.attempted}.instant >= {event_at.attempted}.instant THEN {later} ELSE {known_at.value} END"
    )


def _packed(type_: ColumnType, sql: str, *, found: str, zones: Zones) -> str:
    """A struct of an attempted conversion: the value, and what is needed to check it."""
    if type_ == "timestamp":
        instant, value, shown = _moment(sql, found=found, zones=zones)
        return f"value := {value}, instant := {instant}, shown := {shown}"
    if type_ in ("text", "category"):
        # Of bytes a cast to text would give \\xC3\\xA9 for an é.
        text = f"decode({sql})" if found == "BLOB" else f"CAST({sql} AS VARCHAR)"
        return f"value := nullif(trim({text}), '')"
    present = sql
    if found == "VARCHAR":
        text = f"nullif(trim({sql}), '')"
        present = f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER)}) THEN {text} ELSE '?' || {text} END"
        present = present if type_ in ("integer", "number") else text
    exact = f", exact := CAST({present} AS DOUBLE)" if type_ == "integer" else ""
    return f"value := CAST({present} AS {SQL_TYPES[type_]}){exact}"


def _moment(sql: str, *, found: str, zones: Zones) -> tuple[str, str, str]:
    """An instant, the company's local time, and whether that time existed in the recording zone.

    A day without a time is the same day everywhere. When clocks go forward, an hour of a night is shown by none.
    """
    there, here = literal(zones.recorded_in), literal(zones.kept_in)
    if found == "TIMESTAMP WITH TIME ZONE":
        return sql, f"({sql} AT TIME ZONE {here})", "true"
    text = f"nullif(trim({sql}), '')" if found == "VARCHAR" else sql
    plain = f"CAST({text} AS TIMESTAMP)"
    instant = f"({plain} AT TIME ZONE {there})"
    moved = plain if there == here or found == "DATE" else f"({instant} AT TIME ZONE {here})"
    has_gaps = found != "DATE" and zones.recorded_in not in _NO_SUMMER
    shown = (
        f"({plain} = date_trunc('day', {plain}) OR {instant} AT TIME ZONE {there} = {plain})" if has_gaps else "true"
    )
    if found != "VARCHAR":
        return instant, moved, shown
    # A text may say its own zone, which a cast to TIMESTAMP would silently forget.
    has_zone, is_day = (f"regexp_matches({text}, {literal(pattern)})" for pattern in (_ZONE, _DAY_ONLY))
    told = f"CAST({_with_offset(text)} AS TIMESTAMPTZ)"
    value = f"CASE WHEN {has_zone} THEN {told} AT TIME ZONE {here} WHEN {is_day} THEN {plain} ELSE {moved} END"
    return f"CASE WHEN {has_zone} THEN {told} ELSE {instant} END", value, f"({has_zone} OR {shown})"


def _with_offset(text: str) -> str:
    """The text with UTC as an offset; other abbreviations are ambiguous, and made unreadable."""
    told = f"regexp_replace({text}, {literal(_UTC)}, '+00')"
    return f"regexp_replace({told}, {literal(_ABBREVIATION)}, '\\0?')"


def _raw(expression: str, named: Sequence[str]) -> str:
    """The source text of a failed conversion: of one column, or of several as name=text."""
    if len(named) == 1:
        return f"CAST({quoted(named[0])} AS VARCHAR)"
    if not named:
        return literal(expression)
    texts = [f"{literal(f'{name}=')} || CAST({quoted(name)} AS VARCHAR)" for name in named]
    return f"concat_ws(', ', {', '.join(texts)})"
