"""Rows of rounds as effects are computed from them: who was assigned what, with which probability, and what followed.

A round is a contact list in which actions were assigned by chance (`experiments.assignment`). A row is one customer in
one round. All outcomes of a round become known together; until then they are pending and judge nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.effects.assigned_checks import NONE, PROBABILITY, actions_of, check, numbers
from experiments.metric import Numbers
from experiments.statistics.poisson import Clusters
from features.errors import DataError

NOBODY = -1
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Assigned:
    """Checked rows of rounds. Arrays have shape (n_rows,) unless said.

    labels has the columns of the frame by which rows are told apart (round, as_of, customer, stratum, and such as
    segment). customers is an index below n_customers. action is an index of actions, or NOBODY. probability, shape
    (n_rows, 1 + n_actions), is of none and of each action, before the draw; a row of NaN was not logged. risk is the
    predicted probability of leaving, made before the draw. reached is 1, 0, or NaN where nobody recorded it; churned
    is 1, 0, or NaN while pending. value and cost are in the currency: what the customer is worth, and what was spent.
    """

    actions: tuple[str, ...]
    currency: str
    n_customers: int
    labels: pd.DataFrame
    customers: Clusters
    action: NDArray[np.intp]
    probability: Numbers
    risk: Numbers
    reached: Numbers
    churned: Numbers
    value: Numbers
    cost: Numbers
    mature: Mask

    @property
    def stayed(self) -> Numbers:
        """The good outcome: 1 stayed, 0 left, NaN while pending."""
        return 1.0 - self.churned

    @property
    def logged(self) -> Mask:
        """The rows whose probabilities were logged; no other row judges an action."""
        return np.asarray(np.isfinite(self.probability).all(axis=1), dtype=bool)

    def place(self, action: str) -> int:
        """The index of an action; DataError for one that the rows have no probabilities of."""
        if action not in self.actions:
            raise DataError(f"rounds have no action '{action}'; they have {list(self.actions)}.")
        return self.actions.index(action)

    def label(self, name: str) -> pd.Series:
        """A label of the rows as texts, shape (n_rows,); DataError where there is none of that name."""
        if name not in self.labels:
            raise DataError(f"rounds have no label '{name}'; they have {sorted(map(str, self.labels))}.")
        return self.labels[name].astype(str)

    def where(self, mask: Mask) -> "Assigned":
        """The rows of a mask, shape (n_rows,); customers keep their index."""
        arrays = ("customers", "action", "probability", "risk", "reached", "churned", "value", "cost", "mature")
        chosen = {name: getattr(self, name)[mask] for name in arrays}
        return replace(self, labels=self.labels.loc[mask].reset_index(drop=True), **chosen)


def assigned(frame: pd.DataFrame) -> Assigned:
    """The checked rows of a frame with a row for each customer of each round.

    Columns: round, as_of (date of the list), customer, stratum; action (a name, or `none`); p_none and p_ACTION for
    each action, all missing where nothing was logged; risk in [0, 1]; reached (true, false or missing); churned (1, 0,
    or missing while pending); value and cost, 0 or more, in the unit of the column currency; mature, whether the
    outcomes of the round are known. churned_at, where there is one, is when somebody left. Any further column is a
    label to break effects down by. An outcome of a pending round is not used. Raises DataError for the first fault,
    naming round and customer.
    """
    check(frame)
    actions = actions_of(frame)
    names = frame["customer"].astype(str)
    customers, known = pd.factorize(names)
    mature = numbers(frame, "mature") == 1
    place = {NONE: NOBODY} | {name: index for index, name in enumerate(actions)}
    used = {"action", "risk", "reached", "churned", "churned_at", "value", "cost", "currency", "mature"}
    labels = [str(name) for name in frame if name not in used and not str(name).startswith(PROBABILITY)]
    return Assigned(
        actions=actions,
        currency=str(frame["currency"].iloc[0]) if len(frame) else "",
        n_customers=len(known),
        labels=frame[labels].reset_index(drop=True),
        customers=customers.astype(np.intp),
        action=np.asarray(frame["action"].map(place), dtype=np.intp),
        probability=np.column_stack([numbers(frame, PROBABILITY + name) for name in (NONE, *actions)]),
        risk=numbers(frame, "risk"),
        reached=numbers(frame, "reached"),
        churned=np.where(mature, numbers(frame, "churned"), np.nan),
        value=numbers(frame, "value"),
        cost=numbers(frame, "cost"),
        mature=mature,
    )
