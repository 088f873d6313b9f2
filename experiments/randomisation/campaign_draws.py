"""Assignments of a campaign from its log: rows that were drawn independently, and each action's probability."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.metric import Numbers

Mask = npt.NDArray[np.bool_]

# Standard errors from which arms stay, or change, more often than new draws would have it.
BEYOND_CHANCE = 2.5
ROUNDING = 1e-6
# Logged shares are rounded: 0.3333 three times are all of it.
ROUNDED_SUM = 0.002


def own_draws(rows: pd.DataFrame) -> Mask:
    """Which rows are independent assignments; rows (customer_id, as_of, arm, probability) are those in a campaign.

    A customer's first row is one. A later row is one where its date drew anew: customers have the arm of their row
    before as often as its logged probability says (within 2.5 standard errors), or an arm is new. An arm that was held
    is no new draw, and what is known later, or who is left, may follow from it; should all such dates together show
    that arms were held, only first rows are left. Shape (n_rows,).
    """
    order = np.lexsort((rows["as_of"].to_numpy(), rows["customer_id"].astype(str).to_numpy()))
    ordered = rows.iloc[order]
    later = (ordered["customer_id"] == ordered["customer_id"].shift()).to_numpy()
    dates, codes = np.unique(ordered["as_of"].to_numpy(), return_inverse=True)
    same = (ordered["arm"] == ordered["arm"].shift()).to_numpy() & later
    stayed = np.where(same, 1 / ordered["probability"].to_numpy(dtype=float), 0.0) - 1.0
    anew = _new_arms(ordered["arm"].to_numpy(dtype=str), codes, dates.size)
    excess = _excess(stayed[later], codes[later], dates.size)
    fresh = later & ((np.abs(excess) <= BEYOND_CHANCE) | anew)[codes]
    if np.abs(_excess(stayed[fresh], np.zeros(int(fresh.sum()), dtype=np.intp), 1))[0] > BEYOND_CHANCE:
        fresh &= anew[codes]
    found = np.empty(len(rows), dtype=np.bool_)
    found[order] = ~later | fresh
    return found


def _excess(values: Numbers, codes: npt.NDArray[np.intp], size: int) -> Numbers:
    """The sum of values by code, divided by its standard error under mean 0; 0 where there are none."""
    sums = np.bincount(codes, weights=values, minlength=size)
    errors = np.sqrt(np.bincount(codes, weights=values**2, minlength=size))
    return np.divide(sums, errors, out=np.zeros(size), where=errors > 0)


def _new_arms(arm: npt.NDArray[np.str_], codes: npt.NDArray[np.intp], size: int) -> Mask:
    """Which dates, after the first, are the first of some arm."""
    found = np.zeros(size, dtype=np.bool_)
    for name in np.unique(arm):
        found[codes[arm == name].min()] = True
    found[0] = False
    return found


def chances(
    arm: npt.NDArray[np.str_], probability: Numbers, *, arms: Sequence[str], groups: Iterable[npt.NDArray[np.generic]]
) -> Numbers | None:
    """Every arm's probability in each row, shape (n_rows, n_arms), from the logged probability of the row's own arm.

    groups, each of shape (n_rows,), are what may have decided the probabilities, such as the date or a stratum: the
    first is taken that `of_groups` takes. Of two arms, the other's chance is what is left. None where the log does not
    tell.
    """
    found = of_groups(arm, probability, arms=arms)
    if found is None and len(arms) == 2:
        return np.column_stack([np.where(arm == name, probability, 1 - probability) for name in arms])
    for group in groups if found is None else ():
        if (found := of_groups(arm, probability, arms=arms, group=group)) is not None:
            break
    return found


def of_groups(
    arm: npt.NDArray[np.str_],
    probability: Numbers,
    *,
    arms: Sequence[str],
    group: npt.NDArray[np.generic] | None = None,
) -> Numbers | None:
    """Every arm's probability in each row, where each is constant within every group and they sum to about one.

    An arm that nobody of a group was given has what is left. Without group all rows are one.
    """
    own = np.select([arm == name for name in arms], range(len(arms)))
    codes = np.zeros(arm.size, dtype=np.intp) if group is None else np.unique(group, return_inverse=True)[1]
    cell, n_cells = codes * len(arms) + own, (int(codes.max()) + 1) * len(arms)
    lowest, highest = np.full(n_cells, np.inf), np.full(n_cells, -np.inf)
    np.minimum.at(lowest, cell, probability)
    np.maximum.at(highest, cell, probability)
    seen = np.isfinite(lowest)
    if bool(np.any(highest[seen] - lowest[seen] > ROUNDING)):
        return None
    told = np.where(seen, lowest, np.nan).reshape(-1, len(arms))
    left, missing = 1 - np.nansum(told, axis=1), np.isnan(told).sum(axis=1)
    sound = (np.abs(left) <= ROUNDED_SUM) | ((left > 0) & (missing == 1))
    if not bool(sound.all()):
        return None
    filled: Numbers = np.where(np.isnan(told), np.where(left > ROUNDED_SUM, left, 0.0)[:, None], told)
    exact: Numbers = (filled / filled.sum(axis=1, keepdims=True))[codes]
    return exact
