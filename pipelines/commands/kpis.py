"""Write the retention figures of a spec: customers lost and kept, revenue, lifetime value, NPS, early warning.

For the last 30, 182 and 365 days, or those that the spec's section `kpis` says, and by segment and cohort: customers at
the start, new, returned, lost and at the end; retention and churn with exact intervals, and whether the target is
reached, missed, or cannot be told; net and gross revenue retention; the net promoter score by touchpoint. Beside them
lifetime value, what goes with the score, by threshold, the share of leavers who stood on a list 90 days ahead, and the
warnings that were acted on in time. A window that is not over says so, and so does a figure that the data do not allow.
Windows end at the newest date of which all is known, unless --at says another.

group: look
writes: artifacts/SPEC/kpis.json and artifacts/SPEC/kpis.html
codes: 5
json: the windows with all figures, drivers, lifetime, and missing: the reason for each figure that there is not
example: python -m pipelines kpis demo
example: python -m pipelines kpis demo --at 2025-07-01 --by plan
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The date, and a further grouping."""
    command.add_argument("--at", metavar="DATE", help="the date at which the windows close")
    command.add_argument("--by", metavar="COLUMN", help="a further grouping: region, language or plan")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Write both files and tell the figures of all customers."""
    from pipelines.files import storage
    from pipelines.jobs.retention import in_lines, kpis
    from pipelines.reporting import kpis_page

    found = kpis.figures(spec, workspace, at=arguments.at, by=arguments.by)
    workspace.artifacts.mkdir(parents=True, exist_ok=True)
    storage.write_json(workspace.kpis, found)
    storage.write_bytes(workspace.kpis_page, kpis_page.render(found).encode())
    page = f"page  {workspace.kpis_page.relative_to(workspace.root)}"
    return Answer((*in_lines.lines(found), page), found)
