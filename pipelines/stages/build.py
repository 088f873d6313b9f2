"""Build the feature rows, one partition per date and theme; unchanged partitions are reused.

writes: data/matrix/SPEC, the rows to learn from (learn/), the rows to score (score/), and the contract
writes: state/SPEC/partitions.json, what each part was built from
codes: 5
example: python -m pipelines build demo
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from experiments.money import limits
from experiments.sections.features import HasFeatures
from experiments.sections.observations import HasObservations
from features.catalog import features_for
from features.errors import DataError
from features.feature import FeatureColumn
from features.matrix import with_categories
from features.schema import Table
from pipelines.files import storage
from pipelines.matrix import enough, matrices, undated
from pipelines.matrix.enough_dates import check_dates
from pipelines.matrix.partitions import Shelf
from pipelines.messages import log
from pipelines.specs import levels_of_segments, references
from pipelines.specs.options import Sourced, source_of
from pipelines.workspace import Workspace


class _Observed(HasObservations, HasFeatures, undated.Tabled, Protocol):
    """A spec as far as it selects feature columns."""


class Built(Sourced, _Observed, references.Referring, enough.HasGateSizes, Protocol):
    """A spec as far as the stage reads it."""


def run(spec: Built, workspace: Workspace) -> None:
    """Write the training rows, the rows to score and the contract.

    Raises DataError when no observation is mature, nobody is observed, or rows and columns are too few for the spec.
    """
    write(spec, workspace)


def write(spec: Built, workspace: Workspace, *, must_be_enough: bool = True) -> None:
    """What `run` does; unless it must be enough, rows too few to learn from are built, to look at the build itself."""
    source, options = source_of(spec)
    declared = source.declare(options)
    counts: Counter[str] = Counter()
    extracted_at = storage.read_json(workspace.tables / "about.json")["extracted_at"]
    if spec.observations is not None:
        every = features_for((), declared, look_back_days=spec.observations.look_back_days)
        references.check(spec, references.KnownColumns({one.column.name: one.column.type == "number" for one in every}))
    if extracted_at and must_be_enough:
        check_dates(spec, datetime.fromisoformat(extracted_at))
    with storage.replacing_folder(workspace.matrix) as folder:
        shelf = Shelf(workspace.matrix, folder, workspace.partitions)
        for counted in _partitions(spec, workspace.tables, declared, shelf=shelf, extracted_at=extracted_at):
            counts.update(counted)
        if not counts[matrices.LEARN]:
            raise DataError(
                f"spec '{spec.name}': the label '{spec.label.kind}' observes nobody; check the section label."
            )
        outcomes = _outcomes(spec, declared)
        found = _checked_rows(spec, folder, [one["column"] for one in outcomes]) if must_be_enough else None
        enough.check_slices(spec, matrices.Columns(folder, matrices.LEARN, matrices.names(folder, matrices.LEARN)))
        columns = _columns(spec, declared)
        enough.check_columns(spec, matrices.Columns(folder, matrices.LEARN, [column.name for column in columns]))
        categories = [column.name for column in columns if column.type == "category"]
        contract = with_categories(columns, matrices.read(folder, matrices.LEARN, categories))
        levels_of_segments.check(spec, contract)
        storage.write_json(folder / "contract.json", contract.to_dict())
        storage.write_json(folder / "counts.json", dict(counts))
        storage.write_json(folder / "outcomes.json", outcomes)
    shelf.close()
    rates = {spec.label.bad: found.rows, "in the gate cohort": found.in_gate} if found else {}
    if found and found.remark:
        log.note(f"build: {found.remark}")
    log.done("build", spec.name, **counts, **rates, partitions_built=shelf.built, partitions_kept=len(shelf.kept))


def _partitions(
    spec: Built, tables: Path, declared: Mapping[str, Table], *, shelf: Shelf, extracted_at: str | None
) -> Iterator[Mapping[str, int]]:
    if extracted_at is None:
        return undated.undated(spec, tables, declared=declared, shelf=shelf)
    from pipelines.matrix import dated  # not at the top: a table without dates needs no engine

    return dated.dated(spec, tables, declared=declared, end=datetime.fromisoformat(extracted_at), shelf=shelf)


def _columns(spec: _Observed, declared: Mapping[str, Table]) -> tuple[FeatureColumn, ...]:
    """The feature columns: those of the spec's themes, or those that its table declares."""
    if spec.observations is None:
        return undated.columns(spec, declared)
    chosen = features_for(spec.features, declared, look_back_days=spec.observations.look_back_days)
    return tuple(feature.column for feature in chosen)


def _outcomes(spec: _Observed, declared: Mapping[str, Table]) -> list[dict[str, Any]]:
    """Further outcomes beside the label; sources with dates have none."""
    found = undated.outcomes(spec, declared) if spec.observations is None else ()
    return [{"column": one.name, "meaning": one.meaning, "unit": one.unit} for one in found]


def _checked_rows(spec: Built, folder: Path, outcomes: list[str]) -> enough.Counted:
    rows = matrices.read(folder, matrices.LEARN, [*enough.NEEDED, *outcomes, *spec.policy.columns]).to_pandas()
    limits.open_to(rows, spec.policy, spec.actions)
    counted = enough.check_rows(spec, rows)
    enough.check_outcomes(spec, rows, outcomes)
    return counted
