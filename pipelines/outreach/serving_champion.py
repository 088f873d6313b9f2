"""The version of a spec's champion that serves today, loaded once its files are verified."""

from dataclasses import dataclass
from typing import Any

from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class ServingChampion:
    """The loaded model, the number of its version, and the ledger by which it serves."""

    model: Any
    version: str
    standing: Standing
    reader: LedgerWriter


def read(spec: str, workspace: Workspace) -> ServingChampion | None:
    """The champion that serves; None where there is none. Raises ContractError where it is lost."""
    reader = ledger_writer.reading(spec, workspace.root)
    standing, _ = reader.agreed()
    if standing.serving is None:
        return None
    reader.check_champion(standing)
    found = model_versions.version(reader.client, spec, standing.serving)
    model = loading.predictor(spec, standing.serving, loading.seal_of(found, standing))
    return ServingChampion(model, standing.serving, standing, reader)
