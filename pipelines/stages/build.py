"""Build the feature rows: a partition for each date and theme; what nothing has changed is kept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from experiments.spec import ExperimentSpec
from features.catalog import features_for
from features.errors import DataError, SpecError
from features.feature import FeatureColumn
from features.matrix import with_categories
from features.schema import Table
from features.tables import CONTROL, LEFT_IN_GAP
from pipelines import enough, flat, log, matrices, snapshots, storage
from pipelines.partitions import Shelf
from pipelines.specs import source_of
from pipelines.workspace import Workspace


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Write the rows to learn from, the rows to score and the contract.

    Raises DataError when no observation is mature, nobody is observed, or rows and columns are too few for the spec.
    """
    write(spec, workspace)


def write(spec: ExperimentSpec, workspace: Workspace, *, must_be_enough: bool = True) -> None:
    """What `run` does; unless it must be enough, rows too few to learn from are built, to look at the build itself."""
    source, options = source_of(spec)
    declared = source.declare(options)
    counts: Counter[str] = Counter()
    extracted_at = storage.read_json(workspace.tables / "about.json")["extracted_at"]
    if extracted_at and must_be_enough:
        enough.check_dates(spec, datetime.fromisoformat(extracted_at))
    with storage.replacing_folder(workspace.matrix) as folder:
        shelf = Shelf(workspace.matrix, folder, workspace.partitions)
        for counted in _partitions(spec, workspace.tables, declared, shelf=shelf, extracted_at=extracted_at):
            counts.update(counted)
        if not counts[matrices.LEARN]:
            raise DataError(f"spec '{spec.name}': the label '{spec.label.kind}' observes nobody; is its section right?")
        outcomes = _outcomes(spec, declared)
        found = _checked_rows(spec, folder, [one["column"] for one in outcomes]) if must_be_enough else None
        _check_columns(spec, matrices.names(folder, matrices.LEARN))
        columns = _columns(spec, declared)
        enough.check_columns(spec, matrices.Columns(folder, matrices.LEARN, [column.name for column in columns]))
        categories = [column.name for column in columns if column.type == "category"]
        contract = with_categories(columns, matrices.read(folder, matrices.LEARN, categories))
        storage.write_json(folder / "contract.json", contract.to_dict())
        storage.write_json(folder / "counts.json", dict(counts))
        storage.write_json(folder / "outcomes.json", outcomes)
    shelf.close()
    rates = {spec.label.bad: found.rows, "in the gate cohort": found.in_gate} if found else {}
    if found and found.remark:
        log.note(f"build: {found.remark}")
    log.done("build", spec.name, **counts, **rates, partitions_built=shelf.built, partitions_kept=len(shelf.kept))


def _partitions(
    spec: ExperimentSpec, tables: Path, declared: Mapping[str, Table], *, shelf: Shelf, extracted_at: str | None
) -> Iterator[Mapping[str, int]]:
    if extracted_at is None:
        return flat.undated(spec, tables, declared=declared, shelf=shelf)
    return snapshots.dated(spec, tables, declared=declared, end=datetime.fromisoformat(extracted_at), shelf=shelf)


def _columns(spec: ExperimentSpec, declared: Mapping[str, Table]) -> tuple[FeatureColumn, ...]:
    """The columns to learn from: those of the spec's themes, or those that its table declares."""
    if spec.observations is None:
        return flat.columns(spec, declared)
    chosen = features_for(spec.features, declared, look_back_days=spec.observations.look_back_days)
    return tuple(feature.column for feature in chosen)


def _outcomes(spec: ExperimentSpec, declared: Mapping[str, Table]) -> list[dict[str, Any]]:
    """What else was measured after the actions; where there are dates, the label alone is."""
    found = flat.outcomes(spec, declared) if spec.observations is None else ()
    return [{"column": one.name, "meaning": one.meaning, "unit": one.unit} for one in found]


def _checked_rows(spec: ExperimentSpec, folder: Path, outcomes: list[str]) -> enough.Counted:
    rows = matrices.read(folder, matrices.LEARN, [*enough.NEEDED, *outcomes]).to_pandas()
    counted = enough.check_rows(spec, rows)
    enough.check_outcomes(spec, rows, outcomes)
    return counted


def _taken(spec: ExperimentSpec) -> set[str]:
    """The names of columns that later stages put beside the features."""
    of_arms = {f"{kind}_{arm}" for kind in ("uplift", "mu") for arm in (CONTROL, *spec.actions)}
    return {"row", "churn_score", "churn_probability", *of_arms}


def _check_columns(spec: ExperimentSpec, names: list[str]) -> None:
    """A column of a slice, a simple score or the policy that is not there is found now, and not after the search."""
    if taken := sorted(set(names) & (_taken(spec) | ({LEFT_IN_GAP} if spec.observations is None else set()))):
        raise SpecError(f"spec '{spec.name}': columns {taken} have names that scores are written under; rename them.")
    wanted = {"evaluation": {one.column for one in spec.evaluation.slices.values()}, "policy": set(spec.policy.columns)}
    wanted["evaluation"] |= {column for one in spec.evaluation.floors.values() for column in one.columns}
    for section, columns in wanted.items():
        if unknown := sorted(columns - set(names)):
            raise SpecError(f"spec '{spec.name}': {section} names {unknown}; the matrix has {sorted(names)}.")
