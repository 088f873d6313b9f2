"""How a decision can end, and what a caller is told by the exit code."""

from enum import StrEnum


class Verdict(StrEnum):
    """How a decision ends."""

    FIRST_CHAMPION = "FIRST_CHAMPION"
    PROMOTE = "PROMOTE"
    REFRESH = "REFRESH"
    KEEP = "KEEP"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_CHANGE = "NO_CHANGE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    CONTRACT_FAIL = "CONTRACT_FAIL"
    FORCED = "FORCED"


EXIT_CODES = {
    Verdict.FIRST_CHAMPION: 0,
    Verdict.PROMOTE: 0,
    Verdict.REFRESH: 0,
    Verdict.NO_CHANGE: 0,
    Verdict.FORCED: 0,
    Verdict.KEEP: 3,
    Verdict.INCONCLUSIVE: 4,
    Verdict.INSUFFICIENT_DATA: 5,
    Verdict.CONTRACT_FAIL: 5,
}
# What the rules decide in favour of the challenger.
MOVES = (Verdict.FIRST_CHAMPION, Verdict.PROMOTE, Verdict.REFRESH)
WORDS = {
    Verdict.FIRST_CHAMPION: "there was no champion, and every floor is met",
    Verdict.PROMOTE: "better on the primary figure and no worse on the others",
    Verdict.REFRESH: "the same spec on newer data, no worse on anything",
    Verdict.NO_CHANGE: "the challenger is the champion",
}
