"""Write all rounds of a spec as rows of the table `treatments`, for the next version of the data.

Everybody whom a round drew, with the probability of each arm before the draw; the withheld are in the control. A round
is known from when it was drawn: with --at, only those known by then. The same rounds give the same bytes.
A spec whose source maps the file `rounds.parquet` needs no hand: `run` brings it up to date by itself.

group: act
writes: artifacts/SPEC/treatments.parquet
codes: 5
json: the spec, the time, the rounds, the rows by arm, and the file
example: python -m pipelines treatments demo
example: python -m pipelines treatments demo --at 2026-03-01T00:00
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The time of knowledge."""
    command.add_argument("--at", metavar="TIME", help="only what was known then, by the company's clocks")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Write the file."""
    from pipelines.files import storage
    from pipelines.outreach import treatments_of_rounds
    from pipelines.outreach.operations import clock

    at = None if arguments.at is None else clock.came(arguments.at, spec.clocks)
    rows = treatments_of_rounds.known(workspace.root, spec.name, time_zone=spec.clocks, at=at)
    storage.write_parquet(workspace.treatments, rows)
    counted = {one["values"]: one["counts"] for one in rows["action"].value_counts().to_pylist()}
    arms = {str(arm): int(counted[arm]) for arm in sorted(counted)}
    campaigns = len(rows["campaign"].unique())
    file = str(workspace.treatments.relative_to(workspace.root))
    lines = [f"treatments {spec.name}: {campaigns:,} rounds, {len(rows):,} rows"]
    lines += [f"  {arm}  {count:,}" for arm, count in arms.items()]
    when = None if at is None else clock.text(at)
    told = {"spec": spec.name, "at": when, "rounds": campaigns, "arms": arms, "file": file}
    return Answer((*lines, f"file  {file}"), told)
