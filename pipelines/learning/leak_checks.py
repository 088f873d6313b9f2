"""The leak checks of a spec, run before training."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from experiments import checks
from experiments.family import RowIndex
from experiments.leaks import check
from experiments.leaks.check import Check, EncodedRows, LeakEvidence
from experiments.rows.split import Fold
from features.errors import DataError
from features.plugins import discover
from features.reserved import HELPER
from pipelines.files import spreadsheet, storage
from pipelines.learning import beside
from pipelines.learning.training_data import Learning, part
from pipelines.messages import log

COPIES = "copied_rows.csv"


def passed(
    opened: Learning,
    folds: tuple[Fold, ...],
    *,
    off: Mapping[str, str],
    accepted: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    matrix: Path | None = None,
    state: Path | None = None,
) -> list[dict[str, Any]]:
    """What became of every check, as plain data; folds hold positions of the training rows. off are those that are
    switched off, by code, with the reason; accepted are findings that stand, by code and subject, with the reason.

    With matrix, the folder of the feature rows, checks see rows of today and of earlier, too. A warning is said at
    once. In the folder state all rows are listed that a check calls copies.

    Raises DataError, with a line for each finding, when a check refuses.
    """
    examined = evidence(opened, folds, matrix=matrix)
    results = check.examined(discover(checks, Check), examined, off=off, accepted=accepted)
    listed = _listed(opened, results, state / COPIES) if state else ""
    if lines := check.refused(results):
        lines = [*lines, listed] if listed else lines
        leaks = "1 leak" if len(lines) == 1 else f"{len(lines)} leaks"
        first = (
            f"data refused: {leaks} found, nothing was trained; docs/checks.md says more. Where a finding is no leak,"
            f" say why in the spec: {_line(results)}"
        )
        raise DataError("\n".join([first, *(f"  {line}" for line in lines)]))
    for one in results:
        for finding in one.findings:
            log.note(f"warning: {one.code} {finding.sentence}", level="warning")
    return [one.to_dict() for one in results]


def _line(results: Sequence[check.Result]) -> str:
    """The line of a spec that accepts the first finding that refuses."""
    refusing = (one for one in results if one.severity is check.Severity.REFUSE and one.findings)
    first = next(refusing)
    subject = json.dumps(first.findings[0].subject, ensure_ascii=False)
    return f'checks: {{{first.code}: {{accept: {{{subject}: "the reason"}}}}}}'


def evidence(opened: Learning, folds: tuple[Fold, ...], *, matrix: Path | None = None) -> LeakEvidence:
    """The rows of a spec as the checks look at them: of the risk, without those who left before the window opened."""
    training, gate = (_side(opened, index) for index in _sides(opened))
    kept = ~opened.left_in_gap[opened.split.training]
    place = np.cumsum(kept) - 1
    of_kept = (Fold(*(place[rows[kept[rows]]] for rows in (fold.fit, fold.judge))) for fold in folds)
    return LeakEvidence(
        opened.contract,
        training,
        gate,
        tuple(of_kept),
        trial=beside.trial(opened),
        places=beside.places(opened, _sides(opened)[0]),
        today=beside.today(opened, matrix) if matrix else None,
        earlier=beside.earlier(opened, matrix) if matrix else None,
    )


def _sides(opened: Learning) -> tuple[RowIndex, RowIndex]:
    """The positions of the rows to learn from and of the gate cohort, as the checks look at them."""
    training, gate = (index[~opened.left_in_gap[index]] for index in (opened.split.training, opened.split.gate))
    return training, gate


def _listed(opened: Learning, results: Sequence[check.Result], file: Path) -> str:
    """Write all copies, each with the row that it repeats, and say where; "" where there are none."""
    file.unlink(missing_ok=True)
    copies = sorted({pair for result in results for finding in result.findings for pair in finding.copies})
    if not copies:
        return ""
    rows = np.concatenate(_sides(opened))[np.array(copies)]
    removed, kept = (opened.rows[["customer_id", "as_of"]].iloc[one].reset_index(drop=True) for one in rows.T)
    features = opened.contract.decode(opened.X[rows[:, 0]])
    told = pd.concat([removed, features], axis=1)
    told = told.assign(**{f"{HELPER}repeats": kept["customer_id"], f"{HELPER}repeats_as_of": kept["as_of"]})
    with storage.replacing(file) as temporary:
        spreadsheet.write(temporary, told)
    where = f"state/{opened.spec.name}/{file.name}"
    return f"all {len(copies):,} rows to remove are named in {where}, each with the row it repeats"


def _side(opened: Learning, index: RowIndex) -> EncodedRows:
    rows = opened.rows[["customer_id", "as_of"]].iloc[index]
    return EncodedRows(
        X=part(opened.X, index),
        y=opened.y[index],
        customers=rows["customer_id"].to_numpy(dtype=object),
        as_of=rows["as_of"].to_numpy(dtype="datetime64[us]"),
    )
