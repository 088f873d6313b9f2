"""What the data tell of a person's rounds before they are erased, so that effects stay what they were."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.errors import HoldfastError
from pipelines.outreach.feedback import round_outcomes
from pipelines.outreach.operations import clock, rounds
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

Outcomes = Mapping[str, Sequence[Mapping[str, Any]]]


def read(
    engine: sa.Engine, workspace: Workspace, customer: str, dates: Mapping[str, frozenset[str]]
) -> tuple[Outcomes, list[str]]:
    """The outcomes of the rounds (dates, by spec) whose window is over, and the specs whose data could not tell.

    Of specs without dates they are in the database already.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    silent: list[str] = []
    for name, of_spec in sorted(dates.items()):
        own = Workspace(workspace.root, name)
        try:
            spec = spec_files.load(own)
            if spec.observations is not None:
                found[name] = list(_of_spec(engine, spec, own, customer, of_spec))
        except HoldfastError:  # a spec that is gone, or has no data here
            silent.append(name)
    return {name: rows for name, rows in found.items() if rows}, silent


def _of_spec(
    engine: sa.Engine, spec: ExperimentSpec, workspace: Workspace, customer: str, dates: frozenset[str]
) -> list[dict[str, Any]]:
    heads = [one for one in rounds.all_of(engine, spec.name) if one.as_of.isoformat() in dates]
    drawn = {one.as_of: frozenset({customer}) for one in heads}
    today = clock.now(spec.clocks).date()
    outcomes = round_outcomes.read(spec, workspace, engine, heads, drawn=drawn, at=today)
    rows = []
    for head in heads:
        told = outcomes[head.as_of]
        if told.pending or customer in told.vanished:
            continue
        early = customer in told.before
        rows.append(
            {
                "round": head.as_of.isoformat(),
                "churned": early or bool(told.left.get(customer, 0.0)),
                "happened_at": _day(head.as_of - timedelta(days=1)) if early else None,
                # No recording that follows is earlier.
                "known_at": _day(head.window_closes_at),
            }
        )
    return rows


def _day(on: date) -> str:
    return f"{on.isoformat()}T00:00:00"
