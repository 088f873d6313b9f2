"""Say whether the contacts of the rounds helped: by assignment, on those reached, and in money.

Whoever was assigned an action is compared with whoever was withheld by chance, reached or not, weighted by the logged
probabilities and adjusted by the risk predicted before. Who left is taken from the newest data by the spec's label, or,
for a table without dates, from what was recorded; a round that is not mature shows counts only. All rounds are told
together, at every look, and all claims are one family. Without a control nothing is claimed, and figures before and
after are never an effect: --before-and-after says so of those that somebody brings.

group: act
writes: artifacts/SPEC/effect.json and effect.html
codes: 5
json: the rounds, what was done of each, and for every action, segment, level and row its effect and its word
example: python -m pipelines effect demo
example: python -m pipelines effect demo --at 2026-06-30 --json
example: python -m pipelines effect demo --before-and-after retention=68%:81%
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The date, and figures to refuse."""
    command.add_argument("--at", metavar="DATE", help="as known at the end of this day; today unless said")
    command.add_argument(
        "--before-and-after",
        metavar="FIGURES",
        action="append",
        default=[],
        help="figures that somebody calls an effect, such as retention=68%%:81%% or renewals=+37%%",
    )


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Estimate, and write the page."""
    from pipelines.files import storage
    from pipelines.outreach.feedback import effect_run
    from pipelines.outreach.operations import database
    from pipelines.reporting import effect_page

    engine = database.opened(workspace.root)
    at, asked = _date(spec, arguments.at), arguments.before_and_after
    found = effect_run.figures(spec, workspace, engine, at=at, before_and_after=asked)
    storage.write_json(workspace.artifacts / "effect.json", found)
    storage.write_bytes(workspace.artifacts / "effect.html", effect_page.render(found).encode())
    return Answer(tuple(_lines(found, workspace)), found)


def _date(spec: "ExperimentSpec", said: str | None) -> "date":
    from datetime import date

    from features.errors import UsageError
    from pipelines.outreach.operations import clock

    today = clock.now(spec.clocks).date()
    try:
        wanted = today if said is None else date.fromisoformat(said)
    except ValueError as error:
        raise UsageError(f"--at '{said}' is no date; write such as 2026-03-01.") from error
    if wanted > today:
        raise UsageError(f"--at {wanted} is after today, {today}: nobody knows yet who will have left.")
    return wanted


def _lines(found: dict[str, Any], workspace: "Workspace") -> "Iterator[str]":
    from pipelines.messages.numbers import counted

    rounds = found["rounds"]
    pending = sum(bool(one["pending"]) for one in rounds)
    yield f"effect {found['spec']}: {counted(len(rounds), 'round')} up to {found['at']}, {pending} of them pending"
    for one in rounds:
        if one["pending"]:
            yield f"  round {one['round']} is pending: {one['pending']}"
    for line in found["lines"]:
        yield f"  {_name(line)}: {line['word']}: {_said(line)}"
        if line["money"] and line["by"] == "all":
            yield f"    {_money(line['money'])}"
    for one in found["refused"]:
        yield f"  {one['because']}; missing: {'; '.join(one['missing'])}"
    if found["lines"]:
        yield f"  {found['family']['says']}"
    yield from (f"  {remark}" for remark in found["remarks"])
    yield f"page  {(workspace.artifacts / 'effect.html').relative_to(workspace.root)}"


def _name(line: dict[str, Any]) -> str:
    from pipelines.reporting import effect_words

    return str(line["action"]) if line["by"] == "all" else f"{line['action']}, {effect_words.named(line)[0]}"


def _said(line: dict[str, Any]) -> str:
    counts, effect = line["counts"], line["effect"]
    pending = counts["pending_assigned"] + counts["pending_withheld"]
    many = f"{counts['assigned']:,} assigned, {counts['withheld']:,} withheld, {pending:,} of them pending"
    points = ""
    if line["word"] == "shown":
        points = (
            f"{100 * effect['value']:+.1f} points stayed [{100 * effect['low']:+.1f}, {100 * effect['high']:+.1f}]; "
        )
    because = "" if line["word"] == "shown" else f"{line['because']}; "
    missing = f"; missing: {'; '.join(line['missing'])}" if line["missing"] else ""
    return f"{points}{because}{many}{missing}"


def _money(money: dict[str, Any]) -> str:
    ends = ("value", "low", "high")
    gained, net = ("{:,.0f} [{:,.0f}, {:,.0f}]".format(*(money[one][end] for end in ends)) for one in ("gained", "net"))
    return (
        f"{money['currency']}: spent {money['spent']:,.0f}, gained {gained}, net {net} over {money['months']:g} months"
    )
