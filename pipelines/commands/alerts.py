"""Warnings by rule: check the rules of a spec, and play them over past dates.

check     judge the rules like code, before they are used: a feature that there is not, a rule that can never be true,
          one that another always covers, a lexicon that is not there. One line per remark; exit code 0, or 2 where
          there is a mistake. The features must have been built once.
backtest  play the rules over all past dates with what was known on each: how often each fired, what share of those
          warned of left, against the base rate at the same dates, what share of leavers was warned of and how many days
          ahead; and the same for the champion's list at the same number of contacts. A rule that does no better than
          chance is said to.

The rules are in experiments/specs/alerts/NAME.yaml, which the spec names: `alerts: NAME`.

group: act
writes: artifacts/SPEC/alerts, alerts.html and alerts.json (backtest); check writes nothing
json: the remarks on the rules; or the figures of each rule
example: python -m pipelines alerts check demo
example: python -m pipelines alerts backtest demo
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace

ACTIONS = {
    "check": "Judge the rules like code, before any data.",
    "backtest": "Play the rules over all past dates with what was known then.",
}


def arguments(command: argparse.ArgumentParser) -> None:
    """The action and the spec."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        action.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Do it, and report the result. Raises SpecError where a rule is wrong."""
    return _check(spec, workspace) if arguments.action == "check" else _backtest(spec, workspace)


def _check(spec: "ExperimentSpec", workspace: "Workspace") -> Answer:
    from pipelines.outreach import backtest

    file, _, advice = backtest.checked(spec, workspace)
    said = f"alerts check {spec.name}: {len(file.rules)} rules, no mistake"
    return Answer((said, *(f"  {one}" for one in advice)), {"rules": list(file.rules), "advice": advice})


def _backtest(spec: "ExperimentSpec", workspace: "Workspace") -> Answer:
    from pipelines.files import storage
    from pipelines.outreach import backtest
    from pipelines.reporting import alerts_page

    found = backtest.figures(spec, workspace)
    with storage.replacing_folder(workspace.alerts_backtest) as folder:
        storage.write_json(folder / "alerts.json", found)
        storage.write_bytes(folder / "alerts.html", alerts_page.render(found).encode())
    return Answer(tuple(_lines(spec.name, found, workspace)), found)


def _lines(name: str, found: dict[str, Any], workspace: "Workspace") -> list[str]:
    from pipelines.ruling import answers

    head = ("rule", "warnings", "left", "base rate", "leavers warned", "days ahead", "better than chance")
    rows = [
        (
            rule,
            f"{one['warnings']:,}",
            *(_percent(one[key]) for key in ("left", "base", "leavers_warned")),
            "-" if one["days_ahead"] is None else f"{one['days_ahead']:.0f}",
            {True: "yes", False: "no", None: "-"}[one["better"]],
        )
        for rule, one in found["figures"].items()
    ]
    page = (workspace.alerts_backtest / "alerts.html").relative_to(workspace.root)
    first = f"alerts backtest {name}: {len(found['dates'])} dates, {found['customers']:,} customers"
    return [first, *answers.table([head, *rows]), f"page  {page}"]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
