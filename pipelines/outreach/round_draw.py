"""`round`: propose an action for each customer, draw who is withheld, and write it before anybody sees the list."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.assignment import draw
from experiments.assignment.draw import Drawn, Proposed
from experiments.money import limits, policy
from experiments.money.limits import UNLIMITED, Limits
from experiments.playbooks import next_best, proposals
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.playbooks.proposals import BY_MODEL, Book, Customers, Proposals
from experiments.sections.policy import EVERY_ACTION
from experiments.spec import ExperimentSpec
from features.errors import SpecError
from pipelines.outreach import columns as known_columns
from pipelines.outreach import open_warnings, round_book
from pipelines.outreach.champion_today import ChampionToday
from pipelines.outreach.columns import LEVEL, LEVELS, SCORE
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.opt_outs import NO_OPT_OUTS, OptedOut
from pipelines.outreach.operations.rounds import Round

WITHHELD, CONTACTED = "withheld by an open round", "contacted by a recent round"
# Where the label has no window, a round is open for so long.
DAYS_WITHOUT_WINDOW = 90


@dataclass(frozen=True)
class Absent:
    """Customers of a past list who are not in the data any more: they used its limits all the same.

    action, shape (n_customers,), is what was proposed to each, an index or NOBODY; allowed, shape
    (n_customers, n_actions), which actions each could get.
    """

    action: NDArray[np.intp]
    allowed: NDArray[np.bool_]


def window_closes(spec: ExperimentSpec, as_of: date) -> date:
    """The first date at which the outcome of everybody in a round is known."""
    days = spec.label.lead_time_days + spec.label.horizon_days
    return as_of + timedelta(days=days or DAYS_WITHOUT_WINDOW)


def drafted(
    spec: ExperimentSpec,
    today: ChampionToday,
    playbook: PlaybookFile | None,
    *,
    held_back: frozenset[str],
    contacted: frozenset[str],
    seed: str,
    opted_out: OptedOut = NO_OPT_OUTS,
    absent: Absent | None = None,
) -> pd.DataFrame:
    """The assignments of a round, in the order of the list.

    held_back are withheld by rounds that are open, contacted are those whom recent rounds contact, opted_out those who
    said since the data were read that they want no contact, by action: none is drawn. absent are others of a past list.
    """
    rows = today.rows.reset_index(drop=True)
    risk = today.scored["churn_probability"].to_numpy(dtype=float)
    rows = rows.assign(**{SCORE: risk, LEVEL: known_columns.levels(rows, risk, today.cuts)})
    actions = spec.actions
    bound = {limits.OPTED_OUT: opted_out.get(EVERY_ACTION, frozenset()), WITHHELD: held_back, CONTACTED: contacted}
    customers = _customers(spec, rows, today.scored, bound, opted_out)
    arms = spec.treatment.arms if spec.treatment else {}
    cost = np.array([arms[action].cost for action in actions], dtype=float)
    established = np.array([today.established.get(action, False) for action in actions], dtype=bool)
    within = _limits(spec, cost, customers.allowed, absent)
    asked = round_book.read(playbook, rows, actions, today.warned)
    proposed = _proposed(customers, asked.first, cost=cost, established=established, within=within)
    drawn = _drawn(spec, rows, proposed, customers, seed=seed)
    other = next_best.next_best(
        customers,
        given=drawn.action,
        by_playbook=asked.actions,
        ends=asked.ends,
        cost=cost,
        established=established,
    )
    other[drawn.withheld] = draw.NOBODY
    said = today.reasons.to_numpy().reshape(len(rows), today.reasons.shape[1] // 2, 2).tolist()
    reasons = [[pair for pair in pairs if pair[0]] for pairs in said]
    found = _assignments(rows, risk, proposed, drawn, actions, reasons=reasons)
    found["value"], found["segment"], found["playbook_row"] = customers.value, asked.segment, asked.row
    found["next_best"] = np.array([*actions, NONE], dtype=object)[other]
    found["why_action"] = _why(today, proposed, drawn, np.array([*actions, NONE], dtype=object))
    found["warnings"] = pd.Series(open_warnings.of_each(customers.ids, today.warned), index=found.index, dtype=object)
    return _in_order(found)


def _why(today: ChampionToday, proposed: Proposals, drawn: Drawn, names: np.ndarray) -> pd.Series:
    """What each action's predicted effect rests on, in both languages, where the model decided on it.

    Of one that the playbook or chance gave, no effect is claimed that could rest on anything.
    """
    decided = (proposed.source == BY_MODEL) & (drawn.action == proposed.action)
    if today.why is None:
        return pd.Series([["", ""]] * len(decided), dtype=object)
    found = today.why(names[np.where(decided, drawn.action, draw.NOBODY)])
    return pd.Series(found.to_numpy().tolist(), dtype=object)


def made(spec: ExperimentSpec, today: ChampionToday, *, as_of: date, seed: str, by: str, at: str) -> Round:
    """The round's head: what it was drawn with, by whom and when."""
    versions = {
        "model": today.version,
        "playbook": spec.playbook,
        "alerts": spec.alerts,
        "levels": today.cuts.text,
    }
    control, explore = spec.round.control, spec.round.explore
    return Round(spec.name, as_of, at, by, seed, control, explore, window_closes(spec, as_of), versions)


def seed_of(spec: ExperimentSpec, as_of: date) -> str:
    """The seed of a round: it follows from spec, date and the split's seed, so that a draw can be made again."""
    return hashlib.sha256(f"{spec.name}|{as_of}|{spec.split.seed}".encode()).hexdigest()[:16]


