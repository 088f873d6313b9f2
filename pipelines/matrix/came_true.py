"""What became of customers who were observed at some moments: who left within the label's window, and who got what."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from experiments.sections.label import HasLabel
from features import labelling, labels
from features.errors import SpecError
from features.label import Label, LabelOptions, LabelWindow
from features.observations import outcomes, treatments_at
from features.plugins import plugin
from features.tables import LEFT_IN_GAP
from pipelines.matrix.dated import ENGINES
from pipelines.matrix.duckdb_engine import Engine
from pipelines.matrix.left_at import HasTables, Leaving
from pipelines.specs.options import source_of


def window(spec: HasLabel, as_of: datetime) -> LabelWindow:
    """The window of the spec's label after a moment."""
    said = spec.label
    return LabelWindow.after(as_of, lead_time_days=said.lead_time_days, horizon_days=said.horizon_days)


def read(spec: Leaving, workspace: HasTables, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows (customer_id, as_of) with churned, left_in_gap, arm and probability, by the code and the knowledge of today.

    The windows of all of them are mature. Customers of whom the tables say nothing any longer are left out.
    """
    asked, found = spec.observations, []
    if asked is None:
        raise SpecError(f"spec '{spec.name}' has no observations.")
    source, options = source_of(spec)
    with ENGINES[asked.engine](workspace.tables, source.declare(options)) as opened:
        there = opened.rows(opened.known_today.tables["customers"].select("customer_id"))["customer_id"].to_pylist()
        known = rows[rows["customer_id"].isin(set(there))]
        for moment, part in known.groupby("as_of", sort=True):
            found.append(
                part.assign(
                    **dict(
                        _columns(
                            spec, opened, window(spec, pd.Timestamp(str(moment)).to_pydatetime()), part["customer_id"]
                        )
                    )
                )
            )
    nothing = rows.iloc[:0].assign(**{"churned": 0.0, LEFT_IN_GAP: False, "arm": None, "probability": np.nan})
    return pd.concat(found, ignore_index=True) if found else nothing


def _columns(spec: HasLabel, opened: Engine, of: LabelWindow, customers: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    kind, said = plugin(labels, spec.label.kind, Label), spec.label
    happened = labelling.happened_at(
        kind, opened.known_today, of, LabelOptions(said.table, said.event, said.active_days)
    )
    left = opened.rows(outcomes(happened, of)).to_pandas().set_index("customer_id")
    yield "churned", customers.isin(left.index[left["churned"]]).to_numpy(dtype=float)
    yield LEFT_IN_GAP, customers.isin(left.index[left[LEFT_IN_GAP]]).to_numpy(dtype=bool)
    arm, probability = pd.Series(dtype=object), pd.Series(dtype=float)
    if "treatments" in opened.known_today.tables:
        given = opened.rows(treatments_at(opened.known_today, of)).to_pandas().set_index("customer_id")
        arm, probability = given["arm"].astype(object), given["probability"]
    found = customers.map(arm).astype(object)
    yield "arm", found.where(found.notna(), None).to_numpy()
    yield "probability", customers.map(probability).to_numpy(dtype=float)
