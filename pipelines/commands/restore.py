"""Bring back what `backup` put into an archive, into an empty workspace.

Every file is unpacked and verified by its digest before anything is replaced. Empty is a workspace in whose databases
nobody has written; --force replaces what is there. The addresses (MLFLOW_TRACKING_URI and the others) have to be of the
same kind as then. Another folder than then is no matter: MLflow is told where its files lie now.

group: care
writes: the databases of MLflow, ledger, operations and studies, and the files of registered versions
codes: 5 the archive is not whole, or not what its manifest says
json: the manifest: databases, folders, files with digests, missing, elsewhere
example: python -m pipelines restore monday.tar.gz
example: python -m pipelines restore monday.tar.gz --force
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The file, and whether what is there is replaced."""
    command.add_argument("file", metavar="FILE", type=Path, help="an archive that `backup` wrote")
    command.add_argument("--force", action="store_true", help="replace what is there")


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Restore it, and say what was in it."""
    from dataclasses import asdict

    from pipelines.jobs.backups import restoring, writing
    from pipelines.messages import masking

    found = restoring.restore(workspace.root, arguments.file, force=arguments.force)
    lines = [f"restore: {arguments.file}, made at {found.made_at} by {found.by}", *writing.lines(found)]
    return Answer(tuple(map(masking.mask, lines)), asdict(found))
