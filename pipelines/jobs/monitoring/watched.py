"""The champion that is watched: the judged version, its reference, and what its gate measured."""

from dataclasses import dataclass
from typing import Any

from experiments.evaluation.monitoring.reference import Reference
from experiments.spec import ExperimentSpec
from features.errors import MissingError
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.files import storage
from pipelines.learning import reference
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Watched:
    """The loaded model, its version, its reference, the end of its last training window, and its report.

    Where the champion was fitted again on all rows, it is the judged version: of that one something was promised.
    serving is the version that answers for it.
    """

    model: Any
    version: str
    serving: str
    reference: Reference
    trained_until: str
    report: dict[str, Any]


def read(spec: ExperimentSpec, workspace: Workspace) -> Watched:
    """The champion. Raises MissingError where there is none, or where no reference of it was kept."""
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    if standing.champion is None:
        raise ledger_writer.no_champion(spec.name)
    reader.check_champion(standing)
    found = model_versions.version(reader.client, spec.name, standing.champion)
    known = _reference(spec, workspace, found)
    model = loading.predictor(spec.name, standing.champion, loading.seal_of(found, standing))
    report = loading.fetched(model_versions.REPORT, run_id=str(found.run_id)) if found.run_id else None
    until = str(found.tags.get("trained_until", ""))
    promised = storage.read_json(report) if report else {}
    return Watched(model, standing.champion, str(standing.serving), known, until, promised)


def _reference(spec: ExperimentSpec, workspace: Workspace, found: Any) -> Reference:
    """What was kept with the version; of one of before, made from the workspace where that still holds it."""
    kept = loading.fetched(reference.REFERENCE, run_id=str(found.run_id)) if found.run_id else None
    if kept is not None:
        return Reference.from_dict(storage.read_json(kept))
    there = storage.read_receipt(workspace.registration)
    if there and there.get("version") == str(found.version) and (workspace.evaluation / "gate.parquet").exists():
        return reference.made(spec, workspace)
    raise MissingError(
        f"version {found.version} of '{spec.name}' has no {reference.REFERENCE}: it was registered before champions"
        f" kept the distributions they learned from. The next champion will; run: python -m pipelines run {spec.name}"
    )
