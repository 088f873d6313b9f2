"""`alerts run`: raise today's warnings of a spec, once for each episode."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.alerts.alert_file import AlertFile, Rule
from experiments.alerts.episodes import Episodes
from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines.outreach import backtest, champion_scores, who_left
from pipelines.outreach import columns as known_columns
from pipelines.outreach.operations import clock, database, warnings
from pipelines.outreach.operations.warnings import Warning_
from pipelines.outreach.who_left import Warned
from pipelines.workspace import Workspace

TAKEN_OUT, LEFT = "there is no such rule any longer", "the customer has left"


@dataclass(frozen=True)
class Raised:
    """The result of a run: the date of the data, the number of new warnings by rule, and of all that are open.

    known counts those that had been raised already.
    """

    as_of: str
    new: Mapping[str, int]
    known: int
    open: int


def run(spec: ExperimentSpec, workspace: Workspace, *, now: datetime) -> Raised:
    """Raise the warnings that today's customers give rise to; what is overdue is escalated, what is over has expired.

    now is by the company's clocks. The rules are asked at the newest date of the data, of a table without dates on the
    day of now; asked again, nothing is new.
    Raises UsageError where a later date was asked already, SpecError where a rule is wrong.
    """
    file, columns, _ = backtest.checked(spec, workspace)
    engine = database.opened(workspace.root)
    rows, newest, versions = champion_scores.todays(spec, workspace, engine, file=file, now=now)
    as_of = newest.replace(microsecond=0)
    heard = max(as_of, now)  # nobody can act on data of last week before they are asked
    customers = pd.Index(rows["customer_id"].astype(str))
    warned = warnings.all_of(engine, spec.name)
    warned = warned[~warned["state"].isin(warnings.CLOSED)]
    left = who_left.read(spec, workspace, engine, warned, customers=customers, as_of=as_of)
    made: list[Warning_] = []
    standing: dict[str, tuple[pd.Index, Episodes]] = {}
    for name, rule in file.rules.items():
        before, last_run = warnings.episodes(engine, spec.name, name, customers)
        if last_run > clock.text(as_of):
            raise UsageError(
                f"the rules of '{spec.name}' were asked at {last_run} already, and the data end at {clock.text(as_of)}."
            )
        found = rule.when.truth(known_columns.values(rows, rule.when.columns(), columns))
        after, fires = before.after(
            clock.hours(as_of), found, delay_hours=rule.after_hours, quiet_hours=rule.quiet_days * 24
        )
        standing[name] = customers, after
        told = {"spec": spec.name, "rule": name, "raised_at": clock.text(as_of), "versions": versions}
        made += [
            warning(rule, str(customers[int(place)]), float(after.since[place]), owner, heard=heard, told=told)
            for place, owner in zip(np.flatnonzero(fires), owners(file, rule, rows[fires]), strict=True)
        ]
    new = warnings.raised(engine, made, standing, spec=spec.name, at=clock.text(as_of))
    warnings.end_episodes(engine, spec.name, {name for name, _ in left} - set(customers))
    _follow_up(engine, spec.name, standing, now=now, left=left)
    state = warnings.all_of(engine, spec.name)["state"]
    counted, known = {name: new[name] for name in file.rules}, len(made) - new.total()
    return Raised(clock.text(as_of), counted, known, int((~state.isin(warnings.CLOSED)).sum()))


def owners(file: AlertFile, rule: Rule, rows: pd.DataFrame) -> Sequence[str]:
    """Who is to act for each customer, by the rule's owner or its route."""
    if rule.route is None:
        return [str(rule.owner)] * len(rows)
    route = file.routes[rule.route]
    # The level and the score are not among the rows where there is no champion.
    values = rows[route.by] if route.by in rows else [None] * len(rows)
    return [route.default if pd.isna(one) else route.owners.get(_plain(one), route.default) for one in values]


def _plain(value: object) -> str:
    """A category as the file of rules names it; a whole number is one without a point, whatever type its column has."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def warning(
    rule: Rule, customer: str, since: float, owner: str, *, heard: datetime, told: Mapping[str, Any]
) -> Warning_:
    """The warning of a customer whose episode lasts since a moment (hours since 1970).

    heard is when its owner is told; told holds spec, rule, raised_at and versions.
    """
    return Warning_(
        **told,
        customer_id=customer,
        began_at=clock.text(clock.moment(since)),
        level=rule.level,
        owner=owner,
        channel=rule.channel,
        due_at=clock.text(heard + timedelta(hours=rule.due_hours)),
        escalates_to=rule.escalates_to,
    )


def _follow_up(
    engine: sa.Engine,
    spec: str,
    standing: Mapping[str, tuple[pd.Index, Episodes]],
    *,
    now: datetime,
    left: Warned = frozenset(),
) -> None:
    """Write down which open warnings are over, and which are overdue.

    Over are those whose episode has ended, whose rule is gone, or whose customer has left.
    """
    told = {"at": clock.text(now), "by": "holdfast"}
    over = {rule: set(customers[np.isnan(found.since)].astype(str)) for rule, (customers, found) in standing.items()}
    events = []
    for row in warnings.all_of(engine, spec).to_dict("records"):
        if row["state"] in warnings.CLOSED:
            continue
        if row["rule"] not in standing:
            events.append(warnings.event(_key(row), warnings.EXPIRED, **told, note=TAKEN_OUT))
        elif (str(row["customer_id"]), str(row["raised_at"])) in left:
            events.append(warnings.event(_key(row), warnings.EXPIRED, **told, note=LEFT))
        elif row["customer_id"] in over[row["rule"]]:
            events.append(warnings.event(_key(row), warnings.EXPIRED, **told))
        elif row["due_at"] <= clock.text(now) and row["state"] != warnings.ESCALATED:
            to = "" if pd.isna(row["escalates_to"]) else str(row["escalates_to"])
            events.append(warnings.event(_key(row), warnings.ESCALATED, **told, note=to))
    warnings.all_happened(engine, events)


def _key(row: Mapping[Hashable, Any]) -> list[str]:
    return [str(row[name]) for name in warnings.KEY]
