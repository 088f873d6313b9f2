"""End a freeze before its day: the next `run` or `promote` promotes again what the rules accept.

Where nothing is frozen there is nothing to do, and no entry is written.

group: decide
writes: the ledger, in mlflow.db or where HOLDFAST_LEDGER_URI says
codes: 5 the ledger is broken
example: python -m pipelines unfreeze demo
example: python -m pipelines unfreeze demo --reason launched
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The reason, for the ledger."""
    command.add_argument("--reason", metavar="TEXT", default="", help="the reason, recorded in the ledger")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the ledger."""
    from pipelines.champion import entry_kinds, ledger_writer
    from pipelines.ruling import answers

    with ledger_writer.writing(spec.name, workspace.root) as writer:
        standing, _ = writer.reconciled()
        if standing.frozen(writer.signed.at) is None:
            answers.say(f"unfreeze {spec.name}: nothing is frozen")
            return 0
        reason = " ".join(arguments.reason.split())
        entry = writer.write(standing, entry_kinds.unfrozen(standing, writer.signed, reason=reason))
    answers.say(f"unfreeze {spec.name}: {entry.body['words']} (entry {entry.number})")
    return 0
