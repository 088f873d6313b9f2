"""Which contact belongs to which round, and whether what was assigned was done."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.outreach.feedback.recorded_rows import NOT_DONE, OUTCOMES
from pipelines.outreach.operations.assignment_rows import NONE

KEY = ["round", "customer_id"]
COUNTED = ("assigned", "done", "done_otherwise", "not_done", "not_reported")


def attached(contacts: pd.DataFrame, assignments: pd.DataFrame) -> pd.DataFrame:
    """The contacts with `of_round`, the date of the round that each belongs to; "" for what is outside of any.

    It is the round that the row names, else the newest that had drawn the customer, whose window was open then.
    """
    contacts = contacts.reset_index(drop=True)
    drawn = assignments[["customer_id", "round", "closes"]].rename(columns={"round": "of_round"})
    pairs = contacts[["customer_id", "happened_at", "round"]].assign(row=contacts.index).merge(drawn, on="customer_id")
    on = pairs["happened_at"].str[:10]
    is_open = (pairs["of_round"] <= on) & (on < pairs["closes"])
    fits = is_open & (pairs["round"].isna() | (pairs["round"] == pairs["of_round"]))
    newest = pairs[fits].groupby("row")["of_round"].max()
    return contacts.assign(of_round=newest.reindex(contacts.index).fillna("").astype(object))


def followed(assignments: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """The assignments with what was done; contacts are `attached`.

    done and done_otherwise: the assigned action was made, or only another one; for who was assigned none, any contact
    is done otherwise. not_done: it was said not to be made; not_reported: nothing was recorded. reached is 1, 0, or NaN
    where nobody said.
    """
    own = contacts[contacts["of_round"] != ""].assign(round=lambda rows: rows["of_round"])
    own = own.merge(assignments[[*KEY, "action"]], on=KEY, suffixes=("", "_assigned"))
    made = own[own["outcome"] != NOT_DONE]
    found = assignments.set_index(KEY)

    def some(rows: pd.DataFrame) -> pd.Series:
        return pd.Series(found.index.isin(pd.MultiIndex.from_frame(rows[KEY])), index=found.index)

    any_made, same, told = some(made), some(made[made["action"] == made["action_assigned"]]), some(own)
    acted = found["action"] != NONE
    found = found.assign(
        done=acted & same,
        done_otherwise=any_made & ~same,
        not_done=acted & told & ~any_made,
        not_reported=acted & ~told,
        reached=_reached(own).reindex(found.index),
    )
    return found.reset_index()


def spent(assignments: pd.DataFrame, contacts: pd.DataFrame, costs: dict[str, float]) -> np.ndarray:
    """What each assignment cost, shape (n_rows,), in the currency of the spec; contacts are `attached`.

    It is the recorded cost of the contacts made, or that of their action where none is recorded. In a round of which
    nothing was recorded at all, it is the cost of the action assigned.
    """
    made = contacts[(contacts["of_round"] != "") & (contacts["outcome"] != NOT_DONE)]
    planned = made["action"].map(costs).astype(float)
    each = pd.to_numeric(made["cost"], errors="coerce").astype(float).fillna(planned)
    total = each.groupby([made["of_round"], made["customer_id"]]).sum()
    keys = pd.MultiIndex.from_frame(assignments[KEY])
    recorded = total.reindex(keys).fillna(0.0).to_numpy(dtype=float) if len(total) else np.zeros(len(keys))
    silent = ~assignments["round"].isin(set(contacts["of_round"])).to_numpy(dtype=bool)
    wanted = assignments["action"].map(costs).fillna(0.0).to_numpy(dtype=float)
    return np.where(silent, wanted, recorded)


def table(rows: pd.DataFrame, *, also: Sequence[str] = ()) -> list[dict[str, object]]:
    """By round and action how many were assigned, and what was done of it; rows are those of `followed`.

    Of those assigned none, who are withheld, contacted counts those who were contacted all the same. also names further
    columns to count.
    """
    found: list[dict[str, object]] = []
    for (on, action), some in rows.groupby(["round", "action"], sort=True):
        told: dict[str, object] = {"round": str(on), "action": str(action), "assigned": len(some)}
        told |= {name: int(some[name].sum()) for name in also}
        if action == NONE:
            found.append({**told, "contacted": int(some["done_otherwise"].sum())})
        else:
            found.append({**told, **{name: int(some[name].sum()) for name in COUNTED[1:]}})
    return found


def _reached(own: pd.DataFrame) -> pd.Series:
    """Whether any contact reached the customer: 1 where one did, 0 where none did, NaN where nobody said."""
    said = own["outcome"].map(OUTCOMES).astype(object)
    said = said.where(own["offer_taken"] != True, True)  # noqa: E712 - it may be missing
    as_number = pd.Series([np.nan if one is None else float(one) for one in said], index=own.index, dtype=float)
    # A contact of which nobody said whether it reached somebody leaves it open, unless another one did.
    unknown = as_number.isna().groupby([own[name] for name in KEY]).any()
    most = as_number.groupby([own[name] for name in KEY]).max()
    return most.where((most == 1) | ~unknown)
