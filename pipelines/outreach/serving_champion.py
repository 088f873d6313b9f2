"""The version of a spec's champion that serves today, loaded once its files are verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.money.risk_levels import RiskCuts
from experiments.sections.score import ScoreSpec
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing
from pipelines.outreach import cuts_in_use
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class ServingChampion:
    """The loaded model, the number of its version, the ledger by which it serves, and the cuts of its levels."""

    model: Any
    version: str
    standing: Standing
    reader: LedgerWriter
    tags: Mapping[str, str]

    def cuts(self, asked: ScoreSpec) -> RiskCuts:
        """The cuts of risk levels in use."""
        return cuts_in_use.of_version(asked, self.tags)


def read(spec: str, workspace: Workspace) -> ServingChampion | None:
    """The champion that serves; None where there is none. Raises ContractError where it is lost."""
    reader = ledger_writer.reading(spec, workspace.root)
    standing, _ = reader.agreed()
    if standing.serving is None:
        return None
    reader.check_champion(standing)
    found = model_versions.version(reader.client, spec, standing.serving)
    model = loading.predictor(spec, standing.serving, loading.seal_of(found, standing))
    return ServingChampion(model, standing.serving, standing, reader, found.tags)
