"""Simulated months of a company in which nothing changes, and plantings of each kind of drift into them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.evaluation.monitoring.distribution import Bins, Distribution, singletons
from experiments.evaluation.monitoring.evidence import (
    AgeSeen,
    ColumnSeen,
    MeasuredFigure,
    MonthSeen,
    Realised,
    VolumeSeen,
)
from experiments.statistics.delong import delong

CUSTOMERS, DATES = 500, 3
CATEGORIES = {"plan": 3, "city": 200}


@dataclass(frozen=True)
class World:
    """The rows of a company's customers: numbers by name, shape (n_rows,), and categories."""

    rows: pd.DataFrame
    customers: pd.Series


def numbers(rng: np.random.Generator, customers: int, dates: int) -> dict[str, np.ndarray]:
    """Columns of usual forms, of rows that are alike within a customer; shape (customers * dates,)."""
    own = np.repeat(rng.normal(size=(customers, 12)), dates, axis=0)
    z = np.sqrt(0.7) * own + np.sqrt(0.3) * rng.normal(size=own.shape)
    columns = {f"normal_{k}": z[:, k] for k in range(6)}
    columns |= {"price": np.exp(2 * z[:, 6]), "rare": np.where(z[:, 7] > 1.6, z[:, 7], 0.0)}
    columns |= {"count": np.floor(np.exp(z[:, 8])), "constant": np.ones(len(z)), "flag": (z[:, 9] > 0.5).astype(float)}
    columns["gaps"] = np.where(z[:, 10] > 1.0, np.nan, z[:, 11])
    return columns


def world(rng: np.random.Generator, customers: int = CUSTOMERS, dates: int = 1) -> World:
    """Customers drawn anew from the same company."""
    rows = pd.DataFrame(numbers(rng, customers, dates))
    for name, levels in CATEGORIES.items():
        shares = 1 / np.arange(1, levels + 1)
        drawn = rng.choice(levels, size=customers, p=shares / shares.sum())
        rows[name] = np.repeat(np.array([f"{name}{one}" for one in drawn], dtype=object), dates)
    return World(rows, pd.Series(np.repeat(np.arange(customers), dates)))


def seen(today: World, known: dict[str, World]) -> tuple[ColumnSeen, ...]:
    """Every column of today beside what is known, in bins of the training rows; a column may have gone."""
    training, found = known["training"], []
    for name in training.rows:
        category = name in CATEGORIES
        bins = Bins.of(training.rows[name], category=category)
        of: dict[str, Distribution] = {
            where: bins.count(one.rows[name], customers=one.customers) for where, one in known.items()
        }
        few = singletons(training.rows[name], customers=training.customers) if category else 0
        now = bins.count(today.rows.get(name), customers=today.customers)
        found.append(ColumnSeen(str(name), now, of, few, training.customers.nunique()))
    return tuple(found)


def auc(rng: np.random.Generator, rows: int, apart: float) -> MeasuredFigure:
    """The AUC of normal scores that far apart, with DeLong's error."""
    left = (rng.random(rows) < 0.15).astype(float)
    scores = rng.normal(size=rows) + apart * left
    found = delong(left, scores[:, None]).interval(0, level=0.95)
    return MeasuredFigure(found.value, found.standard_error)


def brier_and_gap(rng: np.random.Generator, rows: int, times: float = 1.0) -> tuple[MeasuredFigure, MeasuredFigure]:
    """Brier score and miscalibration of probabilities that would be true, were the odds of leaving not `times` them."""
    from experiments.statistics.miscalibration import miscalibration

    told = rng.beta(1.5, 8, rows)
    odds = times * told / (1 - told)
    left = (rng.random(rows) < odds / (1 + odds)).astype(float)
    squares = (told - left) ** 2
    found = miscalibration(left, told, clusters=np.arange(rows))
    gap = found.interval(0, level=0.95)
    chance = replace(found, gaps=np.zeros_like(found.gaps)).interval(0, level=0.95).standard_error
    return MeasuredFigure(squares.mean(), squares.std(ddof=1) / np.sqrt(rows)), MeasuredFigure(
        gap.value, gap.standard_error, chance
    )


