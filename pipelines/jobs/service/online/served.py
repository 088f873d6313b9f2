"""All that serves one spec at a time: a version of the champion, the newest batch, and the rules of warnings."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.alerts.alert_file import AlertFile
from experiments.logic.condition import Columns
from experiments.spec import ExperimentSpec
from features import labelling, labels
from features.catalog import features_for
from features.errors import ContractError, MissingError
from features.label import Label, LabelOptions, LabelWindow
from features.matrix import placed
from features.plugins import plugin
from features.schema import Table
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.files import storage
from pipelines.jobs.service.online import among_others, sorted_tables
from pipelines.jobs.service.online.few_customers import FewCustomers
from pipelines.jobs.service.online.sorted_tables import SortedTables
from pipelines.matrix import duckdb_engine, matrices
from pipelines.matrix.customer_value import with_value
from pipelines.models.text_readers import pinned, tones
from pipelines.outreach import backtest, serving_champion
from pipelines.outreach.serving_champion import ServingChampion
from pipelines.specs.options import source_of
from pipelines.validation.arms import with_arms
from pipelines.workspace import Workspace

NO_TABLES: Mapping[str, Table] = {}


class Rows(Protocol):
    """Where the rows of few customers come from."""

    def rows(self, customers: Sequence[str], received: Mapping[str, pa.Table], *, as_of: datetime) -> pa.Table:
        """Those who are observed, in the order of their names, with their features."""

    def joined(self, customers: Sequence[str]) -> Mapping[str, datetime | None]:
        """When each of those whom the batch knows joined."""

    def texts(self, since: datetime) -> pd.DataFrame | None:
        """What those of the last `rows` wrote since a moment, as `spoken.COLUMNS`; None without that table."""

    def timeline(self, customer: str, *, limit: int) -> list[dict[str, Any]]:
        """The newest rows of one of the customers of the last `rows`, the latest known first."""

    def close(self) -> None:
        """Give back what it holds."""


class TableRows:
    """The customers of a table without dates, as the batch has them."""

    def __init__(self, matrix: Path) -> None:
        self._rows = matrices.read(matrix, matrices.SCORE)
        self._places = pd.Index(self._rows["customer_id"].to_pylist())

    def rows(self, customers: Sequence[str], received: Mapping[str, pa.Table], *, as_of: datetime) -> pa.Table:  # noqa: ARG002
        """Their rows, whatever the moment."""
        found = self._places.get_indexer(pd.Index(sorted(customers)))
        return self._rows.take(found[found >= 0]).drop_columns(["as_of", "value"])

    def joined(self, customers: Sequence[str]) -> Mapping[str, datetime | None]:
        """Those there are; of none is it known when they joined."""
        return {who: None for who in customers if who in self._places}

    def texts(self, since: datetime) -> pd.DataFrame | None:  # noqa: ARG002
        """There are none."""
        return None

    def timeline(self, customer: str, *, limit: int) -> list[dict[str, Any]]:  # noqa: ARG002
        """There is none."""
        return []

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Served:
    """What serves; since is when this version became the champion. batch is None for a table without dates.

    file and columns are the rules of warnings and what these may name; None where the spec has none.
    """

    champion: ServingChampion
    since: str
    rows: Rows
    batch: SortedTables | None
    until: datetime | None
    reader: tones.TextReader | None
    file: AlertFile | None
    columns: Columns
    listed: pd.DataFrame

    @cached_property
    def scorer(self) -> Any:
        """The champion's scorer."""
        return self.champion.model.unwrap_python_model().scorer

    @cached_property
    def _asked(self) -> list[str]:
        return model_versions.asked(self.champion.model)

    @cached_property
    def _named(self) -> pd.Index:
        return pd.Index(self._asked)

    @cached_property
    def _checks_types(self) -> bool:
        """Whether MLflow checks the rows of this version, as of those from before they checked their own."""
        return self.champion.model.metadata.get_input_schema() is not None

    def predict(self, rows: pd.DataFrame, *, reasons: int = 0) -> pd.DataFrame:
        """As `loading.predict`; of one row in half the time, without MLflow's way to the same code."""
        as_asked = rows.columns.equals(self._named)
        if self._checks_types or not (as_asked or all(name in rows.columns for name in self._asked)):
            return loading.predict(self.champion.model, rows, reasons=reasons)
        try:
            found: pd.DataFrame = self.scorer.score(rows if as_asked else rows[self._asked], reasons=reasons)
        except ValueError as error:
            raise ContractError(f"the registered model refuses the rows: {error}") from error
        return found

    @property
    def declared(self) -> Mapping[str, Table]:
        """The tables that events may belong to."""
        return self.batch.declared if self.batch else NO_TABLES

    def valued(self, rows: pa.Table, spec: ExperimentSpec, *, as_of: datetime) -> pd.DataFrame:
        """Rows of few customers as those of the batch are: with moment and value."""
        value = spec.value.column
        with_all: pd.DataFrame = with_value(rows, spec.value, rows[value] if value else None).to_pandas()
        return with_all.assign(as_of=pd.Series(as_of, index=with_all.index, dtype="datetime64[us]"))


