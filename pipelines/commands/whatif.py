"""Say what another playbook, or other limits, would have earned in past rounds.

The file is a playbook, or holds `policy:` as a spec does, or `playbook:` with the name of one. Each past round whose
outcomes are known is drafted again with it, from what was known then, by the models of then, with the shares of that
round withheld and explored. What that would have earned follows from the logged probabilities: with an interval of
95 %, and the effective number of customers that it rests on. Refused is a policy that asks for what was never drawn,
and one that rests on fewer than 100 effective customers.

group: look
writes: artifacts/SPEC/whatif.json
codes: 5 refused: too little overlap
json: the rounds and rows, how many differ, the effective number of customers, and what would have been earned
example: python -m pipelines whatif demo --policy experiments/specs/playbooks/demo.yaml
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.statistics.intervals import Interval
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The policy."""
    command.add_argument("--policy", metavar="FILE", required=True, help="a playbook, or `policy:` and `playbook:`")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """The table."""
    from pathlib import Path

    from pipelines.files import storage
    from pipelines.outreach import what_if

    file = Path(arguments.policy)
    answer = what_if.ask(spec, workspace, file)
    found = answer.found
    plain = {"spec": spec.name, "policy": file.name, "currency": spec.currency, **answer.plain}
    storage.write_json(workspace.whatif, plain)
    head = f"whatif {spec.name} with {file.name}: {answer.rounds:,} rounds, {found.rows:,} rows"
    told = f"  it differs in {found.differing:,} rows, which tell as much as {found.effective:,.0f} customers"
    lines = [
        head,
        told,
        f"  a row, in {spec.currency}, with an interval of 95 %",
        f"  earned              {answer.earned:,.2f}",
        _line("would have earned", found.doubly_robust),
        _line("that is, more", found.gain),
        _line("without predictions", found.inverse_propensity),
    ]
    if answer.pending or answer.gone:
        lines.append(
            f"  left out: {answer.pending:,} rounds of unknown outcomes, {answer.gone:,} customers not in the data"
        )
    return Answer(tuple(lines), plain)


def _line(name: str, figure: "Interval | None") -> str:
    if figure is None:
        return f"  {name:<20}-"
    return f"  {name:<20}{figure.value:,.2f}  [{figure.low:,.2f}, {figure.high:,.2f}]"
