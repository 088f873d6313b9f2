"""Building the matrix of a source with dates: one partition per date and theme, and the outcomes."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Protocol

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from experiments.rows.gate_dates import judging_dates
from experiments.sections.label import HasLabel
from experiments.sections.observations import HasObservations, ObservationSpec
from experiments.sections.section import HasName
from experiments.sections.split import HasSplit
from experiments.sections.treatment import HasTreatment
from experiments.sections.value import HasValue
from features import catalog, definitions, feature, hindsight, history, label, labelling, labels, matrix
from features.catalog import by_theme, features_for
from features.errors import DataError, SpecError
from features.feature import Feature
from features.label import Label, LabelOptions, LabelWindow
from features.matrix import check_arms, labelled, placed, spread
from features.observations import observation_dates
from features.plugins import plugin
from features.schema import Table
from features.tables import LEFT_IN_GAP, PLACE
from pipelines.matrix import duckdb_engine, matrices, spark_engine
from pipelines.matrix.customer_value import with_value
from pipelines.matrix.matrices import FROZEN, LEARN, SCORE, THEMES, beside
from pipelines.matrix.partitions import KnownParts, Shelf, key
from pipelines.messages import log

Themes = Mapping[str, tuple[Feature, ...]]
Counted = Mapping[str, int]

# What opens the engine that a spec asks for.
ENGINES = {"duckdb": duckdb_engine.opened, "spark": spark_engine.opened}
# How many days before the horizon opens the features are frozen, to see how early they know.
FROZEN_DAYS = (0, 14, 30, 60, 90)
# The code that every partition depends on, beside that of its own theme.
SHARED: tuple[ModuleType, ...] = (catalog, feature, hindsight, history, label, labelling, matrix, duckdb_engine)


class Observing(HasName, HasLabel, HasObservations, HasTreatment, HasValue, HasSplit, Protocol):
    """A spec as far as the matrix of dated data depends on it."""


@dataclass(frozen=True)
class Build:
    """The shared state of one build of a dated spec."""

    spec: Observing
    asked: ObservationSpec
    label: Label
    opened: duckdb_engine.Engine
    themes: Themes
    known: KnownParts
    shelf: Shelf
    code: Mapping[str, list[str]]

    @property
    def options(self) -> LabelOptions:
        """The label settings of the spec."""
        return LabelOptions(self.spec.label.table, self.spec.label.event, self.spec.label.active_days)

    def window(self, as_of: datetime) -> LabelWindow:
        """The window of the label after an observation."""
        days = self.spec.label
        return LabelWindow.after(as_of, lead_time_days=days.lead_time_days, horizon_days=days.horizon_days)

    def observed(self, as_of: datetime) -> ir.Table:
        """The customers observed at a date, with their index in every partition; DataError for duplicates."""
        history, window = self.opened.history(as_of, look_back_days=self.asked.look_back_days), self.window(as_of)
        found = placed(labelling.observed(self.label, history, window, self.options))
        kept = self.opened.kept("observed", found)
        labelling.check_observed(self.label, self.opened.rows(kept.order_by(PLACE)), window)
        return kept

    def features(self, features: Collection[Feature], *, as_of: datetime, observed: ir.Table) -> pa.Table:
        """The features of the observed customers as known at a date, in index order."""
        named, size, days = (
            {one.column.name: one for one in features},
            self.opened.size(observed),
            self.asked.look_back_days,
        )
        found = self.opened.snapshot(features, as_of=as_of, look_back_days=days, observed=observed)
        return beside(spread(rows, size, named) for rows in found)

    def key(self, theme: str, as_of: datetime, *, seen_at: datetime) -> str:
        """A hash of everything that a partition depends on: code, label, columns and data."""
        columns = [one.column.name for one in self.themes[theme]]
        asked = [self.spec.label.model_dump(), self.asked.look_back_days, as_of, seen_at, columns]
        return key(self.code[theme], asked, self.known.before(max(as_of, seen_at)))


def dated(
    spec: Observing, folder: Path, *, declared: Mapping[str, Table], end: datetime, shelf: Shelf
) -> Iterator[Counted]:
    """Build the newest date for scoring, then each mature date for training; gives row counts.

    Raises DataError when there is no mature date.
    """
    kind = plugin(labels, spec.label.kind, Label)
    if spec.observations is None or kind.dated is None:
        raise SpecError(f"spec '{spec.name}': its source has dates; it needs observations and a label that reads them.")
    dates = observation_dates(spec.observations.first, every_months=spec.observations.every_months, data_end=end)
    with ENGINES[spec.observations.engine](folder, declared) as opened:
        # All that the data allow, whatever the spec learns from: a champion of other features is judged on these rows.
        look_back = spec.observations.look_back_days
        themes = by_theme(features_for((), opened.known_today.declared, look_back_days=look_back))
        code = {theme: _code(theme, spec.label.kind) for theme in themes}
        build = Build(spec, spec.observations, kind, opened, themes, KnownParts.of(folder), shelf, code)
        mature = [as_of for as_of in dates if build.window(as_of).is_mature(end)]
        if not mature:
            raise DataError(f"spec '{spec.name}': no observation is mature; the data end before a window closes.")
        yield {"immature_dates": len(dates) - len(mature)}
        gate = mature[-_judging(spec, mature) :] if spec.split.kind == "time" else []
        work = [partial(_to_score, as_of=end)]
        work += [partial(_to_learn, as_of=as_of, freeze=as_of in gate) for as_of in mature]
        yield from log.track(_at_once(build, work), "build", unit="date", total=len(work))


def _judging(spec: Observing, mature: Sequence[datetime]) -> int:
    days = timedelta(days=spec.label.lead_time_days + spec.label.horizon_days)
    return judging_dates(np.array(mature, dtype="datetime64[us]"), spec.split, days)


def _code(theme: str, label_kind: str) -> list[str]:
    """The modules that a theme's partition depends on."""
    own = [f"{definitions.__name__}.{theme}", f"{labels.__name__}.{label_kind}"]
    return [inspect.getsource(module) for module in (*SHARED, *map(import_module, own))]


