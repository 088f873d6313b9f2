"""What a leak check is: a pure function of the rows to learn from that finds what a model must not see."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.family import Labels
from experiments.leaks.known import Earlier, Trial
from experiments.leaks.single_columns import Alone, alone
from experiments.rows.split import Fold
from features.contract import Contract, Matrix
from features.errors import SchemaError


class Severity(StrEnum):
    """What a finding does: it refuses the data before anything is trained, or it is shown in the report."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True)
class Rows:
    """Encoded rows, one for each customer and date; every array has shape (n_rows, ...), as_of is NaT without dates."""

    X: Matrix
    y: Labels
    customers: npt.NDArray[np.object_]
    as_of: npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Evidence:
    """Everything that checks may look at: the rows to learn from with their folds, and the gate cohort beside them.

    The positions in folds are those of the training rows. A check that refuses looks at no outcome of the gate cohort.
    What else is known is None where it is not: the randomised trial; the place of each training row in its file, shape
    (n_rows,); rows of today, whose outcome nobody knows yet, shape (n_today, n_columns); the gate cohort's rows as they
    were known earlier.
    """

    contract: Contract
    training: Rows
    gate: Rows
    folds: tuple[Fold, ...]
    trial: Trial | None = None
    places: npt.NDArray[np.intp] | None = None
    today: Matrix | None = None
    earlier: Earlier | None = None

    @cached_property
    def alone(self) -> dict[str, Alone]:
        """What each column alone tells of the outcome of the training rows, by its name."""
        X, y = self.training.X, self.training.y
        return {
            column.name: alone(X[:, place], y, category=column.type == "category")
            for place, column in enumerate(self.contract.columns)
        }


@dataclass(frozen=True)
class Finding:
    """What a check found: in what, the measured number, the threshold, and a sentence with both and the remedy.

    copies are rows to remove, each with the row that it repeats: positions among the training rows, then the gate's.
    """

    subject: str
    measured: float
    threshold: float
    sentence: str
    copies: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Accepted:
    """What the spec accepts, and why: a subject, and what the check found in it this time, None where it is silent."""

    subject: str
    reason: str
    finding: Finding | None


Examine = Callable[[Evidence], tuple[Finding, ...]]


@dataclass(frozen=True)
class Check:
    """A check: its code, what a finding of it does, and the function that examines."""

    code: str
    severity: Severity
    examine: Examine

    @property
    def name(self) -> str:
        """The code."""
        return self.code

    @property
    def meaning(self) -> str:
        """The check in one sentence."""
        return (self.examine.__doc__ or "").splitlines()[0]


def check(code: str, *, severity: Severity = Severity.REFUSE) -> Callable[[Examine], Check]:
    """Declare a check; the first line of the function's docstring says what must hold.

    Raises SchemaError when the function has no docstring.
    """

    def declare(examine: Examine) -> Check:
        if not examine.__doc__:
            raise SchemaError(f"check {code} needs a docstring, whose first line says what must hold.")
        return Check(code, severity, examine)

    return declare


@dataclass(frozen=True)
class Result:
    """What became of a check: its findings, none where it is silent; off is why the spec has switched it off.

    accepted are those that the spec accepts by name; they are no findings.
    """

    code: str
    meaning: str
    severity: Severity
    findings: tuple[Finding, ...] = ()
    off: str | None = None
    accepted: tuple[Accepted, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Its fields as JSON can hold them, but for the rows that are copies."""
        plain = asdict(replace(self, findings=(), accepted=()))
        plain["findings"] = [_plain(one) for one in self.findings]
        plain["accepted"] = [
            {"subject": one.subject, "reason": one.reason, "finding": _plain(one.finding) if one.finding else None}
            for one in self.accepted
        ]
        return plain


def _plain(finding: Finding) -> dict[str, Any]:
    plain = asdict(replace(finding, copies=()))
    del plain["copies"]
    return plain


def examined(
    checks: Mapping[str, Check],
    evidence: Evidence,
    *,
    off: Mapping[str, str],
    accepted: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> tuple[Result, ...]:
    """The result of every check, by code; off says which are not asked, and why.

    accepted are, by code and then by subject, the findings that somebody who knows better accepts, and why.
    """
    return tuple(
        Result(one.code, one.meaning, one.severity, off=off[one.code])
        if one.code in off
        else _result(one, one.examine(evidence), accepted.get(one.code, {}))
        for one in checks.values()
    )


def _result(one: Check, findings: tuple[Finding, ...], accepted: Mapping[str, str]) -> Result:
    found = {finding.subject: finding for finding in findings}
    return Result(
        code=one.code,
        meaning=one.meaning,
        severity=one.severity,
        findings=tuple(finding for finding in findings if finding.subject not in accepted),
        accepted=tuple(Accepted(subject, reason, found.get(subject)) for subject, reason in accepted.items()),
    )


def refused(results: tuple[Result, ...]) -> list[str]:
    """A line for every finding that refuses the data; none where training may begin."""
    return [
        f"{result.code} {finding.sentence}"
        for result in results
        if result.severity is Severity.REFUSE
        for finding in result.findings
    ]
