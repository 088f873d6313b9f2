"""The champion in the Python API: its version, its figures at promotion, and its predictions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.errors import MissingError
from pipelines.api import display
from pipelines.api.figures import COLUMNS
from pipelines.champion import ledger, ledger_table, ledger_writer, loading, model_versions
from pipelines.messages import masking
from pipelines.models.integrity import Seal
from pipelines.ruling import answers
from pipelines.ruling.champion_for import Claims
from pipelines.servers import addresses, databases, faults, mlflow_runs, probe

REGISTRY = "MLFLOW_REGISTRY_URI"
QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_LOGGING_LEVEL": "WARNING", **probe.PATIENCE}


@dataclass(frozen=True, repr=False)
class Champion:
    """A registered version. decided_at is when it became champion, in ISO 8601; verdict is that decision's.

    figures are those of that decision: a row each, with value, low, high (95 %) and standard_error; none where it was
    adopted without one. claims says what it was shown to be for; None where the ledger says nothing of it.
    """

    spec: str
    version: str
    verdict: str
    decided_at: str
    figures: pd.DataFrame
    claims: Claims | None
    root: Path
    seal: Seal

    def score(self, rows: pd.DataFrame, *, reasons: int = 0) -> pd.DataFrame:
        """churn_score, churn_probability and uplift_ACTION of each row, and that many reasons in reason_1 ...

        rows hold the model's columns by name. An uplift is an established one only where `claims.uplift` says so.
        Raises ContractError when a column is missing or a cell cannot be read, or when a file of the model was changed;
        MissingError when its files are gone.
        """
        return loading.predict(self._model, rows, reasons=reasons)

    @cached_property
    def _model(self) -> Any:
        with servers_of(self.root):
            mlflow_runs.use(self.root)
            return loading.predictor(self.spec, self.version, self.seal)

    def _lines(self) -> dict[str, str]:
        shown_to_be = self.claims.words if self.claims else "not written down"
        return {"decision": f"{self.verdict}, {self.decided_at}", "for": shown_to_be}

    def __repr__(self) -> str:
        return display.text(f"champion of {self.spec}: version {self.version}", self._lines(), self.figures)

    def _repr_html_(self) -> str:
        return display.html(f"champion of {self.spec}: version {self.version}", self._lines(), self.figures)


def champion_of(spec: str, root: Path) -> Champion:
    """The champion of a spec by ledger and registry; neither is created where it does not exist.

    Raises MissingError when there is no champion; StorageError, UsageError and ContractError as `score` does.
    """
    with servers_of(root):
        if not _has_ledger(root):
            raise MissingError(_none(spec, root))
        probe.answers(root, writes=False)
        reader = ledger_writer.reading(spec, root)
        standing, _ = reader.agreed()
        if standing.champion is None:
            raise MissingError(_none(spec, root))
        reader.check_champion(standing)
        version = model_versions.version(reader.client, spec, str(standing.serving))
        made, about = standing.made_champion.body, standing.about(standing.champion)
        figures = answers.shown_figures(about.body, about.body["figures"].get("challenger", {})) if about else {}
        return Champion(
            spec=spec,
            version=str(version.version),
            verdict=answers.verdict_of(made),
            decided_at=str(made["decided_at"]),
            figures=pd.DataFrame.from_dict(figures, orient="index").reindex(columns=COLUMNS).rename_axis("figure"),
            claims=standing.claims,
            root=root,
            seal=loading.seal_of(version, standing),
        )


def _none(spec: str, root: Path) -> str:
    where = masking.mask(addresses.tracking(root))
    return f"'{spec}' has no champion at {where}; run: python -m pipelines run {spec}"


def _has_ledger(root: Path) -> bool:
    """Whether registry and ledger exist: opening them would create them."""
    files = (databases.sqlite_path(where) for _, where in addresses.everything(root))
    if not all(file is None or file.exists() for file in files):
        return False
    engine = databases.engine(ledger.address(root))
    with databases.answering(engine):
        return bool(sa.inspect(engine).has_table(ledger_table.NAME))


@contextmanager
def servers_of(root: Path) -> Iterator[None]:
    """A block that turns server faults into StorageErrors and restores MLflow's tracking URI afterwards.

    MLflow writes where its functions point into the environment, where the next project would find it.
    """
    import mlflow

    before = {name: os.environ.get(name) for name in (addresses.TRACKING, REGISTRY, *QUIET)}
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    try:
        with faults.Translated(root), mlflow_runs.answering(root):
            yield
    finally:
        # None unsets them; what a call set stands in the environment as well.
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
        mlflow.set_registry_uri(None)  # type: ignore[arg-type]
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
