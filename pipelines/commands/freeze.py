"""Promote nothing until the end of a day: around a launch, an audit, the holidays.

Until then `run` and `promote` train, judge and write what they found into the ledger, and no challenger becomes
champion: one that the rules accept ends with FROZEN and exit code 3. `approve` and `promote --force` are refused, and
no champion is fitted again on all rows; `rollback` and `registry restore` work as ever. It ends by itself at the end of
the day by the spec's clocks (time_zone; UTC of a reader of texts), and the next run decides again by the same
comparison, which counts once. Said again, the new day and reason take the place of those before.

group: decide
writes: the ledger, in mlflow.db or where HOLDFAST_LEDGER_URI says
codes: 5 the ledger is broken
example: python -m pipelines freeze demo --until 2099-12-31 --reason holidays
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The last day, and the reason for the ledger."""
    command.add_argument("--until", metavar="DATE", required=True, help="the last day of it, such as 2099-12-31")
    command.add_argument("--reason", metavar="TEXT", required=True, help="the reason, recorded in the ledger")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the ledger; a promotion that was stopped half-way is finished before. Raises UsageError for a past day."""
    from datetime import datetime

    from features.errors import UsageError
    from pipelines.champion import entry_kinds, freezing, ledger_writer
    from pipelines.ruling import answers

    reason = " ".join(arguments.reason.split())
    if not reason:
        raise UsageError("--reason is empty: who freezes promotions says why.")
    with ledger_writer.writing(spec.name, workspace.root) as writer:
        now = datetime.fromisoformat(writer.signed.at)
        until, ends_at = freezing.end_of_day(arguments.until, getattr(spec, "time_zone", "UTC"), now)
        standing, _ = writer.reconciled()
        body = entry_kinds.frozen(standing, writer.signed, until=until, ends_at=ends_at, reason=reason)
        entry = writer.write(standing, body)
    answers.say(f"freeze {spec.name}: {entry.body['words']} (entry {entry.number}); it ends by itself at {ends_at}")
    return 0