def _customers(
    spec: ExperimentSpec,
    rows: pd.DataFrame,
    scored: pd.DataFrame,
    bound: Mapping[str, frozenset[str]],
    opted_out: OptedOut,
) -> Customers:
    ids = rows["customer_id"].to_numpy().astype(str)
    barred = dict(limits.barred(rows, spec.policy))
    for reason, some in bound.items():
        barred[reason] = np.isin(ids, list(some)) | barred.get(reason, np.zeros(len(ids), dtype=bool))
    names = [f"uplift_{action}" for action in spec.actions]
    known = [scored[name].to_numpy(dtype=float) if name in scored else np.zeros(len(rows)) for name in names]
    uplift = np.column_stack(known) if known else np.zeros((len(rows), 0))
    risk = scored["churn_probability"].to_numpy(dtype=float)
    refused = [np.isin(ids, list(opted_out.get(action, ()))) for action in spec.actions]
    open_to = limits.open_to(rows, spec.policy, spec.actions) & ~np.array(refused).reshape(-1, len(ids)).T
    return Customers(ids, rows["value"].to_numpy(dtype=float), risk, uplift, barred, open_to)


def _limits(spec: ExperimentSpec, cost: np.ndarray, allowed: np.ndarray, absent: Absent | None) -> Limits:
    """The limits of the proposals: those of the whole list, less what exploring and the absent may use of them."""
    everybody = allowed if absent is None else np.vstack([allowed, absent.allowed])
    whole = limits.limits_of(spec.policy, actions=spec.actions, n_rows=len(everybody))
    within = _leaving_room(whole, spec, cost, everybody)
    if absent is None:
        return within
    used = policy.contacts_by_action(absent.action, cost.size)
    by_action = tuple(max(limit - taken, 0) for limit, taken in zip(within.by_action, used.tolist(), strict=True))
    contacts, money = within.contacts - int(used.sum()), within.money - float((used * cost).sum())
    return Limits(max(contacts, 0), by_action, max(money, 0.0))


def _leaving_room(within: Limits, spec: ExperimentSpec, cost: np.ndarray, allowed: np.ndarray) -> Limits:
    """The limits of the proposals, with room for what exploring may add to each action; allowed as in `Customers`."""
    if not spec.round.explore or not cost.size:
        return within
    cheapest, allowed = cost.min(), allowed[allowed.any(axis=1)]
    size = len(allowed)
    most = min(size, within.contacts, int(within.money / cheapest) if cheapest and within.money < UNLIMITED else size)
    taken = []
    explored = draw.most_explored(allowed, most=most, explore=spec.round.explore)
    for action, limit, used in zip(spec.actions, within.by_action, explored, strict=True):
        try:
            taken.append(draw.reserve(limit, taken=used, explore=spec.round.explore))
        except SpecError as error:
            raise SpecError(f"spec '{spec.name}': round: {action}: {error}.") from error
    if (money := float((np.array(taken) * cost).sum())) > within.money:
        raise SpecError(
            f"spec '{spec.name}': round: explore {spec.round.explore:g} may take {money:,.2f} {spec.currency} of a"
            f" budget of {within.money:,.2f}, so nothing could be proposed; explore less, or raise policy.budget_money."
        )
    by_action = tuple(limit - used for limit, used in zip(within.by_action, taken, strict=True))
    return replace(within, by_action=by_action, money=within.money - money)


def _proposed(
    customers: Customers, book: Book, *, cost: np.ndarray, established: np.ndarray, within: Limits
) -> Proposals:
    size = len(customers.value)
    if cost.size:
        return proposals.propose(customers, book, cost=cost, established=established, limits=within)
    nothing = np.full(size, "no action was tried", dtype=object)
    return Proposals(np.full(size, draw.NOBODY), np.full(size, NONE, dtype=object), nothing, np.full(size, np.nan))


def _drawn(spec: ExperimentSpec, rows: pd.DataFrame, proposed: Proposals, customers: Customers, *, seed: str) -> Drawn:
    level = np.array([LEVELS.index(one) for one in rows[LEVEL]])
    asked = Proposed(customers.ids.tolist(), proposed.action, level, customers.allowed)
    return draw.draw(asked, control=spec.round.control, explore=spec.round.explore, seed=seed)


def _assignments(
    rows: pd.DataFrame,
    risk: np.ndarray,
    proposed: Proposals,
    drawn: Drawn,
    actions: tuple[str, ...],
    *,
    reasons: list[list[list[str]]],
) -> pd.DataFrame:
    """The rows of the list, in the order of the customers."""
    names = np.array([*actions, NONE], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"].to_numpy().astype(str),
            "action": names[drawn.action],
            "proposed": names[proposed.action],
            "withheld": drawn.withheld,
            "explored": drawn.explored,
            "level": rows[LEVEL].to_numpy(),
            "risk": risk,
            "expected_value": proposed.worth,
            "because": np.where(proposed.action == draw.NOBODY, proposed.because, proposed.source),
            "reasons": reasons,
            "probabilities": [dict(zip((NONE, *actions), row.tolist(), strict=True)) for row in drawn.probability],
        }
    )


def _in_order(found: pd.DataFrame) -> pd.DataFrame:
    """Who has a proposal first, by what the contact is worth, then by risk."""
    nothing, worth = (found["proposed"] == NONE).astype(int), np.nan_to_num(found["expected_value"].to_numpy())
    order = np.lexsort((found["customer_id"].to_numpy(), -found["risk"].to_numpy(), -worth, nothing))
    return found.iloc[order].reset_index(drop=True)
