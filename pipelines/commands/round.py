"""Assign actions for a contact round, with a randomised control to measure their effects.

An action is proposed for each customer of today's list: by the uplift model where the data have established what that
action does, else by the spec's playbook, within budget, capacity, opt-outs and fatigue. Then a share of them (`round:
{control: 0.1}`) is withheld by chance, and where the spec asks to learn (`explore`) the action of a share is drawn.
Each row has the probability of every action. Whoever is withheld stays withheld, in every spec, until the outcomes of
the round are known; whoever is contacted is drawn by no round for some days (`rest_days: 30`). Who opted out (`record`)
is not drawn. Urgency and owner are those of the warnings that are open. A round is drawn once for a spec and date and
never changes: asked again, it gives the same list, which says who opted out since.
`score` shows a draft of the list, without a draw.

group: act
writes: the round, in the operations database, state/operations.db or where HOLDFAST_OPERATIONS_URI says
writes: artifacts/SPEC/rounds/DATE, list.csv, list.xlsx, list.parquet and list.html; treatments.parquet, for later data
codes: 5
json: the spec, the date, how many get each action, how many are withheld, and which effect the control can show
example: python -m pipelines round demo
example: python -m pipelines round telco --as-of 2026-03-01
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer
from pipelines.messages.numbers import percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd

    from experiments.assignment.detectable import Shown
    from experiments.spec import ExperimentSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The date, for a table without dates."""
    command.add_argument(
        "--as-of", metavar="DATE", help="the date of the list; today unless said, or the newest date of the data"
    )


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Draw it, or find what was drawn. Raises UsageError for a date that the data do not end at."""
    from math import inf

    from experiments.assignment import detectable
    from pipelines.outreach import champion_today, outreach_files, round_draw, round_list
    from pipelines.outreach.operations import database, opt_outs, rounds
    from pipelines.outreach.operations.assignment_rows import NONE

    engine = database.opened(workspace.root)
    as_of = _date(spec, workspace, arguments.as_of)
    found, head = rounds.found(engine, spec.name, as_of), None
    if found is None:
        playbook = outreach_files.checked_playbook(spec, workspace)
        today = champion_today.read(spec, workspace, engine, as_of=as_of)
        seed = round_draw.seed_of(spec, as_of)
    while found is None:  # again where another round was written meanwhile that withholds somebody
        rest = spec.round.rest_days
        held, resting = rounds.held_back(engine, as_of), rounds.contacted(engine, as_of, rest)
        out = opt_outs.now(engine)
        rows = round_draw.drafted(spec, today, playbook, held_back=held, contacted=resting, opted_out=out, seed=seed)
        head = round_draw.made(spec, today, as_of=as_of, seed=seed, **_signed())
        found = rounds.written(engine, head, rows, rest_days=rest)
    earlier = f"  drawn already, {found[0].written_at} by {found[0].by}: nothing was changed"
    can_show = detectable.by_action(found[1][found[1]["proposed"] != NONE], found[0].control)
    folder = round_list.folder_of(workspace.rounds, as_of)
    told = {"title": spec.title, "currency": spec.currency, "time_zone": spec.clocks}
    round_list.write(folder, found[0], found[1], opted_out=opt_outs.now(engine), **told)
    counted = _counted(found[1])
    # Without a control there is no effect that it can show.
    plain = {action: one.effect if one.effect < inf else None for action, one in can_show.items()}
    lines = [
        f"round {spec.name}: {as_of}, {counted['customers']:,} customers, {counted['withheld']:,} withheld",
        *(f"  {action}  {count:,}" for action, count in counted["actions"].items()),
        *_notes(found[0].control, can_show),
        *([earlier] if found[0] is not head else []),
        f"list  {(folder / 'list.html').relative_to(workspace.root)}",
    ]
    return Answer(tuple(lines), {"spec": spec.name, "as_of": str(as_of), **counted, "can_show": plain})


def _date(spec: "ExperimentSpec", workspace: "Workspace", said: str | None) -> "date":
    """The date of the list: the newest of the data where these have dates."""
    from datetime import date

    from features.errors import UsageError
    from features.section import FIRST_YEAR
    from pipelines.matrix import matrices
    from pipelines.outreach.operations import clock

    try:
        wanted = None if said is None else date.fromisoformat(said)
    except ValueError as error:
        raise UsageError(f"--as-of '{said}' is no date; write such as 2026-03-01.") from error
    if spec.observations is None:
        today = clock.now(spec.clocks).date()
        # Whoever a list of the future withholds would be held back until after it, and a round is never taken back.
        if wanted is not None and not date(FIRST_YEAR, 1, 1) <= wanted <= today:
            raise UsageError(f"--as-of {wanted} is not between {FIRST_YEAR} and today, {today}.")
        return wanted or today
    newest = matrices.dates(workspace.matrix, matrices.SCORE)
    if not newest:
        raise UsageError(f"spec '{spec.name}' has no rows to score yet; run: python -m pipelines run {spec.name}")
    there = date.fromisoformat(newest[-1].removeprefix("as_of="))
    if wanted not in (None, there):
        raise UsageError(f"the data of '{spec.name}' end at {there}; there is no list of {wanted}.")
    return there


def _signed() -> dict[str, str]:
    import os
    from datetime import UTC, datetime

    from pipelines.champion.authorship import sign

    signed = sign(os.environ, datetime.now(UTC))
    return {"by": signed.by, "at": signed.at}


def _notes(control: float, can_show: "Mapping[str, Shown]") -> list[str]:
    """What the control of each action can show."""
    lines = [
        f"  {action}: with {percent(control, 0)} withheld this round can show an effect of"
        f" {100 * one.effect:.1f} points"
        for action, one in can_show.items()
        if one.effect < 1
    ]
    never = [action for action, one in can_show.items() if not one.within_a_year]
    return lines + [f"  {action}: so few are withheld that a year of such rounds can show nothing" for action in never]


def _counted(assignments: "pd.DataFrame") -> dict[str, Any]:
    actions = assignments.loc[assignments["action"] != "none", "action"].value_counts().sort_index()
    return {
        "customers": len(assignments),
        "withheld": int(assignments["withheld"].sum()),
        "explored": int(assignments["explored"].sum()),
        "actions": {str(name): int(count) for name, count in actions.items()},
    }
