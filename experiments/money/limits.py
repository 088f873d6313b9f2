"""Contact limits and exclusions of a policy: the spec's settings as numbers for a list of a given size."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.sections.policy import EVERY_ACTION, PolicySpec
from features.errors import DataError, MetricError, SpecError

Mask = NDArray[np.bool_]

OPTED_OUT = "opted out"
TOO_OFTEN = "contacted too often"
UNLIMITED = math.inf


@dataclass(frozen=True)
class Limits:
    """What the contacts of one list may use up; UNLIMITED where the spec sets no limit.

    contacts is how many customers may be contacted at all, by_action how many with each action, shape (n_actions,),
    and money what all of it may cost, in the spec's currency.
    """

    contacts: int
    by_action: tuple[float, ...]
    money: float = UNLIMITED

    @property
    def only_contacts(self) -> bool:
        """Whether the number of contacts is the only limit, with none on money or on single actions."""
        return self.money == UNLIMITED and set(self.by_action) <= {UNLIMITED}

    def affords(self, action: int, *, cost: Numbers, wanted: int) -> int:
        """How many contacts, of at most so many, the limits allow when all use one action, by its index in cost."""
        most = min(wanted, self.contacts, self.by_action[action])
        return int(most if most * cost[action] <= self.money else _floor(self.money / cost[action]))


def limits_of(policy: PolicySpec, *, actions: tuple[str, ...], n_rows: int, listed: int | None = None) -> Limits:
    """The limits for n_rows customers, where the spec speaks of a list of `listed` customers (default: these).

    Shares are of n_rows. Whole numbers and money are of the whole list: for a cohort of another size they count in
    proportion, n_rows / listed, so that a contact is as scarce in the cohort as it will be on the list. A cohort of
    several dates is one list of all its rows. Numbers of contacts are rounded down.
    """
    scale = n_rows / listed if listed else 1.0
    by_action = tuple(_capacity(policy.capacity.get(action), n_rows=n_rows, scale=scale) for action in actions)
    money = UNLIMITED if policy.budget_money is None else policy.budget_money * scale
    return Limits(contacts_within(policy.budget_share, n_rows), by_action, money)


def _capacity(capacity: float | None, *, n_rows: int, scale: float) -> float:
    if capacity is None:
        return UNLIMITED
    # 1 is one contact and 1.0 everybody: the spec keeps them apart by their type.
    return _floor(capacity * scale) if isinstance(capacity, int) else contacts_within(capacity, n_rows)


def contacts_within(budget_share: float, n_rows: int) -> int:
    """How many customers a budget of this share of n_rows allows, rounded down; MetricError outside [0, 1]."""
    if not 0 <= budget_share <= 1:
        raise MetricError(f"policy: the budget share is {budget_share}; it must lie in [0, 1].")
    return _floor(budget_share * n_rows)


def _floor(number: float) -> int:
    # Rounding first: 0.29 * 100 is 28.999999999999996.
    return math.floor(round(number, 9))


def barred(rows: pd.DataFrame, policy: PolicySpec) -> Mapping[str, Mask]:
    """Who must not be contacted, by reason, shape (n_rows,) each; reasons that the spec does not use are left out.

    Raises SpecError for a column that the rows have not, DataError where an opt-out is neither 1 nor 0 nor missing.
    """
    if unknown := sorted(set(policy.columns) - set(map(str, rows))):
        raise SpecError(
            f"policy names the columns {unknown}, which the matrix has not; it has {sorted(map(str, rows))}."
        )
    found = {}
    out = {action: _opted_out(rows, column) for action, column in policy.opt_outs.items()}
    if EVERY_ACTION in out:
        found[OPTED_OUT] = out[EVERY_ACTION]
    if policy.fatigue:
        found[TOO_OFTEN] = _numbers(rows, policy.fatigue.column) > policy.fatigue.at_most
    return found


def open_to(rows: pd.DataFrame, policy: PolicySpec, actions: tuple[str, ...]) -> Mask:
    """Which actions each customer may get, shape (n_rows, n_actions), by all that bars them and by single opt-outs.

    Raises as `barred`.
    """
    may_contact = free(barred(rows, policy), len(rows))
    columns = [policy.opt_outs.get(action) for action in actions]
    refused = [np.zeros(len(rows), dtype=np.bool_) if one is None else _opted_out(rows, one) for one in columns]
    return may_contact[:, None] & ~np.array(refused, dtype=np.bool_).reshape(len(actions), len(rows)).T


def _opted_out(rows: pd.DataFrame, column: str) -> Mask:
    said = _numbers(rows, column)
    if strange := sorted(set(np.unique(said).tolist()) - {0.0, 1.0}):
        holds = f"holds {strange[:5]}{_first(rows, np.isin(said, strange))}"
        raise DataError(f"policy.opt_out '{column}' {holds}; it must be 1 (no contact) or 0.")
    found: Mask = said == 1
    return found


def _numbers(rows: pd.DataFrame, name: str) -> Numbers:
    """A column as numbers; missing counts as 0."""
    numbers = pd.to_numeric(rows[name], errors="coerce")
    strange = (numbers.isna() & rows[name].notna()).to_numpy(dtype=np.bool_)
    if bad := rows.loc[strange, name].astype(str).unique().tolist():
        raise DataError(f"policy: the column '{name}' holds {bad[:5]}{_first(rows, strange)}; it must hold numbers.")
    return numbers.fillna(0.0).to_numpy(dtype=float)


def _first(rows: pd.DataFrame, mask: Mask) -> str:
    """The customer of the first row of a mask, as part of a sentence."""
    return f" (first: customer '{rows.loc[mask, 'customer_id'].iloc[0]}')" if "customer_id" in rows else ""


def free(blocked: Mapping[str, Mask], n_rows: int) -> Mask:
    """Who may be contacted: those whom no reason excludes."""
    may_contact: Mask = ~np.any([np.zeros(n_rows, dtype=bool), *blocked.values()], axis=0)
    return may_contact
