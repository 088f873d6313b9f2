"""Record what was done: contacts with their outcome, opt-outs, and, for tables without dates, who left.

A file is CSV, Excel, Parquet or JSON lines. Of contacts it has the columns customer, action and when, and may have by,
outcome (reached, accepted, declined, not_reached, done, not_done, opted_out), offer_taken, note, cost, currency, round
(the date of the list), contact (a number of your own for the contact), corrects (the number of the contact that a row
corrects), outcome_at and recorded_at. Of opt-outs: customer, and maybe action, when and opted_out (no: wants contacts
again). Of outcomes: customer, round, churned. A file that the spec of an event log maps (source.contacts,
source.opt_outs) is read by that mapping; without FILE, all such files of the raw data are.
A row twice is one. A later row of the same contact (customer, action and when, or your number) corrects the earlier.
A file with a fault is refused whole, with its rows. What was done outside of any round is kept, and says nothing of
effects. Opt-outs hold at once, in every spec's rounds and at `alerts deliver`; a correction does not take one back.
Rows of people who were erased (`forget`) are left out, and counted.

group: act
writes: the operations database, state/operations.db or where HOLDFAST_OPERATIONS_URI says
codes: 5
json: how many rows were new, known and corrections, strangers, rows of erased people (erased), and what was done
example: python -m pipelines record demo contacts.csv
example: python -m pipelines record demo calls.xlsx --column customer=Kunde --column when=Datum
example: python -m pipelines record demo opt_outs.csv --dry-run
example: python -m pipelines record shop
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The files, when they are recorded, and the names of their columns."""
    command.add_argument("files", metavar="FILE", nargs="*", help="files of contacts, opt-outs or outcomes")
    command.add_argument("--at", metavar="TIME", help="when it is recorded, by the company's clocks; now unless said")
    command.add_argument("--dry-run", action="store_true", help="check and count, and record nothing")
    command.add_argument(
        "--column", metavar="NAME=COLUMN", action="append", default=[], help="the file's column for one of ours"
    )
    command.add_argument(
        "--value", metavar="OURS=THEIRS", action="append", default=[], help="the file's word for one of ours"
    )


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Record the files, and show what was done of each round. Raises DataError for rows with faults."""
    import os
    from dataclasses import asdict
    from datetime import UTC, datetime
    from pathlib import Path

    from pipelines.champion.authorship import sign
    from pipelines.messages.numbers import counted
    from pipelines.outreach.feedback import compliance, record_run
    from pipelines.outreach.operations import came_back, database

    engine = database.opened(workspace.root)
    kept = record_run.record(
        spec,
        workspace,
        engine,
        [Path(one) for one in arguments.files],
        renamed=dict(_pairs("column", arguments.column)),
        values={theirs: ours for ours, theirs in _pairs("value", arguments.value)},
        said_at=arguments.at,
        signed=sign(os.environ, datetime.now(UTC)).by,
        dry_run=arguments.dry_run,
    )
    assignments = record_run.listed(engine, spec.name)
    contacts = compliance.attached(came_back.contacts(engine, spec.name), assignments)
    done = compliance.table(compliance.followed(assignments, contacts))
    outside = int((contacts["of_round"] == "").sum())
    new = f"{counted(kept.new, 'new row')}, {kept.corrections:,} of them corrections"
    elsewhere = f"  {counted(outside, 'contact')} outside of any round: kept, and no part of any effect"
    lines = [
        f"record {spec.name}: {new}, and {kept.known:,} known ones",
        *(["  nothing was recorded: --dry-run"] if arguments.dry_run else []),
        *([f"  opt-outs of {counted(kept.strangers, 'customer')} not known yet: they hold"] if kept.strangers else []),
        *([f"  {counted(kept.left_out, 'row')} left out by `drop`"] if kept.left_out else []),
        *([f"  {counted(kept.erased, 'row')} of people who were erased: left out"] if kept.erased else []),
        *_table(done),
        *([elsewhere] if outside else []),
    ]
    plain = {**asdict(kept), "done": done, "outside": outside}
    return Answer(tuple(lines), {"spec": spec.name, "dry_run": arguments.dry_run, **plain})


def _pairs(option: str, said: list[str]) -> list[tuple[str, str]]:
    """Our word and the file's."""
    from features.errors import UsageError

    found = []
    for one in said:
        ours, equals, theirs = one.partition("=")
        if not (ours and equals and theirs):
            raise UsageError(f"--{option} '{one}' is none; write such as --column customer=Kunde, --value reached=da.")
        found.append((ours, theirs))
    return found


def _table(done: list[dict[str, Any]]) -> list[str]:
    from pipelines.ruling import answers

    if not done:
        return []
    names = ("assigned", "done", "done_otherwise", "not_done", "not_reported", "contacted")
    head = ["round", "action", *(name.replace("_", " ") for name in names[:-1]), "contacted all the same"]
    rows = [[str(row["round"]), str(row["action"]), *(str(row.get(name, "")) for name in names)] for row in done]
    return list(answers.table([head, *rows]))
