"""The verdicts of a decision, and their exit codes."""

from enum import StrEnum


class Verdict(StrEnum):
    """The verdict of a decision."""

    FIRST_CHAMPION = "FIRST_CHAMPION"
    PROMOTE = "PROMOTE"
    REFRESH = "REFRESH"
    KEEP = "KEEP"
    NO_CHAMPION = "NO_CHAMPION"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_CHANGE = "NO_CHANGE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    CONTRACT_FAIL = "CONTRACT_FAIL"
    FORCED = "FORCED"
    FROZEN = "FROZEN"
    SHADOWING = "SHADOWING"


EXIT_CODES = {
    Verdict.FIRST_CHAMPION: 0,
    Verdict.PROMOTE: 0,
    Verdict.REFRESH: 0,
    Verdict.NO_CHANGE: 0,
    Verdict.FORCED: 0,
    Verdict.KEEP: 3,
    Verdict.NO_CHAMPION: 3,
    Verdict.FROZEN: 3,
    Verdict.SHADOWING: 3,
    Verdict.INCONCLUSIVE: 4,
    Verdict.INSUFFICIENT_DATA: 5,
    Verdict.CONTRACT_FAIL: 5,
}
# What the rules decide in favour of the challenger.
MOVES = (Verdict.FIRST_CHAMPION, Verdict.PROMOTE, Verdict.REFRESH)
WORDS = {
    Verdict.FIRST_CHAMPION: "there was no champion, and this one is worth something",
    Verdict.PROMOTE: "better on the primary figure and no worse on the others",
    Verdict.REFRESH: "the same spec on {renewed}, no worse on anything",
    Verdict.KEEP: "the champion stays",
    Verdict.NO_CHAMPION: "there is no champion yet, and this model is not good enough for the first",
    Verdict.INCONCLUSIVE: "these rows cannot tell",
    Verdict.INSUFFICIENT_DATA: "there is too little to judge by",
    Verdict.CONTRACT_FAIL: "a model is not in order",
    Verdict.NO_CHANGE: "the challenger is the champion",
    Verdict.FROZEN: "promotions are frozen",
    Verdict.SHADOWING: "the challenger shadows the champion until enough has come true",
}
