"""Who of each round left, as known at a date: by the spec's label, or as recorded where the tables have no dates.

A round is mature once its window has closed and the outcomes of all whom it drew are known; not before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import ibis
import pandas as pd
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features import labelling, labels
from features.hindsight import Hindsight
from features.label import Label, LabelOptions, LabelWindow
from features.plugins import plugin
from pipelines.files import storage
from pipelines.matrix.dated import ENGINES
from pipelines.outreach.operations import came_back, clock
from pipelines.outreach.operations.rounds import Round
from pipelines.raw_data.erased import are_pseudonyms, is_pseudonym
from pipelines.reporting import catalogue
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Outcome:
    """What is known of a round: why it is pending, "" where it is mature, and who left.

    left has by customer_id 1 or 0; customers who are not in it stayed. before are those who had left already when the
    round was drawn, as is known by now, and vanished those of whom the data say nothing any longer: neither take part.
    Of erased people the outcome is what the data told until then; who was erased before is among the vanished.
    """

    pending: str
    left: Mapping[str, float]
    before: frozenset[str] = frozenset()
    vanished: frozenset[str] = frozenset()


def read(
    spec: ExperimentSpec,
    workspace: Workspace,
    engine: sa.Engine,
    rounds: Sequence[Round],
    *,
    drawn: Mapping[date, frozenset[str]],
    at: date,
) -> dict[date, Outcome]:
    """The outcomes of rounds as known at the end of a day, by the date of the list; drawn are the customers of each.

    What became known later, corrections included, is no part of it.
    """
    if spec.observations is None:
        return _recorded(engine, spec.name, rounds, drawn=drawn, at=at)
    until = datetime.combine(at + timedelta(days=1), time())
    end = datetime.fromisoformat(storage.read_json(workspace.tables / "about.json")["extracted_at"])
    found, mature, words = {}, [], catalogue.of_page("effect")
    for one in rounds:
        window = _window(spec, one)
        closes = max(window.closes.date(), one.window_closes_at)
        if closes > at:
            found[one.as_of] = Outcome(words.english("closes", closes=closes), {})
        elif not window.is_mature(end) or datetime.combine(one.window_closes_at, time()) > end:
            found[one.as_of] = Outcome(words.english("closes_data", closes=closes, ends=end.date()), {})
        else:
            mature.append(one)
    return found | (_by_label(spec, workspace, engine, mature, drawn, until=until) if mature else {})


def _window(spec: ExperimentSpec, round_: Round) -> LabelWindow:
    began, asked = datetime.combine(round_.as_of, time()), spec.label
    return LabelWindow.after(began, lead_time_days=asked.lead_time_days, horizon_days=asked.horizon_days)


def _by_label(
    spec: ExperimentSpec,
    workspace: Workspace,
    engine: sa.Engine,
    rounds: Sequence[Round],
    drawn: Mapping[date, frozenset[str]],
    *,
    until: datetime,
) -> dict[date, Outcome]:
    """By the same code of the label as the training rows; leaving within the lead time is leaving."""
    source, options = source_of(spec)
    kind, said = plugin(labels, spec.label.kind, Label), spec.label
    settings = LabelOptions(said.table, said.event, said.active_days)
    asked = spec.observations
    found: dict[date, Outcome] = {}
    told = came_back.outcomes(engine, spec.name)
    if asked is None:
        return found
    with ENGINES[asked.engine](workspace.tables, source.declare(options)) as opened:
        then = _known_before(opened.known_today, until)
        there = frozenset(opened.rows(then.tables["customers"].select("customer_id"))["customer_id"].to_pylist())
        for one in rounds:
            window = _window(spec, one)
            happened = labelling.happened_at(kind, then, window, settings)
            rows = opened.rows(happened.filter(happened.happened_at < window.closes)).to_pandas()
            names = rows["customer_id"].astype(str)
            early = (rows["happened_at"] < pd.Timestamp(window.as_of)).to_numpy(dtype=bool)
            settled, gone_before = _settled(told, one)
            left = dict.fromkeys(names[~early], 1.0) | settled
            before = frozenset(names[early]) | gone_before
            found[one.as_of] = Outcome("", left, before, drawn[one.as_of] - there - settled.keys() - gone_before)
    return found


def _known_before(today: Hindsight, until: datetime) -> Hindsight:
    """What was known before a moment: rows and corrections that came later are left out."""
    moment = ibis.literal(until, type="timestamp")
    tables = {
        name: table.filter(table.known_at < moment) if today.declared[name].is_dated else table
        for name, table in today.tables.items()
    }
    known = {
        name: None if one is None else one.filter(one.superseded_at < moment) for name, one in today.corrected.items()
    }
    return Hindsight(tables, today.declared, known)


def _settled(told: pd.DataFrame, round_: Round) -> tuple[dict[str, float], frozenset[str]]:
    """The outcomes of erased people that were kept of a round, and who of them had left before it was drawn."""
    on = round_.as_of.isoformat()
    rows = told[(told["round"] == on) & are_pseudonyms(told["customer_id"])].to_dict("records")
    before = frozenset(str(row["customer_id"]) for row in rows if row["happened_at"] and row["happened_at"] < on)
    after = {str(row["customer_id"]): float(row["churned"]) for row in rows}
    return {one: left for one, left in after.items() if one not in before}, before


def _recorded(
    engine: sa.Engine, spec: str, rounds: Sequence[Round], *, drawn: Mapping[date, frozenset[str]], at: date
) -> dict[date, Outcome]:
    """Where the data have no dates: what `record` was told."""
    told = came_back.outcomes(engine, spec, known_by=clock.last_of(at))
    found, words = {}, catalogue.of_page("effect")
    for one in rounds:
        rows = told[told["round"] == one.as_of.isoformat()]
        left = {str(row["customer_id"]): float(row["churned"]) for row in rows.to_dict("records")}
        everybody = drawn[one.as_of]
        erased = frozenset(customer for customer in everybody - left.keys() if is_pseudonym(customer))
        lacking = len(everybody - left.keys() - erased)
        pending = ""
        if lacking:
            pending = words.english("outcomes_lacking", lacking=f"{lacking:,}", all=f"{len(everybody):,}")
        if one.window_closes_at > at:
            pending = words.english("closes", closes=one.window_closes_at)
        found[one.as_of] = Outcome(pending, {} if pending else left, vanished=frozenset() if pending else erased)
    return found
