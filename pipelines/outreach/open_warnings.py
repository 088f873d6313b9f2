"""The open warnings of a spec beside the customers of a round: for segments of a playbook, and for the list."""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.alerts.alert_file import TOGETHER
from experiments.conditions.warning import WarningCondition
from experiments.logic.condition import Condition
from pipelines.outreach.columns import LEVELS, leaves
from pipelines.outreach.operations import warnings

SHOWN = ("rule", "level", "owner", "due_at")


def read(engine: sa.Engine, spec: str, customers: Collection[str] | None = None) -> pd.DataFrame:
    """The warnings of a spec that are neither done nor expired, the most urgent first: by level, then when due.

    Of these customers only, where some are named.
    The owner of what was escalated is whom it was escalated to, where the rule says one.
    """
    found = warnings.all_of(engine, spec, customers)
    found = found[~found["state"].isin(warnings.CLOSED)]
    passed_on = (found["state"] == warnings.ESCALATED) & found["escalates_to"].notna()
    found = found.assign(
        owner=found["owner"].where(~passed_on, found["escalates_to"]),
        rank=[-LEVELS.index(str(level)) for level in found["level"]],
    )
    return found.sort_values(["rank", "due_at", "rule", "customer_id"]).drop(columns="rank").reset_index(drop=True)


def warning_conditions(asked: Iterable[Condition]) -> list[WarningCondition]:
    """The conditions on warnings that these are made of."""
    return [leaf for one in asked for leaf in leaves(one) if isinstance(leaf, WarningCondition)]


def beside(rows: pd.DataFrame, asked: Collection[Condition], found: pd.DataFrame) -> pd.DataFrame:
    """The rows of customers with the number of their open warnings for each condition that asks for it."""
    added = {}
    for leaf in warning_conditions(asked):
        own = found if leaf.warning == TOGETHER else found[found["rule"] == leaf.warning]
        counts = own["customer_id"].value_counts()
        added[leaf.column] = rows["customer_id"].astype(str).map(counts).fillna(0).to_numpy(dtype=float)
    return rows.assign(**added)


def of_each(customers: np.ndarray, found: pd.DataFrame) -> list[list[dict[str, Any]]]:
    """For each customer the open warnings as plain data (rule, level, owner, due_at), the most urgent first."""
    by_customer: dict[str, list[dict[str, Any]]] = {}
    for row in found.to_dict("records"):
        by_customer.setdefault(str(row["customer_id"]), []).append({name: row[name] for name in SHOWN})
    return [by_customer.get(str(one), []) for one in customers]
