"""Random worlds without a leak, and how a leak is planted in one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from experiments.leaks.check import EncodedRows, LeakEvidence
from experiments.leaks.known import Earlier, Trial
from experiments.metric import Numbers
from experiments.rows.split import Fold, split
from experiments.sections.label import LabelSpec
from experiments.sections.split import SplitSpec
from features.contract import Contract
from features.feature import FeatureColumn

LABEL = LabelSpec(kind="column", horizon_days=30)
RANDOM, TIME = SplitSpec(kind="random", folds=3), SplitSpec(kind="time", folds=3)
DATES = pd.date_range("2026-01-01", periods=5, freq="60D")


def clean(seed: int, *, rows: int = 2000, dated: bool = False) -> LeakEvidence:
    """A random world: columns of many kinds, each a little related to the risk, and nothing that comes after it.

    Numbers normal, skewed, whole or rounded, with a mass at 0, categories of 2 to 12 values; up to a third of a column
    is missing, more often for those at risk; 5 to 50 % churn. The columns have something in common, and no one of them
    is the risk itself: a world in which one is cannot be told from one with a leak. With dates, customers are observed
    at 5 of them and change little between.
    """
    rng = np.random.default_rng(seed)
    customers = np.arange(rows) if not dated else np.repeat(np.arange(rows // len(DATES)), len(DATES))
    own, now = rng.normal(size=(customers.max() + 1, 9))[customers], rng.normal(size=(len(customers), 9))
    apart = 0.9 * own + 0.44 * now if dated else own
    latent = 0.8 * apart[:, :8] + 0.6 * apart[:, 8:]
    weights = rng.normal(size=8) * rng.choice([0.0, 0.3, 0.6], size=8)
    risk = latent @ weights
    y = (rng.random(len(risk)) < 1 / (1 + np.exp(_base(risk, rng.uniform(0.05, 0.5)) - risk))).astype(float)
    columns, values = zip(*(_column(place, latent[:, place], risk, rng) for place in range(8)), strict=True)
    table = pd.DataFrame({"customer_id": [f"c{one:05d}" for one in customers.tolist()], "arm": None, "churned": y})
    table["as_of"] = np.tile(DATES, rows // len(DATES)) if dated else pd.NaT
    return evidence(Contract(columns), np.column_stack(values), table, spec=TIME if dated else RANDOM)


def clean_with_all(seed: int) -> LeakEvidence:
    """A clean world of one of twelve shapes, with all that checks may know beside its rows.

    800, 2,000 or 4,000 rows, with dates and rows of today, or in the order of a file; every other pair has a randomised
    trial of one in two or one in five.
    """
    dated = bool(seed % 2)
    world = clean(seed, rows=(800, 2000, 4000)[seed % 3], dated=dated)
    rows = len(world.training.y)
    rng = np.random.default_rng(seed)
    share = (0.5, 0.2)[seed % 5 == 0]
    treated = rng.random(rows) < share
    arm, probability = np.where(treated, "call", "control"), np.where(treated, share, 1 - share)
    trial = Trial(world.training.X, np.arange(rows), arm, probability, "control") if seed // 6 % 2 else None
    if not dated:
        return replace(world, places=np.arange(rows), trial=trial)
    moved = world.gate.X.copy()
    some = rng.random(len(moved)) < 0.2
    moved[some] = moved[rng.permutation(len(moved))][some]  # some customers have changed within two weeks
    earlier = Earlier(14, world.gate.X, moved, world.gate.y, world.gate.customers)
    return replace(world, today=world.gate.X, earlier=earlier, trial=trial)


def engineered(seed: int) -> LeakEvidence:
    """A stronger clean world: one column is made of two others, the risk may follow it, and may join two columns.

    800, 2,000 or 4,000 rows, with dates or in the order of a file, all of a randomised trial of one in two. All columns
    together come to AUCs from 0.5 to 0.97.
    """
    rng, dated = np.random.default_rng(seed), bool(seed % 2)
    rows = (800, 2000, 4000)[seed % 3]
    customers = np.arange(rows) if not dated else np.repeat(np.arange(rows // len(DATES)), len(DATES))
    own, now = rng.normal(size=(customers.max() + 1, 9))[customers], rng.normal(size=(rows, 9))
    apart = 0.9 * own + 0.44 * now if dated else own
    latent = 0.8 * apart[:, :8] + 0.6 * apart[:, 8:]
    one, two = latent[:, rng.choice(8, 2, replace=False)].T
    kinds = [np.exp(one - two), np.exp(one + two), np.exp(one) - np.exp(two), np.maximum(one, two)]
    made = kinds[rng.integers(len(kinds))]
    risk = latent @ (rng.normal(size=8) * rng.choice([0.0, 0.3, 0.6], size=8))
    risk += rng.choice([0.0, 0.5, 1.0]) * norm.ppf(rankdata(made) / (rows + 1))
    risk += rng.choice([0.0, 0.4]) * latent[:, rng.integers(8)] * latent[:, rng.integers(8)]
    risk *= rng.uniform(0.8, 2.2)
    y = (rng.random(rows) < 1 / (1 + np.exp(_base(risk, rng.uniform(0.05, 0.5)) - risk))).astype(float)
    columns, values = zip(*(_column(place, latent[:, place], risk, rng) for place in range(8)), strict=True)
    table = pd.DataFrame({"customer_id": [f"c{one:05d}" for one in customers.tolist()], "arm": None, "churned": y})
    table["as_of"] = np.tile(DATES, rows // len(DATES)) if dated else pd.NaT
    contract = Contract((*columns, FeatureColumn("made", "made")))
    world = evidence(contract, np.column_stack([*values, made]), table, spec=TIME if dated else RANDOM)
    learnt = np.arange(len(world.training.y))
    arm = np.where(rng.random(len(learnt)) < 0.5, "call", "control")
    trial = Trial(world.training.X, learnt, arm, np.full(len(learnt), 0.5), "control")
    return replace(world, trial=trial, **({"today": world.gate.X} if dated else {"places": learnt}))


def _base(risk: Numbers, share: float) -> float:
    """The threshold with which about that share churns."""
    return float(np.quantile(risk, 1 - share)) + 1.0


def _column(place: int, latent: Numbers, risk: Numbers, rng: np.random.Generator) -> tuple[FeatureColumn, Numbers]:
    kind = rng.choice(["normal", "skewed", "whole", "rounded", "mass", "category"])
    name = f"{kind}_{place}"
    cuts = np.quantile(latent, np.linspace(0, 1, rng.integers(2, 13) + 1)[1:-1])
    values = {
        "normal": latent,
        "skewed": np.exp(latent),
        "whole": np.round(20 * np.exp(0.5 * latent)),
        "rounded": np.round(30 + 20 * latent, 2),
        "mass": np.where(latent < 0.3, 0.0, latent),
        "category": np.searchsorted(cuts, latent).astype(float),
    }[kind]
    lost = rng.choice([0.0, 0.1, 0.3]) * (0.7 + 0.6 * (risk > np.median(risk)))
    values = np.where(rng.random(len(values)) < lost, np.nan, values)
    if kind == "category":
        return FeatureColumn(name, name, type="category", categories=tuple("abcdefghijklm"[: len(cuts) + 1])), values
    return FeatureColumn(name, name), values


def evidence(contract: Contract, X: Numbers, table: pd.DataFrame, *, spec: SplitSpec = RANDOM) -> LeakEvidence:
    """Rows (customer_id, as_of, churned, arm beside X) divided as the project divides them."""
    divided = split(table, spec=spec, label=LABEL)
    place = np.full(len(table), -1)
    place[divided.training] = np.arange(len(divided.training))
    folds = tuple(Fold(place[fold.fit], place[fold.judge]) for fold in divided.folds)

    def side(index: np.ndarray) -> EncodedRows:
        at = table.iloc[index]
        as_of = at["as_of"].to_numpy(dtype="datetime64[us]")
        return EncodedRows(X[index], at["churned"].to_numpy(), at["customer_id"].to_numpy(dtype=object), as_of)

    return LeakEvidence(contract, side(divided.training), side(divided.gate), folds)


def with_column(
    world: LeakEvidence, training: Numbers, gate: Numbers, *, categories: Sequence[str] = ()
) -> LeakEvidence:
    """The world with one more column, called `planted`, of these values; a category where it has categories."""
    kind = {"type": "category", "categories": tuple(categories)} if categories else {}
    return replace(
        world,
        contract=Contract((*world.contract.columns, FeatureColumn("planted", "planted", **kind))),
        training=replace(world.training, X=np.column_stack([world.training.X, training])),
        gate=replace(world.gate, X=np.column_stack([world.gate.X, gate])),
    )


def of_training(world: LeakEvidence, values: Numbers, *, categories: Sequence[str] = ()) -> LeakEvidence:
    """The world with a planted column of these values in the training rows, and any of them in the gate cohort."""
    return with_column(world, values, np.resize(values, len(world.gate.y)), categories=categories)


def renamed(world: LeakEvidence, names: Sequence[str]) -> LeakEvidence:
    """The world with other names of its columns, in order."""
    columns = tuple(replace(column, name=name) for column, name in zip(world.contract.columns, names, strict=True))
    return replace(world, contract=Contract(columns))
