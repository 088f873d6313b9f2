"""Erase a person: from raw files, tables, matrix and lists of a spec, and from the operations database of all specs.

Rows of the person go. Where rounds, warnings and what came back of them must add up, a random pseudonym takes the place
of the id, and texts go: `effect` and what was decided stay what they were. The outcomes of rounds whose window is over
are kept by the pseudonym. Who was erased stays so: a salted hash of the id has `ingest` and `record` leave later rows
out, with a count, and no list or warning shows that customer again.
The receipt says when, by whom, which tables and files, how many rows, and digests before and after; never the id.
Asked again, there is nothing to do; stopped, the same command goes on. It cannot reach DVC's earlier versions, commits,
backups, and what was sent: docs/how_to/forget.md says what to do about them.

group: act
writes: data/raw/SPEC, a new version without the person, and erased.json, which DVC tracks with it
writes: data/tables, data/matrix and artifacts of the spec, where they hold rows of the person
writes: artifacts/SPEC/erasures, the receipt, and how many people were erased since each version was trained
writes: the operations database, state/operations.db or where HOLDFAST_OPERATIONS_URI says
codes: 5
json: what was found (rows by table and by file), and the receipt
example: python -m pipelines forget demo C0000017 --dry-run
example: python -m pipelines forget demo C0000017
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

# Folders of parts that are made of the raw data: a person stands in dozens of them.
MADE = ("data/tables/", "data/matrix/")

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.jobs.forgetting.forget_run import Found
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The customer."""
    command.add_argument("customer", metavar="CUSTOMER", help="the customer's id, as the data have it")
    command.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Erase, and report. Raises UsageError for an unknown customer."""
    import os
    from dataclasses import asdict
    from datetime import UTC, datetime

    from pipelines.champion.authorship import sign
    from pipelines.jobs.forgetting import forget_run
    from pipelines.outreach.operations import database

    customer, engine = arguments.customer.strip(), database.opened(workspace.root)
    if arguments.dry_run:
        found = forget_run.look(spec, workspace, engine, customer)
        plain = {"spec": spec.name, "dry_run": True, "found": asdict(found), "receipt": None}
        return Answer((f"forget {spec.name}: this would go; nothing was changed", *_stood(found)), plain)
    signed = sign(os.environ, datetime.now(UTC))
    found, receipt = forget_run.forget(spec, workspace, engine, customer, at=signed.at, by=signed.by)
    plain = {"spec": spec.name, "dry_run": False, "found": asdict(found), "receipt": receipt}
    if receipt is None:
        return Answer((f"forget {spec.name}: erased before; nothing is left", *_elsewhere(found)), plain)
    return Answer((*_done(spec.name, receipt), *_elsewhere(found)), plain)


def _stood(found: "Found") -> list[str]:
    """The tables, and the files that hold rows, of those that are made of the data by folder."""
    from pipelines.messages.numbers import counted
    from pipelines.ruling import answers

    folders: dict[str, list[int]] = {}
    for name, count in found.files.items():
        folders.setdefault(name.rpartition("/")[0] if name.startswith(MADE) else name, []).append(count)
    rows = [(name, counted(count, "row")) for name, count in found.database.items()]
    for name, counts in folders.items():
        files = f" in {counted(len(counts), 'file')}" if name.startswith(MADE) else ""
        rows.append((name, f"{counted(sum(counts), 'row')}{files}"))
    return [*answers.table(rows), *_elsewhere(found)]


def _elsewhere(found: "Found") -> list[str]:
    lines = [f"also in the data of {name}: python -m pipelines forget {name} CUSTOMER" for name in found.others]
    if found.unread:
        lines.append(f"not looked through, as the spec does not read them: {', '.join(found.unread)}")
    return lines


def _done(name: str, receipt: dict[str, Any]) -> list[str]:
    from pipelines.messages.numbers import counted

    rows = sum(receipt["database"]["rows"].values())
    in_files, files = sum(one["rows"] for one in receipt["files"]), len({one["file"] for one in receipt["files"]})
    of_files = f"{counted(in_files, 'row')} of {counted(files, 'file')}"
    lines = [
        f"forget {name}: erased {counted(rows, 'row')} of the operations database, and {of_files}",
        f"  in their place stands {receipt['pseudonym']}",
    ]
    if receipt["versions"]:
        lines.append(f"  models trained on the person: versions {', '.join(receipt['versions'])}; train anew with run")
    if receipt["not_told_by"]:
        lines.append(f"  outcomes that no data could tell: rounds of {', '.join(receipt['not_told_by'])}")
    lines += [f"  not reached: {one}" for one in receipt["not_reached"]]
    return [*lines, f"receipt  artifacts/{name}/erasures/{receipt['pseudonym']}.json"]
