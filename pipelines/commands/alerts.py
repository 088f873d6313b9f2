"""Churn warnings: check a spec's rules, backtest them, raise today's warnings, and record what became of them.

check     judge the rules like code, before they are used: a feature that there is not, a rule that can never be true,
          one that another always covers, a lexicon that is not there. One line per remark; exit code 0, or 2 where
          there is a mistake. The features must have been built once.
backtest  play the rules over all past dates with what was known on each: how often each fired, what share of those
          warned of left, against the base rate at the same dates, what share of leavers was warned of and how many days
          ahead; and the same for the champion's list at the same number of contacts. A rule that does no better than
          chance is said to.
run       raise the warnings of the newest date of the data (of a table without dates: of the day), one for each
          episode: a new one begins only after the condition was false. Asked again, nothing is new. What is overdue is
          escalated; what is over has expired.
deliver   send the open warnings that nobody was sent yet, where HOLDFAST_CHANNEL_MAIL, and so on by the rule's channel,
          holds an address: mail, webhook, WeCom, DingTalk, Slack and more, as Apprise writes them. One message for each
          owner. What was sent is not sent again; what failed is tried three times.
list      show the warnings that are open; --all also those that are done or expired.
acknowledge, done
          write down what became of a warning: its rule, its customer and since when (`list` shows all three).

The rules are in experiments/specs/alerts/NAME.yaml, which the spec names: `alerts: NAME`.

group: act
writes: artifacts/SPEC/alerts, alerts.html and alerts.json (backtest)
writes: the operations database (run, acknowledge, done), state/operations.db or where HOLDFAST_OPERATIONS_URI says
codes: 5
json: the remarks on the rules; the figures of each rule; what was raised; the warnings
example: python -m pipelines alerts check demo
example: python -m pipelines alerts backtest demo
example: python -m pipelines alerts run demo
example: python -m pipelines alerts deliver demo
example: python -m pipelines alerts list demo
example: python -m pipelines alerts done demo use_is_down C0000004 --since 2026-01-01T00:00:00 --note called
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer
from pipelines.messages.numbers import percent

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace

ACTIONS = {
    "check": "Judge the rules like code, before any data.",
    "backtest": "Play the rules over all past dates with what was known then.",
    "run": "Raise the warnings of the newest date of the data.",
    "deliver": "Send the open warnings where an address is given.",
    "list": "Show the warnings that are open.",
    "acknowledge": "Say that somebody has taken a warning on.",
    "done": "Say that what a warning asked for was done.",
}
BY_HAND = ("acknowledge", "done")


def arguments(command: argparse.ArgumentParser) -> None:
    """The action and the spec."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        action.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")
        if name == "list":
            action.add_argument("--all", action="store_true", help="also those that are done or expired")
        if name in ("run", "deliver", *BY_HAND):
            action.add_argument("--at", metavar="TIME", help="the time by the company's clocks; now unless said")
        if name in BY_HAND:
            action.add_argument("rule", metavar="RULE", help="the rule, such as use_is_down")
            action.add_argument("customer", metavar="CUSTOMER", help="the customer")
            action.add_argument("--since", metavar="TIME", required=True, help="when the warning's episode began")
            action.add_argument("--note", metavar="TEXT", default="", help="a remark")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Do it, and report the result. Raises SpecError where a rule is wrong."""
    if arguments.action in ("check", "backtest"):
        return _check(spec, workspace) if arguments.action == "check" else _backtest(spec, workspace)
    if arguments.action == "list":
        return _list(spec, workspace, every=arguments.all)
    act = {"run": _run, "deliver": _deliver}.get(arguments.action, _by_hand)
    return act(spec, workspace, arguments)


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


def _run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    from dataclasses import asdict

    from pipelines.outreach import alert_run
    from pipelines.outreach.operations import clock

    found = alert_run.run(spec, workspace, now=clock.came(arguments.at, spec.clocks))
    total = sum(found.new.values())
    lines = [f"alerts run {spec.name}: {total:,} new warnings at {found.as_of}, {found.open:,} open in all"]
    return Answer((*lines, *(f"  {rule}  {count:,}" for rule, count in found.new.items())), asdict(found))


def _deliver(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    from dataclasses import asdict

    from pipelines.outreach import delivery
    from pipelines.outreach.operations import clock

    found = delivery.deliver(spec, workspace, at=clock.text(clock.said(arguments.at, spec.clocks)))
    said = f"{found.sent:,} sent, {found.failed:,} failed, {found.on_the_list:,} on the list only"
    lines = [f"alerts deliver {spec.name}: {said}"]
    lines += [f"  failed: {receiver}: {reason}" for receiver, reason in found.reasons.items()]
    lines += [
        f"  {channel}: {count:,} warnings, and no address: {delivery.PREFIX}{channel.upper()} is not set"
        for channel, count in found.without_address.items()
    ]
    lines += [f"  {found.opted_out:,} are about customers who opted out, and are not sent"] * bool(found.opted_out)
    lines += [f"  {found.unsure:,} may have arrived: a run was killed as it sent them"] * bool(found.unsure)
    lines += [f"  {found.given_up:,} failed too often, and are tried no more"] * bool(found.given_up)
    return Answer(tuple(lines), asdict(found), code=2 if found.failed else 0)


def _list(spec: "ExperimentSpec", workspace: "Workspace", *, every: bool) -> Answer:
    from pipelines.outreach.operations import clock, database, opt_outs, rounds, warnings
    from pipelines.ruling import answers

    engine = database.opened(workspace.root)
    found = warnings.all_of(engine, spec.name)
    control = rounds.controls(engine, clock.text(clock.now(spec.clocks))[:10])
    out = opt_outs.now(engine).get("all", frozenset())
    names = found["customer_id"].astype(str)
    opted_out = ["yes" if one in out else "" for one in names]
    found = found.assign(control_until=[control.get(one, "") for one in names], opted_out=opted_out)
    shown = found if every else found[~found["state"].isin(warnings.CLOSED)]
    columns = ["state", "level", "rule", "customer_id", "began_at", "owner", "due_at", "control_until"]
    columns += ["opted_out", *(["note"] if every else [])]
    lines = answers.table([columns, *shown[columns].astype(str).to_numpy().tolist()]) if len(shown) else []
    return Answer((f"alerts list {spec.name}: {len(shown):,} warnings", *lines), shown.to_dict("records"))


def _by_hand(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    import os
    from datetime import UTC, datetime

    from pipelines.champion.authorship import sign
    from pipelines.outreach.operations import clock, database, warnings

    kind = {"acknowledge": warnings.ACKNOWLEDGED, "done": warnings.DONE}[arguments.action]
    at = clock.text(clock.came(arguments.at, spec.clocks))
    since = clock.text(clock.said(arguments.since, spec.clocks))
    key = (spec.name, arguments.rule, arguments.customer, since)
    told = {"by": sign(os.environ, datetime.now(UTC)).by, "note": arguments.note}
    known_at = None if arguments.at is None else clock.text(clock.now(spec.clocks))
    new = warnings.happened(database.opened(workspace.root), key, kind, at=at, known_at=known_at, **told)
    said = f"alerts {arguments.action} {spec.name}: {arguments.rule} of {arguments.customer} is {kind}"
    return Answer((said if new else f"{said} already",), {"state": kind, "new": new})


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
    return "-" if share is None else percent(share)
