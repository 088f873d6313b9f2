"""When customers left, by the label of a spec, counted in days from each past date."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from experiments.sections.label import HasLabel
from experiments.sections.observations import HasObservations
from features import labelling, labels
from features.label import Label, LabelOptions, LabelWindow
from features.plugins import plugin
from pipelines.matrix.dated import ENGINES
from pipelines.specs.options import Sourced, source_of


class Leaving(Sourced, HasLabel, HasObservations, Protocol):
    """A spec as far as it says what leaving is."""


class HasTables(Protocol):
    """Where the canonical tables lie."""

    @property
    def tables(self) -> Path:
        """The folder."""


def leaving(spec: Leaving, workspace: HasTables, *, dates: Sequence[datetime]) -> dict[datetime, pd.Series]:
    """For each date the days from it until each customer left within the label's window, by customer_id.

    Only leavers of the window are in it. The spec has observations.
    """
    source, options = source_of(spec)
    kind, said, asked = plugin(labels, spec.label.kind, Label), spec.label, spec.observations
    if asked is None:
        return {}
    settings = LabelOptions(said.table, said.event, said.active_days)
    found: dict[datetime, pd.Series] = {}
    with ENGINES[asked.engine](workspace.tables, source.declare(options)) as opened:
        for as_of in dates:
            window = LabelWindow.after(as_of, lead_time_days=said.lead_time_days, horizon_days=said.horizon_days)
            happened = labelling.happened_at(kind, opened.known_today, window, settings)
            within = (happened.happened_at >= window.opens) & (happened.happened_at < window.closes)
            rows = opened.rows(happened.filter(within)).to_pandas()
            days = (rows["happened_at"] - pd.Timestamp(as_of)).dt.total_seconds() / 86_400
            found[as_of] = pd.Series(days.to_numpy(), index=rows["customer_id"].to_numpy(), dtype=float)
    return found