def identity(spec: ExperimentSpec, workspace: Workspace) -> tuple[str, str]:
    """What tells one Served from another: the version that serves, the batch, and the rules of warnings."""
    standing, _ = ledger_writer.reading(spec.name, workspace.root).agreed()
    rules = [] if spec.alerts is None else [workspace.alerts / f"{spec.alerts}.yaml"]
    return str(standing.serving), "/".join(map(_changed, [*_made(workspace), *rules]))


def _made(workspace: Workspace) -> tuple[Path, ...]:
    """What a run writes last of tables, matrix and list."""
    return (
        workspace.tables / "about.json",
        workspace.matrix / "counts.json",
        workspace.ranked_list / "ranked_list.parquet",
    )


def _changed(path: Path) -> str:
    """When a file was changed; nothing where there is none, as while a run replaces it."""
    try:
        return str(path.stat().st_mtime_ns)
    except OSError:
        return ""


def read(spec: ExperimentSpec, workspace: Workspace) -> Served:
    """Load what serves. Raises MissingError without a champion or a batch, ContractError where one is broken."""
    champion = serving_champion.read(spec.name, workspace)
    if champion is None:
        raise ledger_writer.no_champion(spec.name)
    if not workspace.matrix.is_dir():
        raise MissingError(f"spec '{spec.name}' has no customers yet; run: python -m pipelines run {spec.name}")
    file: AlertFile | None = None
    columns: Columns = {}
    if spec.alerts is not None:
        file, columns, _ = backtest.checked(spec, workspace)
    batch, rows = _rows(spec, workspace)
    since = str(champion.standing.made_champion.body["decided_at"])
    until, reader = (batch.until if batch else None), _reader(workspace)
    return Served(champion, since, rows, batch, until, reader, file, columns, _listed(champion, workspace))


def _rows(spec: ExperimentSpec, workspace: Workspace) -> tuple[SortedTables | None, Rows]:
    if spec.observations is None:
        return None, TableRows(workspace.matrix)
    source, options = source_of(spec)
    folder = workspace.state / sorted_tables.FOLDER
    declared = with_arms(source.declare(options), spec)
    batch = sorted_tables.of_batch(workspace.tables, declared, folder=folder)
    sorted_tables.tidy(folder, keep=batch.path)
    kind, asked = plugin(labels, spec.label.kind, Label), spec.observations
    settings, days = LabelOptions(spec.label.table, spec.label.event, spec.label.active_days), spec.label

    def window(as_of: datetime) -> LabelWindow:
        return LabelWindow.after(as_of, lead_time_days=days.lead_time_days, horizon_days=days.horizon_days)

    chosen = features_for((), batch.declared, look_back_days=asked.look_back_days)
    with duckdb_engine.opened(workspace.tables, batch.declared) as engine:
        history = engine.history(batch.until, look_back_days=asked.look_back_days)
        engine.kept(among_others.OBSERVED, placed(labelling.observed(kind, history, window(batch.until), settings)))
        others = among_others.read(engine, chosen, look_back_days=asked.look_back_days, until=batch.until)
    features = among_others.placed(chosen, others)
    return batch, FewCustomers(batch, features, label=kind, options=settings, window=window, asked=asked)


def _reader(workspace: Workspace) -> tones.TextReader | None:
    if pinned.stored(workspace.reader) is None:
        return None
    return tones.TextReader(workspace.reader / pinned.READER)


def _listed(champion: ServingChampion, workspace: Workspace) -> pd.DataFrame:
    """The customers of the newest list: customer_id and churn_probability, by falling risk.

    They are scored anew where the list is of another version, or there is none.
    """
    names = ["customer_id", "churn_probability"]
    with suppress(FileNotFoundError, MissingError):
        listed = storage.read_parquet(
            workspace.ranked_list / "ranked_list.parquet", [*names, "model_version"]
        ).to_pandas()
        if len(listed) and (listed["model_version"].astype(str) == champion.version).all():
            return _by_risk(listed[names])
    rows = matrices.to_score(workspace.matrix)
    scored = loading.predict_in_parts(champion.model, rows)
    return _by_risk(pd.DataFrame({"customer_id": rows["customer_id"], names[1]: scored[names[1]].to_numpy()}))


def _by_risk(rows: pd.DataFrame) -> pd.DataFrame:
    order = np.lexsort((rows["customer_id"].to_numpy().astype(str), -rows["churn_probability"].to_numpy()))
    return rows.iloc[order].reset_index(drop=True)
