"""Say whether the champion still fits: drift of its data, and its realised figures against what the gate measured.

The newest customers are compared with those that the champion learned from, with its gate cohort and, where the data
reach so far, with the same month of last year: features, score and predicted uplift by the population stability index,
missing shares, levels that training never saw. So are the scores that the service gave to ready rows in the last 30
days, with its gate cohort. Tables are held against their own past: rows a month, days since the newest row. Where
outcomes became known after the gate, AUC, Brier score, calibration and the effect of each action are compared with what
the gate measured. What asks for retraining is at least as large as its threshold and beyond chance, held together over
all that is measured: where nothing has changed, any alarm comes in at most 2 % of months. Thresholds stand in the spec
(`monitoring: {thresholds: {feature_shift: 0.3}}`); `list drift` names the kinds.

It changes nothing but its own files: `run` retrains, and the gate decides.

group: look
writes: artifacts/SPEC/monitoring.json and monitoring.html
codes: 5; 6
json: the date, the version, whether to retrain, and every change with effect, interval, threshold and sentence
example: python -m pipelines monitor demo
example: python -m pipelines monitor demo --at 2025-10-01 --json
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from datetime import date

    from experiments.spec import ExperimentSpec
    from pipelines.jobs.monitoring.month import Monitored
    from pipelines.workspace import Workspace

RETRAIN = 6


def arguments(command: argparse.ArgumentParser) -> None:
    """The date."""
    command.add_argument(
        "--at", metavar="DATE", help="an earlier date of the data, with the outcomes that were known then; the newest"
    )


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Measure, write the page, and report. Raises UsageError for what is no date, or none of the data."""
    from pipelines.files import storage
    from pipelines.jobs.monitoring import month
    from pipelines.reporting import monitoring_page

    found = month.monitored(spec, workspace, asked=_date(arguments.at))
    plain = found.to_dict()
    storage.write_json(workspace.monitoring, plain)
    storage.write_bytes(workspace.monitoring_page, monitoring_page.render(plain).encode())
    return Answer(tuple(_lines(found, workspace)), plain, code=RETRAIN if found.asking else 0)


def _date(text: str | None) -> "date | None":
    from datetime import date

    from features.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--at '{text}' is no date; write such as 2026-03-01.") from error


def _lines(found: "Monitored", workspace: "Workspace") -> list[str]:
    """A line for what was looked at, one for each change that asks for retraining, and the page."""
    told = "retrain" if found.asking else "no reason to retrain"
    when = f" at {found.at}" if found.at else ""
    first = f"monitor {found.spec}{when}: {told}; version {found.version}, {found.customers:,} customers"
    outcomes = f"outcomes of {', '.join(found.known_outcomes)}" if found.known_outcomes else "no outcome since the gate"
    page = workspace.monitoring_page.relative_to(workspace.root)
    return [
        first,
        f"  {len(found.changes)} comparisons, {outcomes}",
        *(f"  {one.sentence}" for one in found.asking),
        *(f"  monitoring.accept names '{one}', of which nothing was measured" for one in found.not_measured),
        f"page  {page}",
    ]
