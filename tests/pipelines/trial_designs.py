"""Trials that were drawn cleanly, each in another way, and whose actions work: they change what is known later, and who
is still there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.contract import Contract
from features.feature import FeatureColumn
from tests.specs import trial_spec

ARMS = np.array(["control", "call", "coupon"], dtype=object)
SHARES = np.array([0.2, 0.4, 0.4])
COLUMNS = [f"x{number}" for number in range(12)]
CONTRACT = Contract(
    (
        *(FeatureColumn(name, name) for name in COLUMNS),
        FeatureColumn("band", "A band", type="category", categories=("a", "b")),
    )
)
SPEC = trial_spec()

Drawn = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Moment:
    """A date, the first is 0, at which arms are drawn: what is known of the customers, and the arms before.

    known holds each column, shape (customers,), by its name.
    """

    date: int
    rng: np.random.Generator
    customers: int
    known: Mapping[str, np.ndarray]
    before: tuple[np.ndarray, ...]


Design = Callable[[Moment], Drawn]


def drawn(rng: np.random.Generator, chances: np.ndarray) -> Drawn:
    """Arms, as places in ARMS, and their probabilities, from chances of shape (n_rows, 3)."""
    arm = (rng.random(len(chances))[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    return arm, chances[np.arange(len(arm)), arm]


def _equal(now: Moment) -> Drawn:
    return drawn(now.rng, np.tile(SHARES, (now.customers, 1)))


def once(now: Moment) -> Drawn:
    """One draw a customer, held at all dates."""
    return (now.before[0], SHARES[now.before[0]]) if now.before else _equal(now)


def one_switcher(now: Moment) -> Drawn:
    """One draw a customer; one of them is given another arm later."""
    arm, _ = once(now)
    arm = arm.copy()
    arm[0] = (arm[0] + (now.date == 1)) % 3
    return arm, SHARES[arm]


def redrawn(now: Moment) -> Drawn:
    """One draw a customer, and another one at the third date."""
    return _equal(now) if now.date in (0, 2) else (now.before[-1], SHARES[now.before[-1]])


def standing_control(now: Moment) -> Drawn:
    """The control is drawn once; whoever is not in it is given one of both actions anew at each date."""
    control = now.before[0] == 0 if now.before else now.rng.random(now.customers) < SHARES[0]
    arm = np.where(control, 0, now.rng.integers(1, 3, now.customers))
    return arm, SHARES[arm]


def monthly(now: Moment) -> Drawn:
    """A new draw at each date."""
    return _equal(now)


def strata(now: Moment) -> Drawn:
    """A new draw at each date, with other shares in either band, which the covariates tell as well."""
    is_a = now.known["band"] == "a"
    return drawn(now.rng, np.where(is_a[:, None], [[0.1, 0.3, 0.6]], [[0.5, 0.3, 0.2]]))


def by_score(now: Moment) -> Drawn:
    """A new draw at each date, the likelier an action the higher a score that is known."""
    score = np.clip(now.known["x0"], -2, 2)
    odds = np.exp(np.column_stack([0 * score, 0.7 * score, -0.5 * score]))
    return drawn(now.rng, 0.9 * odds / odds.sum(axis=1, keepdims=True) + 0.1 / 3)


DESIGNS: dict[str, Design] = {
    one.__name__: one for one in (once, one_switcher, redrawn, standing_control, monthly, strata, by_score)
}


def trial(design: Design, *, customers: int, seed: int, dates: int = 4, bias: float = 0.0) -> pd.DataFrame:
    """The rows of a trial; x1 to x4 have heavy tails, x5 and x6 are rare. bias: the first draw follows x11 instead.

    An action raises x9 to x11 and keeps customers.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(customers, 12))
    x[:, 1:3] = rng.standard_cauchy(size=(customers, 2))
    x[:, 3:5] = np.exp(2 * rng.normal(size=(customers, 2)))
    x[:, 5:7] = rng.random((customers, 2)) < 0.03
    band = np.where(rng.random(customers) < 0.4, "a", "b")
    x[:, 7] += band == "a"
    ids, there, arms, found = np.arange(customers), np.ones(customers, dtype=bool), tuple[np.ndarray, ...](), []
    for date in range(dates):
        known = {**dict(zip(COLUMNS, x.T, strict=True)), "band": band}
        arm, probability = design(Moment(date, rng, customers, known, arms))
        if bias and date == 0:
            arm = np.where(rng.random(customers) < bias, np.where(x[:, 11] > 0, 1, 0), arm)
            probability = SHARES[arm]
        found.append((x[there], band[there], ids[there], np.full(there.sum(), date), arm[there], probability[there]))
        arms = (*arms, arm)
        x = np.column_stack([x[:, :9], x[:, 9:] + 0.5 * (arm > 0)[:, None]])
        there &= rng.random(customers) < np.where(arm > 0, 0.95, 0.8)
    numbers, bands, who, date_of, arm_of, chance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    moments = pd.date_range("2024-01-01", periods=dates, freq="MS")
    return pd.DataFrame(numbers, columns=COLUMNS).assign(
        band=bands, customer_id=who.astype(str), as_of=moments[date_of], arm=ARMS[arm_of], probability=chance
    )
