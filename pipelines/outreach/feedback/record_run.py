"""`record`: keep what was done, who opted out and who left; all of a call's files, or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.errors import DataError, UsageError
from pipelines.outreach.feedback import known_customers, mapped_files, recorded_files, recorded_rows
from pipelines.outreach.feedback.recorded_files import NO_VALUES, Recorded
from pipelines.outreach.feedback.recorded_known import Faults, Known
from pipelines.outreach.operations import assignment_rows, came_back, clock, erased_people, rounds
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.came_back import Kept, Rows
from pipelines.raw_data.erased import Erased
from pipelines.workspace import Workspace

# So many faults of a file are told; the others are counted.
MOST_TOLD = 3


def record(
    spec: ExperimentSpec,
    workspace: Workspace,
    engine: sa.Engine,
    paths: Sequence[Path],
    *,
    renamed: Mapping[str, str],
    values: Mapping[str, str] = NO_VALUES,
    said_at: str | None,
    signed: str,
    dry_run: bool,
) -> Kept:
    """Keep the rows of files, or nothing where any row has a fault; a row that is there already changes nothing.

    Without paths they are the raw files that the spec maps onto contacts and opt-outs. renamed and values are as for
    `recorded_files.read`; said_at is the time of recording by the company's clocks, now unless said. Raises DataError
    for faults, with the rows that have them.
    """
    now = clock.came(said_at, spec.clocks)
    known, found, left_out = _known(spec, workspace, engine, now=now, signed=signed), [], 0
    gone, erased = erased_people.read(engine), 0
    for whole in _files(spec, workspace, paths, renamed, values):
        file = _without(whole, gone)
        erased += len(whole.rows) - len(file.rows)
        faults = Faults()
        for number, fault in file.unread:
            faults.of(number)(fault)
        found.append(_rows(spec, file, known, faults))
        _refuse(file, faults)
        known = replace(known, contacts=known.contacts | {str(one["contact"]) for one in found[-1].contacts})
        left_out += file.left_out
    check_currency(spec, came_back.contacts(engine, spec.name))
    every = Rows(
        *([row for one in found for row in getattr(one, name)] for name in ("contacts", "opt_outs", "outcomes"))
    )
    at = clock.text(now)
    kept = came_back.keep(engine, spec.name, every, at=at, is_said=said_at is not None, dry_run=dry_run)
    strangers = len({row["customer_id"] for row in every.opt_outs} - known.customers)
    return replace(kept, strangers=strangers, erased=erased, left_out=left_out)


def _without(file: Recorded, gone: Erased) -> Recorded:
    """A file without the rows of erased people."""
    found = gone.among(row["customer"] for _, row in file.rows)
    return replace(file, rows=[(number, row) for number, row in file.rows if row["customer"] not in found])


def check_currency(spec: ExperimentSpec, kept: pd.DataFrame) -> None:
    """Raise DataError where recorded costs are in another currency than the spec's."""
    others = sorted(set(kept["currency"]) - {spec.currency})
    if others:
        raise DataError(
            f"costs that were recorded for '{spec.name}' are in {others}, and the spec's currency is {spec.currency};"
            " one currency is needed: write the one they are in into the spec."
        )


def listed(engine: sa.Engine, spec: str) -> pd.DataFrame:
    """The assignments of all rounds of a spec with `round`, the date of the list, and `closes`, of those it drew."""
    found = []
    for head in rounds.all_of(engine, spec):
        there = rounds.found(engine, spec, head.as_of)
        if there is not None:
            told = {"round": head.as_of.isoformat(), "closes": head.window_closes_at.isoformat()}
            found.append(there[1][there[1]["proposed"] != NONE].assign(**told))
    empty = pd.DataFrame(columns=[*assignment_rows.COLUMNS, "round", "closes"], dtype=object)
    return pd.concat(found, ignore_index=True) if found else empty


def _files(
    spec: ExperimentSpec,
    workspace: Workspace,
    paths: Sequence[Path],
    renamed: Mapping[str, str],
    values: Mapping[str, str],
) -> Iterator[Recorded]:
    """The files as rows of texts: by the mappings of the spec that name them, else in our own columns."""
    options = mapped_files.options_of(spec)
    for path in paths or mapped_files.in_raw_data(options, spec.name, workspace.raw):
        mapped = mapped_files.read(options, path, time_zone=spec.clocks, raw=workspace.raw) if options else []
        if mapped and (renamed or values):
            raise UsageError(
                f"{path.name} is read by {mapped[0].mapped_by} of the spec; leave --column and --value out, or name the"
                " file otherwise."
            )
        yield from mapped or [recorded_files.read(path, renamed, values)]


def _rows(spec: ExperimentSpec, file: Recorded, known: Known, faults: Faults) -> Rows:
    if file.kind == "contacts":
        contacts = recorded_rows.contacts(file, known, faults)
        out = [recorded_rows.of_contact(one) for one in contacts if one["outcome"] == recorded_rows.OPTED_OUT]
        return Rows(contacts=contacts, opt_outs=out)
    if file.kind == "opt_outs":
        return Rows(opt_outs=recorded_rows.opt_outs(file, known, faults))
    if spec.observations is not None:
        raise UsageError(
            f"{file.name} says who left; of '{spec.name}' the data say it, by the label. Record outcomes of tables"
            " without dates only."
        )
    return Rows(outcomes=recorded_rows.outcomes(file, known, faults))


def _refuse(file: Recorded, faults: Faults) -> None:
    if faults.told:
        more = len(faults.told) - MOST_TOLD
        rest = f" (and {more} faults more)" if more > 0 else ""
        by = f" {file.mapped_by} of the spec reads it." if file.mapped_by else ""
        raise DataError(f"{file.name}: {' '.join(faults.told[:MOST_TOLD])}{rest}{by} Nothing was recorded.")


def _known(spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, *, now: datetime, signed: str) -> Known:
    there, heads = rounds.members(engine, spec.name), rounds.all_of(engine, spec.name)
    by_round = there[there["proposed"] != NONE].groupby("as_of")["customer_id"]
    drawn = {str(on): frozenset(customers) for on, customers in by_round}
    closes = {one.as_of.isoformat(): one.window_closes_at.isoformat() for one in heads}
    every = {on: drawn.get(on, frozenset()) for on in closes}
    customers = known_customers.of_tables(workspace.tables) | frozenset(there["customer_id"])
    numbers = frozenset(map(str, came_back.contacts(engine, spec.name)["contact"]))
    return Known(customers, spec.actions, every, closes, spec.currency, now, spec.clocks, signed, numbers)
