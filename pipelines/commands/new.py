"""Look at files and propose a spec that a person can read: what each column is, why, and how sure.

One file with a row a customer, several files that share a key, or an event log. It writes SPEC where there is none;
where there is one it shows the difference and writes nothing, unless told to --overwrite. On a terminal it asks what
the files cannot tell; elsewhere it names the option that is missing and ends with exit code 2. What was said for an
earlier proposal stands in its first line, and holds until something else is said.

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
    """The files, and what they cannot tell themselves."""
    from pipelines.proposing import said

    command.add_argument("files", metavar="FILE", nargs="+", help="files (CSV, Parquet, Excel, JSON lines) or folders")
    said.arguments(command)
    command.add_argument("--overwrite", action="store_true", help="write over a spec that is there")


def run(_spec: "ExperimentSpec | None", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the spec, or show what would change. Raises UsageError where something must be said first."""
    from pipelines.proposing import proposal

    return proposal.answer(workspace, arguments)
