"""What a leak check is: a pure function of the training rows that finds information a model must not use."""

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
from experiments.leaks.single_columns import SingleColumnAuc, single_column_auc
from experiments.rows.split import Fold
from features.contract import Contract, Matrix
from features.errors import SchemaError


class Severity(StrEnum):
    """What a finding does: it refuses the data before anything is trained, or it is shown in the report."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True)
class EncodedRows:
    """Encoded rows, one per customer and date; every array has shape (n_rows, ...), as_of is NaT without dates."""

    X: Matrix
    y: Labels
    customers: npt.NDArray[np.object_]
    as_of: npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class LeakEvidence:
    """The input of a check: training rows with their folds, and the rows of the gate cohort.

    The positions in folds are those of the training rows. A check that refuses uses no outcome of the gate cohort.
    The rest is None where it does not exist: the randomised trial; places, the line of each training row in its file,
    shape (n_rows,); today, the rows to score, whose outcome is not known yet, shape (n_today, n_columns); earlier, the
    gate cohort's rows as they were known some days before.
    """

    contract: Contract
    training: EncodedRows
    gate: EncodedRows
    folds: tuple[Fold, ...]
    trial: Trial | None = None
    places: npt.NDArray[np.intp] | None = None
    today: Matrix | None = None
    earlier: Earlier | None = None

    @cached_property
    def single_columns(self) -> dict[str, SingleColumnAuc]:
        """How well each column alone predicts the outcome of the training rows, by its name."""
        X, y = self.training.X, self.training.y
        return {
            column.name: single_column_auc(X[:, place], y, category=column.type == "category")
            for place, column in enumerate(self.contract.columns)
        }


@dataclass(frozen=True)
class LeakFinding:
    """One finding of a check: its subject, the measured number, the threshold, and a sentence with both and the remedy.

    copies are rows to remove, each with the row that it duplicates: positions in the training rows, followed by those
    of the gate cohort.
    """

    subject: str
    measured: float
    threshold: float
    sentence: str
    copies: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Accepted:
    """A finding that the spec accepts: its subject, the reason, and this run's finding, None where there is none."""

    subject: str
    reason: str
    finding: LeakFinding | None


Examine = Callable[[LeakEvidence], tuple[LeakFinding, ...]]


@dataclass(frozen=True)
class Check:
    """A check: its code, whether its findings refuse or warn, and its function."""

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
    """The result of a check: its findings, empty for no finding; off is the spec's reason for switching it off.

    accepted are the findings that the spec accepts by name; they are not among the findings.
    """

    code: str
    meaning: str
    severity: Severity
    findings: tuple[LeakFinding, ...] = ()
    off: str | None = None
    accepted: tuple[Accepted, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Its fields as plain data for JSON, without the positions of copies."""
        plain = asdict(replace(self, findings=(), accepted=()))
        plain["findings"] = [_plain(one) for one in self.findings]
        plain["accepted"] = [
            {"subject": one.subject, "reason": one.reason, "finding": _plain(one.finding) if one.finding else None}
            for one in self.accepted
        ]
        return plain


def _plain(finding: LeakFinding) -> dict[str, Any]:
    plain = asdict(replace(finding, copies=()))
    del plain["copies"]
    return plain


def examined(
    checks: Mapping[str, Check],
    evidence: LeakEvidence,
    *,
    off: Mapping[str, str],
    accepted: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> tuple[Result, ...]:
    """The result of every check; off holds the checks that the spec switches off, by code, with the reason.

    accepted holds the findings that the spec accepts, by code and then by subject, with the reason.
    """
    return tuple(
        Result(one.code, one.meaning, one.severity, off=off[one.code])
        if one.code in off
        else _result(one, one.examine(evidence), accepted.get(one.code, {}))
        for one in checks.values()
    )


def _result(one: Check, findings: tuple[LeakFinding, ...], accepted: Mapping[str, str]) -> Result:
    found = {finding.subject: finding for finding in findings}
    return Result(
        code=one.code,
        meaning=one.meaning,
        severity=one.severity,
        findings=tuple(finding for finding in findings if finding.subject not in accepted),
        accepted=tuple(Accepted(subject, reason, found.get(subject)) for subject, reason in accepted.items()),
    )


def refused(results: tuple[Result, ...]) -> list[str]:
    """One line per finding that refuses the data; empty where training may begin."""
    return [
        f"{result.code} {finding.sentence}"
        for result in results
        if result.severity is Severity.REFUSE
        for finding in result.findings
    ]
