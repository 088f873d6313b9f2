"""Put ledger, operations, studies, and MLflow with the files of registered versions into one archive.

Others may write meanwhile: SQLite databases are copied by its backup API, PostgreSQL's by pg_dump, each as it is at one
moment. FILE is a tar with gzip; its manifest.json holds the SHA-256 of every file. Raw data are not in it (DVC's remote
has them), nor what a run makes anew. Where MLflow is a server it is refused: run it where that database is.

group: care
writes: FILE
codes: 5 written, but files of a registered version are not there any more
json: the manifest: databases, folders, files with digests, missing, elsewhere
example: python -m pipelines backup monday.tar.gz
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The file."""
    command.add_argument("file", metavar="FILE", type=Path, help="the archive to write, such as monday.tar.gz")


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Write it, and say what it holds."""
    import os
    from dataclasses import asdict
    from datetime import UTC, datetime

    from features.errors import DataError
    from pipelines.champion.authorship import sign
    from pipelines.jobs.backups import writing
    from pipelines.messages import masking

    found = writing.write(workspace.root, arguments.file, sign(os.environ, datetime.now(UTC)))
    lines = [f"backup: {arguments.file}, {arguments.file.stat().st_size / 1e6:,.1f} MB", *writing.lines(found)]
    return Answer(tuple(map(masking.mask, lines)), asdict(found), DataError.exit_code if found.missing else 0)
