"""The open warnings of a spec beside the customers of a round: for segments of a playbook, and for the list."""

from collections.abc import Collection, Iterable, Mapping
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


def read(engine: sa.Engine, spec: str) -> pd.DataFrame:
    """The warnings of a spec that are neither done nor expired, the most urgent first: by level, then when due.

    The owner of what was escalated is whom it was escalated to, where the rule says one.
    """
    found = warnings.all_of(engine, spec)
    return pd.DataFrame(urgent(found.to_dict("records")), columns=found.columns, dtype=object)


def urgent(rows: Iterable[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Those of `warnings.listed` that are open, as `read` has them."""
    found = [{**row, "owner": _owner(row)} for row in rows if row["state"] not in warnings.CLOSED]
    order = ("due_at", "rule", "customer_id")
    return sorted(found, key=lambda row: (-LEVELS.index(str(row["level"])), *(row[name] for name in order)))


def _owner(row: Mapping[Any, Any]) -> Any:
    to = row["escalates_to"]
    return to if row["state"] == warnings.ESCALATED and to is not None and not pd.isna(to) else row["owner"]


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
