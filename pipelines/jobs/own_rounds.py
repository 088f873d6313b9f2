"""The raw file `rounds.parquet` of a spec that maps it: `run` brings it up to date from the operations database."""

from experiments.spec import ExperimentSpec
from pipelines.jobs import add_data
from pipelines.messages import log
from pipelines.outreach import treatments_of_rounds
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace


def refresh(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Add the rounds drawn since as a new version of the raw data, where the spec's source reads them.

    Nothing is touched where no round was drawn or nothing is new, before any data were added, and where the database
    lacks a round that the file has, as in another checkout: what was learned from is not forgotten.
    """
    source, options = source_of(spec)
    if not source.needs_files or treatments_of_rounds.FILE not in source.wants(options) or not workspace.raw.is_dir():
        return
    there = workspace.raw / treatments_of_rounds.FILE
    rows = treatments_of_rounds.known(workspace.root, spec.name, time_zone=spec.clocks)
    if not len(rows):
        return
    if lacking := treatments_of_rounds.lost(there, rows):
        told = f"{there.name} holds {lacking:,} assignments that the operations database lacks; it stays as it is"
        log.warn("data", spec.name, [told])
        return
    add_data.add_own(spec, workspace, there.name, rows)
