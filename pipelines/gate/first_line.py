"""The headline of a promotion decision: the verdict, claiming no more than the rules established."""

from collections.abc import Mapping

from pipelines.ruling.evidence import Evidence, unbeaten
from pipelines.ruling.rule import Finding, Rule, Status
from pipelines.ruling.verdict import WORDS, Verdict

# What the words of the others say is no more than their verdict.
NO_WORSE = (Verdict.PROMOTE, Verdict.REFRESH)
# Its open ends are told by name.
FLOORS = "R014"


def first_line(verdict: Verdict, evidence: Evidence, findings: Mapping[Rule, Finding], *, renewed: str) -> str:
    """The verdict in words, and the simple scores that the challenger is not shown to beat.

    Rules that the spec switches off are named. "No worse" is said of what these rows can tell, where a rule that holds
    nothing up could not tell.
    """
    words, left = WORDS[verdict].format(renewed=renewed), unbeaten(evidence)
    unclear = [rule.code for rule, one in findings.items() if one.status is Status.UNCLEAR and rule.code != FLOORS]
    if verdict in NO_WORSE and unclear:
        words = f"{words} that these rows can tell"
    off = [rule.code for rule, one in findings.items() if one.status is Status.OFF]
    words = f"{words}; it is not shown to rank the risk better than {' and '.join(left)}" if left else words
    return f"{words}; the spec switches {' and '.join(off)} off" if off else words
