"""Play the demo world forward, month by month, under our rounds and under policies to compare with.

The world reacts to what the lists do: the same customers and the same luck under every policy. At the spec's
observation dates our rounds are drawn by the code of `round`: by the model where the effect of an action is
established, else by the playbook, with control and exploration as the spec says; the model is learned anew after every
second round. Beside them: nothing, calling the riskiest, a coupon for all, the playbook alone, and an oracle that knows
the true effects, under the same limits. Nothing of the spec is changed: the year happens in a temporary folder. Of a
reader of texts and of warnings it makes no use.

group: look
writes: artifacts/SPEC/simulation.json and simulation.html
codes: 5
json: by policy and month, margin, cost, contacts and who left; what each keeps beyond nothing; effects beside the truth
example: python -m pipelines simulate demo
example: python -m pipelines simulate demo --months 6 --seed 3 --json
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace

MOST_MONTHS, LARGEST_SEED = 120, 2**31 - 2


def arguments(command: argparse.ArgumentParser) -> None:
    """How long, and with which luck."""
    command.add_argument("--months", metavar="N", type=int, default=12, help="how many months; 12 unless said")
    command.add_argument("--seed", metavar="S", type=int, help="the world's seed; the spec's own unless said")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Play it, write figures and page. Raises UsageError for numbers out of range, SpecError without a world."""
    import tempfile
    from pathlib import Path

    from features.errors import UsageError
    from pipelines.files import storage
    from pipelines.jobs.simulation import simulated
    from pipelines.reporting import simulation_page

    for name, number, most in (("months", arguments.months, MOST_MONTHS), ("seed", arguments.seed, LARGEST_SEED)):
        least = 1 if name == "months" else 0
        if number is not None and not least <= number <= most:
            raise UsageError(f"--{name} {number} is not between {least} and {most}.")
    with tempfile.TemporaryDirectory(prefix="holdfast-year-") as folder:
        found = simulated.simulated(spec, workspace, Path(folder), months=arguments.months, seed=arguments.seed)
    storage.write_json(workspace.simulation, found)
    storage.write_bytes(workspace.simulation_page, simulation_page.render(found).encode())
    kept = [f"  {name}  {found['gain'][name][-1]:,.0f}" for name in found["policies"]]
    first = f"simulate {spec.name}: {arguments.months} months; kept beyond nothing, in {spec.currency}:"
    return Answer((first, *kept, f"page  {workspace.simulation_page.relative_to(workspace.root)}"), found)
