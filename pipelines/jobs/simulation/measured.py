"""What the rounds of a simulated year measured of each action, beside the truth that only the world knows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.effects import assigned, by_assignment
from features.play import played
from features.play.played import World
from features.world import campaigns


def measured(
    rounds: Sequence[tuple[World, pd.DataFrame]], last: World, *, currency: str, cost: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """By action: the measured effect on staying three months with its 95 % interval, and the true mean effect.

    rounds are the worlds as they were before each round, with its assignments; last is the world at the end. Rounds
    whose three months are not over are left out. Both figures are of the customers who could have got the action or
    nothing. Where missing says why nothing was measured, the truth stands alone.
    """
    over = [one for one in rounds if one[0].next_month.index + played.MONTHS_AT_WORK <= last.next_month.index]
    frames = [_rows(world, draft, last, currency=currency, cost=cost) for world, draft in over]
    frame = pd.concat([one for one in frames if len(one)], ignore_index=True) if any(map(len, frames)) else None
    if frame is None:
        return {}
    truths = {name: frame.pop(f"true_{name}") for name in cost}
    rows = assigned.assigned(frame)
    found = {}
    for name in cost:
        possible = (frame[f"p_{name}"] > 0) & (frame["p_none"] > 0)
        true = float(truths[name][possible].mean()) if possible.any() else None
        one = by_assignment.effect(rows, name)
        said = {"truth": true, "assigned": one.counts.assigned, "withheld": one.counts.withheld, "missing": one.missing}
        if one.adjusted is not None and true is not None:
            interval = one.adjusted.interval()
            said |= {"value": interval.value, "low": interval.low, "high": interval.high}
            said["covers"] = bool(interval.low <= true <= interval.high)
        found[name] = said
    return found


def _rows(world: World, draft: pd.DataFrame, last: World, *, currency: str, cost: Mapping[str, float]) -> pd.DataFrame:
    """The drawn customers of a round who were there, as `experiments.effects.assigned` needs them, with the truth."""
    drawn = draft[draft["proposed"] != "none"]
    place = drawn["customer_id"].astype(str).str[1:].to_numpy(dtype=np.int64) - 1
    there = np.isin(place, world.active)
    drawn, place = drawn[there].reset_index(drop=True), place[there]
    chance = played.outlook(world)[:, place]
    closes = _closes(world)
    shares = pd.DataFrame(drawn["probabilities"].tolist()).add_prefix("p_") if len(drawn) else pd.DataFrame()
    true = {f"true_{name}": chance[0] - chance[campaigns.ARMS.index(name)] for name in cost}
    return pd.DataFrame(
        {
            "round": world.next_month.name,
            "as_of": f"{world.next_month.name}-01",
            "customer": drawn["customer_id"],
            "stratum": drawn["level"].astype(str) + " " + drawn["proposed"],
            "action": drawn["action"],
            "risk": drawn["risk"],
            "reached": np.nan,
            "churned": (last.chapter.ended_at[place] < closes).astype(float),
            "value": 0.0,
            "cost": drawn["action"].map(cost).fillna(0.0),
            "currency": currency,
            "mature": True,
            **true,
        }
    ).join(shares)


def _closes(world: World) -> int:
    """The end of the months in which an action of the next month works."""
    month = world.next_month
    for _ in range(played.MONTHS_AT_WORK - 1):
        month = month.next
    return month.ends
