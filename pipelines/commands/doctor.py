"""Look over a checkout and its servers: one line each, ok, warning or error, with the remedy.

Looked at are: Python and the packages against requirements.lock; whether MLflow, the ledger, the operations database
and DVC's remote answer; free disk against what a run writes; the clock against the servers' and the ledger's, and the
time zones; locks, leases and temporary folders that killed processes left; whether the databases have the tables of
these versions; and for each spec the alias champion and the files against the ledger, versions that no entry knows,
and runs of no study. It changes nothing, creates nothing and migrates nothing. Without SPEC all specs are looked at.

group: care
codes: 0 no error, perhaps warnings; 5 an error, one line each
json: errors and warnings as numbers, and findings: level, about, words and remedy of each line
example: python -m pipelines doctor
example: python -m pipelines doctor demo --json
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The specs."""
    command.add_argument("specs", metavar="SPEC", nargs="*", help="a spec; all of experiments/specs unless said")


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """A line for each thing; exit code 5 where one is an error."""
    from dataclasses import asdict

    from features.errors import DataError
    from pipelines.jobs.care import unreferenced
    from pipelines.jobs.care.doctor import Doctor
    from pipelines.jobs.care.finding import ERROR, WARNING
    from pipelines.messages import masking

    specs = arguments.specs or unreferenced.all_specs(workspace.root)
    found = Doctor(Path(workspace.root), tuple(specs)).findings()
    errors, warnings = (sum(one.level == level for one in found) for level in (ERROR, WARNING))
    plain = {"errors": errors, "warnings": warnings, "findings": [asdict(one) for one in found]}
    lines = [masking.mask(one.line) for one in found]
    return Answer(tuple(lines), plain, DataError.exit_code if errors else 0)
