"""Examine files and propose a spec: what each column is, why, and how sure that is.

One file with one row per customer, several files that share a key, or an event log. It writes SPEC where there is none;
where there is one it shows the difference and writes nothing, unless --overwrite is given. At a terminal it asks for
what the files leave open; elsewhere it names the missing option and ends with exit code 2. The options of an earlier
proposal are in its first line, and hold until others are given.

group: work
writes: experiments/specs/SPEC.yaml
example: python -m pipelines new shop customers.csv --label left
example: python -m pipelines new shop customers.csv services.xlsx --customer-id id --label status --churned gone
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """Add the files, and options for what they leave open."""
    from pipelines.jobs.proposing import said

    command.add_argument("files", metavar="FILE", nargs="+", help="files (CSV, Parquet, Excel, JSON lines) or folders")
    said.arguments(command)
    command.add_argument("--overwrite", action="store_true", help="overwrite an existing spec")


def run(_spec: "ExperimentSpec | None", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the spec, or show what would change. Raises UsageError where an option is missing."""
    from pipelines.jobs.proposing import proposal

    return proposal.answer(workspace, arguments)
