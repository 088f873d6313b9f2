"""Take the events that the service received since into the raw data of a spec, as a new version.

They become the file `received.parquet`, which a spec reads whose source says `received: true`. `run` does so by itself,
before anything else. Nothing new makes no new version. Where the operations database lacks events that the file has,
as in another checkout, the file stays, and a warning says so.

group: work
writes: data/raw/SPEC and data/raw/SPEC.dvc, DVC's cache
json: the spec, the events in the file, how many of them are new, those the database lacks, and the version of the data
example: python -m pipelines collect shop
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(_command: argparse.ArgumentParser) -> None:
    """Nothing but the spec."""


def run(spec: "ExperimentSpec", workspace: "Workspace", _arguments: argparse.Namespace) -> Answer:
    """Collect, and say how many events there are."""
    from pipelines.jobs import collecting

    found = collecting.collect(spec, workspace)
    new, version = max(found.events - found.before, 0), collecting.version_of(workspace)
    told = {"spec": spec.name, "events": found.events, "new": new, "lacking": found.lacking, "version": version}
    line = f"collect {spec.name}: {found.events:,} events, {new:,} of them new; version {version} of the data"
    return Answer((line,), told)
