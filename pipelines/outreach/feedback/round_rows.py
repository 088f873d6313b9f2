"""The rounds of a spec as the rows that effects are computed from, and what has to be said beside them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.effects.assigned import Assigned, Mask, assigned
from experiments.effects.assigned_checks import NONE, PROBABILITY
from experiments.playbooks.proposals import BY_PLAYBOOK
from experiments.spec import ExperimentSpec
from pipelines.outreach.feedback import compliance, contacted_again, record_run, round_outcomes
from pipelines.outreach.operations import came_back, clock, rounds
from pipelines.outreach.operations.rounds import Round
from pipelines.raw_data.erased import are_pseudonyms
from pipelines.reporting import catalogue
from pipelines.workspace import Workspace

BY_THE_MODEL = "by the model"
NO_SEGMENT, NOT_KEPT = "none", "not kept"
AGAIN = ("again",)


@dataclass(frozen=True)
class RoundRows:
    """rows is None where no round drew anybody; done is the table of what was done of each round and action.

    rounds says of each, in order: its date, customers, and why it is pending ("" where it is mature). outside counts
    the contacts that belong to none. remarks are sentences for people, in English.
    """

    rows: Assigned | None
    done: list[dict[str, object]]
    rounds: list[dict[str, Any]]
    outside: int
    remarks: list[str]


def read(spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, *, at: date) -> RoundRows:
    """All rounds of a spec whose lists are of a date up to at, with all that was known by the end of that day."""
    heads = [one for one in rounds.all_of(engine, spec.name) if _is_there(one, at, spec.clocks)]
    drawn = record_run.listed(engine, spec.name)
    drawn = drawn[drawn["round"].isin([one.as_of.isoformat() for one in heads])].reset_index(drop=True)
    contacts = came_back.contacts(engine, spec.name, known_by=clock.last_of(at))
    record_run.check_currency(spec, contacts)
    contacts = compliance.attached(contacts[contacts["happened_at"].str[:10] <= at.isoformat()], drawn)
    followed = compliance.followed(drawn, contacts)
    followed["again"] = contacted_again.read(engine, spec.name, followed, at=at, time_zone=spec.clocks)
    of_round = {
        one.as_of: frozenset(drawn.loc[drawn["round"] == one.as_of.isoformat(), "customer_id"]) for one in heads
    }
    outcomes = round_outcomes.read(spec, workspace, engine, heads, drawn=of_round, at=at)
    costs = {name: arm.cost for name, arm in spec.treatment.arms.items()} if spec.treatment else {}
    followed["cost"] = compliance.spent(followed, contacts, costs)
    books = {one.as_of.isoformat(): one.versions.get("playbook") or BY_THE_MODEL for one in heads}
    by_date = {on.isoformat(): found for on, found in outcomes.items()}
    early, vanished = (_in(followed, by_date, name) for name in ("before", "vanished"))
    rows = _frame(spec, followed[~early & ~vanished], by_date, books)
    told = [
        {"round": one.as_of.isoformat(), "customers": len(of_round[one.as_of]), "pending": outcomes[one.as_of].pending}
        for one in heads
    ]
    outside = int((contacts["of_round"] == "").sum())
    erased = vanished & are_pseudonyms(followed["customer_id"]).to_numpy()
    counts = {"early": int(early.sum()), "vanished": int((vanished & ~erased).sum()), "erased": int(erased.sum())}
    remarks = _remarks(followed, contacts, counts, costs=costs)
    return RoundRows(
        assigned(rows) if len(rows) else None, compliance.table(followed, also=AGAIN), told, outside, remarks
    )


def _is_there(round_: Round, at: date, time_zone: str) -> bool:
    """Whether a round is of a date up to at, and was written by the end of that day."""
    return round_.as_of <= at and clock.shown(round_.written_at, time_zone).date() <= at


def _in(rows: pd.DataFrame, outcomes: dict[str, round_outcomes.Outcome], name: str) -> Mask:
    """Which rows are of customers of a set of their round's outcome, shape (n_rows,)."""
    pairs = zip(rows["round"], rows["customer_id"], strict=True)
    return np.array([customer in getattr(outcomes[on], name) for on, customer in pairs], dtype=bool)


def _frame(
    spec: ExperimentSpec, rows: pd.DataFrame, outcomes: dict[str, round_outcomes.Outcome], books: dict[str, str]
) -> pd.DataFrame:
    """The rows as `experiments.effects.assigned` wants them."""
    rows = rows.reset_index(drop=True)
    shares = pd.DataFrame(rows["probabilities"].tolist(), index=rows.index, dtype=float)
    # An action that a round did not know had no probability there.
    known = sorted({*shares.columns, *rows["action"]} - {NONE})
    shares = shares.reindex(columns=[NONE, *known]).fillna(0.0) if len(rows) else pd.DataFrame(columns=[NONE])
    mature = [not outcomes[on].pending for on in rows["round"]]
    churned = [
        outcomes[on].left.get(customer, 0.0) if done else np.nan
        for on, customer, done in zip(rows["round"], rows["customer_id"], mature, strict=True)
    ]
    by_book = (rows["because"] == BY_PLAYBOOK) & (rows["playbook_row"] != "")
    return pd.DataFrame(
        {
            **{PROBABILITY + str(name): shares[name] for name in shares},
            "round": rows["round"],
            "as_of": rows["round"],
            "customer": rows["customer_id"],
            "stratum": rows["level"] + "|" + rows["proposed"],
            "action": rows["action"],
            "risk": rows["risk"].astype(float),
            "reached": rows["reached"],
            "churned": churned,
            "value": rows["value"].fillna(0.0).clip(lower=0.0),
            "cost": rows["cost"],
            "currency": spec.currency,
            "mature": mature,
            "campaign": rows["round"].map(books),
            "segment": rows["segment"].where(rows["segment"] != "", NO_SEGMENT),
            "level": rows["level"],
            "playbook_row": rows["playbook_row"].where(by_book, BY_THE_MODEL),
        }
    )


def _remarks(
    rows: pd.DataFrame, contacts: pd.DataFrame, counts: dict[str, int], *, costs: dict[str, float]
) -> list[str]:
    found, words = [], catalogue.of_page("effect")
    if early := counts["early"]:
        found.append(words.english("early", many=f"{early:,}"))
    if erased := counts["erased"]:
        found.append(words.english("erased", many=f"{erased:,}"))
    if vanished := counts["vanished"]:
        found.append(words.english("vanished", many=f"{vanished:,}"))
    if lacking := int(rows["value"].isna().sum()):
        found.append(words.english("worth_lacking", many=f"{lacking:,}"))
    if silent := sorted(set(rows["round"]) - set(contacts["of_round"])):
        found.append(words.english("silent", rounds=", ".join(silent)))
    if unknown := sorted({*rows["action"], *contacts["action"]} - {*costs, NONE}):
        found.append(words.english("no_cost", actions=", ".join(unknown)))
    return found