def _at_once(build: Build, work: Sequence[Callable[[Build], Counted]]) -> Iterator[Counted]:
    """The counts of each task, in order; as many run at a time as there are engines."""
    engines = build.opened.several()
    free: SimpleQueue[duckdb_engine.Engine] = SimpleQueue()
    for opened in engines:
        free.put(opened)

    def done(piece: Callable[[Build], Counted]) -> Counted:
        taken = free.get()
        try:
            return piece(replace(build, opened=taken))
        finally:
            free.put(taken)

    if len(engines) == 1:
        yield from map(done, work)
        return
    with ThreadPoolExecutor(len(engines)) as pool:
        pieces = [pool.submit(done, piece) for piece in work]
        try:
            for one in pieces:
                yield one.result()
        finally:  # who stops it does not wait for the dates that are begun
            begun = [one for one in pieces if not one.cancel()]
            while wait(begun, timeout=0.1).not_done:
                for opened in engines:
                    opened.stop()


def _to_score(build: Build, *, as_of: datetime) -> Counted:
    observed = build.observed(as_of)
    _build_themes(build, as_of, observed)
    rows = build.opened.rows(observed.mutate(as_of=ibis.literal(as_of, type="timestamp")).order_by(PLACE))
    build.shelf.write(f"{SCORE}/{_name(as_of)}", _valued(build, rows, as_of))
    return {SCORE: rows.num_rows}


def _to_learn(build: Build, *, as_of: datetime, freeze: bool) -> Counted:
    observed, window = build.observed(as_of), build.window(as_of)
    _build_themes(build, as_of, observed)
    happened = labelling.happened_at(build.label, build.opened.known_today, window, build.options)
    rows = build.opened.rows(labelled(observed, happened=happened, known_today=build.opened.known_today, window=window))
    labelling.check_outcomes(build.label, rows, window)
    check_arms(rows, build.spec.treatment.arms if build.spec.treatment else ())
    build.shelf.write(f"{LEARN}/{_name(as_of)}", _valued(build, rows, as_of))
    for days in FROZEN_DAYS if freeze else ():
        _freeze(build, as_of, observed, days=days)
    in_gap = pc.sum(rows[LEFT_IN_GAP]).as_py() or 0
    return {LEARN: rows.num_rows - in_gap, "left_in_the_gap": in_gap}


def _build_themes(build: Build, as_of: datetime, observed: ir.Table) -> None:
    """Reuse the unchanged partitions of a date, and compute the others in one pass over the tables."""
    names = {theme: f"{THEMES}/{theme}/{_name(as_of)}" for theme in build.themes}
    keys = {theme: build.key(theme, as_of, seen_at=as_of) for theme in build.themes}
    missing = [theme for theme in build.themes if not build.shelf.keeps(names[theme], keys[theme])]
    if missing:
        rows = build.features([one for theme in missing for one in build.themes[theme]], as_of=as_of, observed=observed)
        for theme in missing:
            columns = [one.column.name for one in build.themes[theme]]
            build.shelf.put(names[theme], keys[theme], rows.select(columns))


def _freeze(build: Build, as_of: datetime, observed: ir.Table, *, days: int) -> None:
    """The features of a date's customers, as known `days` before the horizon opens."""
    seen_at, name = build.window(as_of).opens - timedelta(days=days), f"{FROZEN}/days={days}/{_name(as_of)}"
    found = key([build.key(theme, as_of, seen_at=seen_at) for theme in build.themes])
    if not build.shelf.keeps(name, found):
        every = [one for features in build.themes.values() for one in features]
        build.shelf.put(name, found, build.features(every, as_of=seen_at, observed=observed))


def _valued(build: Build, rows: pa.Table, as_of: datetime) -> pa.Table:
    value = build.spec.value
    column = matrices.column(build.shelf.new, _name(as_of), value.column) if value.column else None
    return with_value(rows, value, column.take(rows[PLACE]) if column else None)


def _name(as_of: datetime) -> str:
    return f"as_of={as_of:%Y-%m-%d}.parquet"
