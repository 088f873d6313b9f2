"""Customers of open warnings who are known to have left since: nobody needs to act for them any more."""

from collections.abc import Iterator
from datetime import datetime

import pandas as pd
import pyarrow.compute as pc
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features import labelling, labels
from features.label import Label, LabelOptions, LabelWindow
from features.labels import cancelled
from features.plugins import plugin
from pipelines.matrix import matrices
from pipelines.matrix.dated import ENGINES
from pipelines.outreach.operations import came_back, clock
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace

# A customer, and when the warning was raised.
Warned = frozenset[tuple[str, str]]


def read(
    spec: ExperimentSpec,
    workspace: Workspace,
    engine: sa.Engine,
    warned: pd.DataFrame,
    *,
    customers: pd.Index,
    as_of: datetime,
) -> Warned:
    """Of the open warnings those whose customer is known to have left by as_of; customers are those of today.

    warned has customer_id and raised_at. Of the label `inactive` everybody is who is not among today's customers; else,
    where contracts say who is one, of whom all have ended, and without contracts whom the label calls so. In a table
    without dates it is leavers who are gone, and whose outcome was recorded after the warning.
    """
    absent = warned[~warned["customer_id"].astype(str).isin(customers)]
    if spec.observations is None:
        return frozenset([*_recorded(engine, spec.name, warned), *_gone(spec, workspace, absent)])
    earlier = absent[absent["raised_at"] < clock.text(as_of)]
    if spec.label.kind == "inactive" or earlier.empty:
        return frozenset(_pairs(earlier))
    return frozenset(_by_tables(spec, workspace, earlier, as_of=as_of))


def _by_tables(
    spec: ExperimentSpec, workspace: Workspace, absent: pd.DataFrame, *, as_of: datetime
) -> Iterator[tuple[str, str]]:
    """Asked of the time since each warning was raised."""
    source, options = source_of(spec)
    asked = spec.label
    settings = LabelOptions(asked.table, asked.event, asked.active_days)
    engine = ENGINES[spec.observations.engine if spec.observations else "duckdb"]
    with engine(workspace.tables, source.declare(options)) as opened:
        by_contracts = "contracts" in opened.known_today.tables
        kind = cancelled.LABEL if by_contracts else plugin(labels, asked.kind, Label)
        for raised_at, rows in absent.groupby("raised_at"):
            since = datetime.fromisoformat(str(raised_at))
            window = LabelWindow(since, since, as_of)
            happened = labelling.happened_at(kind, opened.known_today, window, settings)
            found = opened.rows(happened.filter(happened.happened_at < window.closes)).to_pandas()
            left = set(found["customer_id"].astype(str))
            yield from ((one, str(raised_at)) for one in rows["customer_id"].astype(str) if one in left)


def _gone(spec: ExperimentSpec, workspace: Workspace, absent: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """By the column of a table: who left is no customer any more, where the spec says so."""
    if not spec.label.leavers_are_gone or absent.empty:
        return
    rows = matrices.read(workspace.matrix, matrices.LEARN, ["customer_id", "churned"])
    left = set(rows.filter(pc.equal(rows["churned"], 1.0))["customer_id"].cast("string").to_pylist())
    yield from _pairs(absent[absent["customer_id"].astype(str).isin(left)])


def _recorded(engine: sa.Engine, spec: str, warned: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """By outcomes that were recorded after the warning was raised; the latest of a customer holds."""
    told = came_back.outcomes(engine, spec).sort_values(["known_at", "place"])
    last = told.drop_duplicates("customer_id", keep="last")
    known_at = last[last["churned"].astype(bool)].set_index("customer_id")["known_at"]
    later = warned["customer_id"].map(known_at).fillna("") > warned["raised_at"]
    yield from _pairs(warned[later])


def _pairs(warned: pd.DataFrame) -> Iterator[tuple[str, str]]:
    yield from zip(warned["customer_id"].astype(str), warned["raised_at"].astype(str), strict=True)
