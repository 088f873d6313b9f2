"""Build the feature rows: one partition per observation date, and one to score."""

from collections import Counter

import pyarrow.compute as pc

from experiments.spec import ExperimentSpec
from features.errors import DataError, SpecError
from features.matrix import with_categories
from pipelines import log, snapshots, storage
from pipelines.specs import source_of
from pipelines.workspace import Workspace


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Write the rows to learn from, the rows to score and the contract.

    Raises DataError when no observation is mature or all of them have the same outcome.
    """
    source, options = source_of(spec)
    declared = source.declare(options)
    counts: Counter[str] = Counter()
    partitions = snapshots.dated if source.dated else snapshots.undated
    with storage.replacing_folder(workspace.matrix) as folder:
        for partition in partitions(spec, workspace.tables, declared):
            storage.write_parquet(folder / partition.purpose / f"{partition.name}.parquet", partition.rows)
            counts.update(partition.counts)
        if not counts[snapshots.LEARN]:
            raise DataError(f"spec '{spec.name}': no observation is mature; the data end before a window closes.")
        rows = storage.read_parquet(folder / snapshots.LEARN)
        classes = pc.unique(rows["churned"]).to_pylist()
        if len(classes) < 2:
            raise DataError(f"spec '{spec.name}': the label has one class only, every row is {classes[0]:.0f}.")
        _check_slices(spec, rows.column_names)
        contract = with_categories(snapshots.columns(spec, declared), rows)
        storage.write_json(folder / "contract.json", contract.to_dict())
        storage.write_json(folder / "counts.json", dict(counts))
    log.done("build", spec.name, **counts)


def _check_slices(spec: ExperimentSpec, names: list[str]) -> None:
    """A slice of a column that is not there is found now, and not after the search."""
    if unknown := sorted({one.column for one in spec.evaluation.slices.values()} - set(names)):
        raise SpecError(f"spec '{spec.name}': evaluation.slices names {unknown}; the matrix has {sorted(names)}.")
