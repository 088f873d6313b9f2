"""Rounds of which every customer's outcomes under none and under each action are known."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from experiments.effects.assigned import Assigned
from experiments.effects.by_assignment import Effect, effect
from experiments.effects.cumulated import at_any_time, information
from experiments.statistics.intervals import Interval

ARMS = ("none", "call", "coupon")
DATES = pd.date_range("2026-01-01", periods=60, freq="MS")
# The chances of none, call and coupon at low, middle and high risk.
UNEVEN = ((0.5, 0.4, 0.1), (0.3, 0.4, 0.3), (0.15, 0.6, 0.25))


@dataclass(frozen=True)
class World:
    """What the rounds are made of: the base rate of leaving, and how a call changes the log-odds.

    interaction is how much more a call does for a standard deviation of risk; alike the share of customers who fare
    the same in every round; reach the chance that an assigned call reaches somebody, and only reached ones profit.
    """

    customers: int = 1_500
    rounds: int = 3
    rate: float = 0.15
    call: float = -0.5
    coupon: float = 0.0
    interaction: float = 0.0
    alike: float = 0.5
    knows: float = 1.0
    reach: float = 1.0
    values: float = 0.0
    shares: tuple[tuple[float, ...], ...] = UNEVEN

    def columns(self, seed: int) -> dict[str, np.ndarray]:
        """A row for each customer on each round's list, as arrays; left is the chance of leaving under each arm."""
        rng = np.random.default_rng(seed)
        n, shape = self.customers, (self.rounds, self.customers)
        of_customer = rng.normal(size=n)
        fate = np.where(rng.random(n) < self.alike, rng.random(n), rng.random(shape))
        willing = rng.random(n) < self.reach
        worth = np.exp(self.values * rng.normal(size=n) + 0.5 * self.values * of_customer) * 100
        numbers, customers = np.nonzero(rng.random(shape) < 0.8)
        level, size = of_customer[customers], customers.size
        base = logit(self.rate) + 0.9 * level
        moved = (self.call + self.interaction * level) * willing[customers]
        left = np.column_stack([expit(base), expit(base + moved), expit(base + self.coupon)])
        stratum = np.digitize(level, (-0.5, 0.8))
        shares = np.array(self.shares)[stratum]
        drawn = (rng.random(size)[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
        seen = self.knows * level + np.sqrt(1 - self.knows**2) * rng.normal(size=size)
        return {
            "round": numbers,
            "customer": customers,
            "stratum": stratum,
            "drawn": drawn,
            "shares": shares,
            "left": left,
            "risk": expit(logit(self.rate) + 0.9 * seen),
            "reached": (drawn > 0) & willing[customers],
            "churned": (fate[numbers, customers] < left[np.arange(size), drawn]).astype(float),
            "value": worth[customers],
            "cost": np.array([0.0, 2.0, 5.0])[drawn],
        }

    def frame(self, seed: int) -> pd.DataFrame:
        """The rows as `assigned` wants them."""
        found = self.columns(seed)
        plain = {name: found[name] for name in ("risk", "reached", "churned", "value", "cost")}
        return pd.DataFrame(
            {
                **plain,
                **{f"p_{name}": found["shares"][:, index] for index, name in enumerate(ARMS)},
                "round": [f"r{number:02}" for number in found["round"]],
                "as_of": DATES[found["round"]],
                "customer": found["customer"].astype(str),
                "stratum": found["stratum"].astype(str),
                "action": np.array(ARMS)[found["drawn"]],
                "currency": "eur",
                "mature": True,
            }
        )

    def rows(self, seed: int) -> Assigned:
        """The same as `assigned` makes of the frame, without its checks, for many worlds."""
        found = self.columns(seed)
        dates = pd.DataFrame({"round": found["round"], "as_of": DATES[found["round"]]})
        same = {name: found[name] for name in ("risk", "churned", "value", "cost")}
        return Assigned(
            actions=ARMS[1:],
            currency="eur",
            n_customers=self.customers,
            labels=dates,
            customers=found["customer"],
            action=found["drawn"] - 1,
            probability=found["shares"],
            reached=found["reached"].astype(float),
            mature=np.ones(len(dates), dtype=bool),
            **same,
        )

    def truth(self, action: str = "call") -> float:
        """The mean change of the share that stays, over very many customers."""
        left = replace(self, customers=1_000_000, rounds=1).columns(999)["left"]
        return float((left[:, 0] - left[:, ARMS.index(action)]).mean())


@dataclass(frozen=True)
class Look:
    """The rows of the rounds up to a date, what they show together, and how much they tell."""

    rows: Assigned
    effect: Effect
    information: float | None

    @property
    def interval(self) -> Interval | None:
        """The interval that holds at every look; None without an estimate."""
        if self.effect.adjusted is None or self.information is None:
            return None
        return at_any_time(self.effect.adjusted, self.information)


def looks(rows: Assigned, action: str) -> list[Look]:
    """A look after each date of which rounds are mature, oldest first."""
    dates = pd.to_datetime(rows.labels["as_of"])
    found = []
    for date in sorted(dates[rows.mature].unique()):
        so_far = rows.where((dates <= date).to_numpy(dtype=bool) & rows.mature)
        now = effect(so_far, action)
        found.append(Look(so_far, now, information(so_far, action, now)))
    return found


def small(**columns: object) -> pd.DataFrame:
    """Four rows of one round, two assigned a call, with columns changed."""
    base = {
        "round": "r1",
        "as_of": pd.Timestamp("2026-01-01"),
        "customer": ["a", "b", "c", "d"],
        "stratum": "low",
        "action": ["call", "call", "none", "none"],
        "p_none": 0.5,
        "p_call": 0.5,
        "risk": [0.1, 0.2, 0.3, 0.4],
        "reached": [True, False, None, None],
        "churned": [0.0, 0.0, 1.0, 0.0],
        "value": 100.0,
        "cost": [2.0, 2.0, 0.0, 0.0],
        "currency": "eur",
        "mature": True,
    }
    return pd.DataFrame({**base, **columns})