def effect(rng: np.random.Generator, rows: int, of: float) -> MeasuredFigure:
    """The difference of two shares that stay, 0.8 + of and 0.8, of so many rows each."""
    shares = rng.binomial(rows, (0.8 + of, 0.8)) / rows
    return MeasuredFigure(shares[0] - shares[1], float(np.sqrt((shares * (1 - shares)).sum() / rows)))


def realised(
    rng: np.random.Generator, *, rows: int = 3000, apart: float = 1.2, times: float = 1.0, works: float = 0.06
) -> tuple[Realised, ...]:
    """Figures of the gate, and of a cohort since, of a champion and an action that work so well now."""
    over = "on 2026-01-01"
    brier, gap = brier_and_gap(rng, rows)
    brier_now, gap_now = brier_and_gap(rng, rows, times)
    return (
        Realised("auc", over, auc(rng, rows, 1.2), auc(rng, rows, apart)),
        Realised("brier", over, brier, brier_now),
        Realised("miscalibration", over, gap, gap_now),
        Realised("ate", over, effect(rng, rows, 0.06), effect(rng, rows, works), "call"),
        Realised("ate", over, effect(rng, rows, 0.0), effect(rng, rows, 0.0), "coupon"),
    )


def volumes(rng: np.random.Generator) -> tuple[VolumeSeen, ...]:
    """Poisson counts few and many, one that varies by a fifth, and one that grows."""
    few, many = (rng.poisson(mean, 25).astype(float) for mean in (6, 3000))
    wild = rng.poisson(2000 * np.exp(0.2 * rng.normal(size=25))).astype(float)
    growing = rng.poisson(500 * 1.03 ** np.arange(25)).astype(float)
    named = {"few": few, "many": many, "wild": wild, "growing": growing}
    return tuple(VolumeSeen(name, one[-1], one[:-1], 12) for name, one in named.items())


def ages(rng: np.random.Generator) -> tuple[AgeSeen, ...]:
    """Days with rows at random ones, at each, at each month's end, and in bursts."""
    sparse, bursts = rng.exponential(6, 61), rng.gamma(0.4, 8, 61)
    monthly = 30.4 + rng.normal(0, 1.0, 13)
    named = {"sparse": sparse, "bursts": bursts, "daily": np.ones(300)}
    found = [AgeSeen(name, float(one[-1]), one[:-1]) for name, one in named.items()]
    return (*found, AgeSeen("monthly", float(monthly[-1] * rng.random()), monthly[:-1]))


def served(rng: np.random.Generator, gate: World) -> ColumnSeen:
    """Scores of new customers who were each asked about one to three times, beside those of the gate cohort."""
    bins = Bins.of(gate.rows["normal_0"], category=False)
    asked = np.repeat(np.arange(CUSTOMERS), rng.integers(1, 4, CUSTOMERS))
    today = bins.count(pd.Series(rng.normal(size=CUSTOMERS)[asked]), customers=pd.Series(asked))
    known = bins.count(gate.rows["normal_0"], customers=gate.customers)
    return ColumnSeen("score", today, {"the gate cohort": known})


def stable(rng: np.random.Generator) -> MonthSeen:
    """A month of a company in which nothing has changed; half of today's customers were there in training."""
    training = world(rng, dates=DATES)
    known = {"training": training, "the gate cohort": world(rng)}
    there = training.rows.iloc[:: DATES * 2]
    new = world(rng, CUSTOMERS - len(there)).rows
    today = World(pd.concat([there, new], ignore_index=True), pd.Series(np.arange(CUSTOMERS)))
    columns = seen(today, known)
    score = [replace(one, name="score") for one in columns if one.name == "normal_0"]
    month = MonthSeen(columns, tuple(score), volumes(rng), ages(rng), realised(rng))
    return replace(month, served=(served(rng, known["the gate cohort"]),))
