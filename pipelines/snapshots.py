"""The partitions of the matrix: for sources with dates one for each observation date, for a table one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from experiments.spec import ExperimentSpec, ValueSpec
from features import labels
from features.catalog import features_for
from features.errors import DataError, SpecError
from features.feature import Feature, FeatureColumn
from features.label import Label, LabelWindow
from features.matrix import check_arms, labelled, snapshot
from features.observations import observation_dates
from features.plugins import plugin
from features.schema import Table
from pipelines import engine, log, storage

LEARN, SCORE = "learn", "score"


@dataclass(frozen=True)
class Snapshot:
    """One partition: its purpose (learn or score), its name, its rows, and what was counted on the way."""

    purpose: str
    name: str
    rows: pa.Table
    counts: Mapping[str, int] = field(default_factory=dict)


def columns(spec: ExperimentSpec, declared: Mapping[str, Table]) -> tuple[FeatureColumn, ...]:
    """The feature columns of a spec: of its themes, or those that its table declares."""
    if spec.observations is not None:
        return tuple(feature.column for feature in features_for(spec.features, declared))
    left_out = {"customer_id", "arm", "probability", spec.label.column}
    return tuple(
        FeatureColumn(
            column.name,
            column.meaning,
            column.unit,
            "category" if column.type in ("category", "text") else "number",
            column.minimum,
            column.maximum,
            column.values,
        )
        for column in declared["customers"].columns
        if column.name not in left_out
    )


def dated(spec: ExperimentSpec, folder: Path, declared: Mapping[str, Table]) -> Iterator[Snapshot]:
    """The newest date to score, then each mature observation date to learn from."""
    if spec.observations is None:
        raise SpecError(f"spec '{spec.name}' has no observations.")
    end = datetime.fromisoformat(storage.read_json(folder / "about.json")["extracted_at"])
    dates = observation_dates(spec.observations.first, every_months=spec.observations.every_months, data_end=end)
    mature = [window for window in (_window(spec, as_of) for as_of in dates) if window.is_mature(end)]
    with engine.opened(folder, declared) as opened:
        # All that the data allow, whatever the spec learns from: a champion of other features is judged on these rows.
        features = features_for((), opened.declared)
        newest = opened.history(end, look_back_days=spec.observations.look_back_days)
        rows = with_value(opened.rows(snapshot(newest, features).order_by("customer_id")), spec.value)
        counts = {SCORE: rows.num_rows, "immature_dates": len(dates) - len(mature)}
        yield Snapshot(SCORE, f"as_of={end:%Y-%m-%d}", rows, counts)
        for window in log.track(mature, "build", unit="date"):
            yield _learnt(spec, opened, features, window)


def _window(spec: ExperimentSpec, as_of: datetime) -> LabelWindow:
    return LabelWindow.after(as_of, lead_time_days=spec.label.lead_time_days, horizon_days=spec.label.horizon_days)


def _learnt(
    spec: ExperimentSpec, opened: engine.Engine, features: tuple[Feature, ...], window: LabelWindow
) -> Snapshot:
    happened_at = plugin(labels, spec.label.kind, Label).happened_at
    if happened_at is None or spec.observations is None:
        raise SpecError(f"spec '{spec.name}': label '{spec.label.kind}' is for tables without dates.")
    history = opened.history(window.as_of, look_back_days=spec.observations.look_back_days)
    expression = labelled(
        snapshot(history, features), happened=happened_at(opened.tables, window), tables=opened.tables, window=window
    )
    rows = opened.rows(expression)
    check_arms(rows, spec.treatment.arms if spec.treatment else ())
    kept = with_value(rows.filter(pc.invert(rows["in_gap"])).drop_columns(["in_gap"]), spec.value)
    counts = {LEARN: kept.num_rows, "left_in_the_gap": rows.num_rows - kept.num_rows}
    return Snapshot(LEARN, f"as_of={window.as_of:%Y-%m-%d}", kept, counts)


def undated(spec: ExperimentSpec, folder: Path, declared: Mapping[str, Table]) -> Iterator[Snapshot]:
    """The whole table to learn from, and those of it who are to be scored."""
    table = storage.read_parquet(folder / "customers")
    size = table.num_rows
    plain = {
        "customer_id": table["customer_id"],
        "as_of": pa.nulls(size, pa.timestamp("us")),
        "churned": _churned(table, spec),
        "arm": table["arm"] if "arm" in table.column_names else pa.nulls(size, pa.string()),
        "probability": table["probability"] if "arm" in table.column_names else pa.nulls(size, pa.float64()),
    }
    for column in columns(spec, declared):
        plain[column.name] = table[column.name].cast(pa.string() if column.type == "category" else pa.float64())
    rows = with_value(pa.table(plain), spec.value)
    yield Snapshot(LEARN, "all", rows, {LEARN: size})
    shown = rows.filter(pc.equal(rows["churned"], 0.0)) if spec.label.leavers_are_gone else rows
    yield Snapshot(SCORE, "all", shown.drop_columns(["churned", "arm", "probability"]), {SCORE: shown.num_rows})


def _churned(table: pa.Table, spec: ExperimentSpec) -> pa.Array:
    label = spec.label
    texts = table[label.column].cast(pa.string()).combine_chunks()
    known = pc.is_in(texts, pa.array([label.churned, label.retained], pa.string()))
    if not pc.all(known).as_py():
        strange = pc.unique(texts.filter(pc.invert(known))).to_pylist()[:5]
        raise DataError(
            f"label column '{label.column}' holds {strange}, neither '{label.churned}' nor '{label.retained}'."
        )
    return pc.equal(texts, label.churned).cast(pa.float64())


def with_value(rows: pa.Table, value: ValueSpec) -> pa.Table:
    """The rows with `value`: what a good outcome of this customer is worth. Raises SpecError for an unknown column."""
    if value.column is None:
        return rows.append_column("value", pa.array([value.constant] * rows.num_rows, pa.float64()))
    if value.column not in rows.column_names:
        raise SpecError(f"value.column '{value.column}' is no column of the matrix; it has {rows.column_names}.")
    worth = pc.multiply(pc.cast(rows[value.column], pa.float64()), value.constant)
    return rows.append_column("value", pc.fill_null(worth, 0.0))
