"""The models that a gate compares, and the rows it may judge on: none that a model was trained on."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments.evaluation.cohort import Cohort, Mask
from experiments.evaluation.model_figures import Predictions
from experiments.spec import ExperimentSpec
from features.errors import ContractError, MissingError
from pipelines.champion import loading
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.models import portable
from pipelines.models.provenance import recipe
from pipelines.reporting import effects
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.evidence import Mode
from pipelines.workspace import Workspace

TRAINING = "training.parquet"
NEWER = "newer data"


@dataclass(frozen=True)
class Contest:
    """A challenger, its opponent, and the rows that judge them.

    ledger is what it says so far; anchor the last champion that was shown to be better, None where the champion is that
    one or there is none. faults are those of the challenger. everything holds the gate cohort, unseen the rows of it
    that neither champion nor anchor has learnt from, and is_known says whether it is known what the champion learnt
    from.
    """

    spec: ExperimentSpec
    workspace: Workspace
    ledger: Standing
    challenger: ModelVersion
    champion: ModelVersion | None
    anchor: ModelVersion | None
    faults: tuple[str, ...]
    everything: pd.DataFrame
    unseen: pd.DataFrame
    is_known: bool = True

    @classmethod
    def of(
        cls,
        spec: ExperimentSpec,
        workspace: Workspace,
        *,
        version: ModelVersion,
        ledger: Standing,
        champion: ModelVersion | None = None,
        anchor: ModelVersion | None = None,
    ) -> "Contest":
        """The challenger of this version on the gate rows of its evaluation."""
        rows = storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
        faults = tuple(_faults_of_challenger(spec, rows, version, ledger))
        seen, is_known = np.zeros(len(rows), dtype=np.bool_), True
        if champion:
            known = _seen_by(champion, rows)
            is_known = known is not None
            seen |= True if known is None else known
        if anchor:
            known = _seen_by(anchor, rows)
            anchor, seen = (anchor, seen | known) if known is not None else (None, seen)
        unseen = rows[~seen].reset_index(drop=True)
        return cls(spec, workspace, ledger, version, champion, anchor, faults, rows, unseen, is_known)

    @cached_property
    def cohort(self) -> Cohort:
        """The rows that judge."""
        matrix = self.workspace.matrix
        in_file = None if self.spec.label.prior is None else matrices.churned_share(matrix)
        return Cohort(self.unseen, self.spec, matrices.listed(matrix), in_file)

    @cached_property
    def is_randomised(self) -> bool:
        """Whether the trial was found to be randomised."""
        return effects.is_randomised(storage.read_json(self.workspace.evaluation / "report.json"))

    @property
    def mode(self) -> Mode:
        """What the challenger would become."""
        if self.champion is None:
            return Mode.FIRST
        return Mode.REFRESH if self.champion.tags.get("recipe") == recipe(self.spec) else Mode.REPLACE

    @property
    def renewed(self) -> str:
        """What a challenger with the champion's own recipe was trained on: newer data, changed data or the same."""
        if self.champion is None:
            return NEWER
        new, old = self.challenger.tags, self.champion.tags
        if new.get("trained_until", "") > old.get("trained_until", ""):
            return NEWER
        same = new.get("data_hash") == old.get("data_hash")
        return "the same data, by other code or libraries" if same else "changed data"

    @property
    def seen_rows(self) -> int:
        """How many of the judged rows the challenger was trained on; all rows where none are left."""
        if self.unseen.empty:
            return len(self.everything)
        return int(_among(self.unseen, self.workspace.model / TRAINING).sum())

    @property
    def forgotten(self) -> str:
        """Why all rows count as seen: the record of the champion's training rows is lost; empty where it is not."""
        champion = self.champion
        if champion is None or self.is_known:
            return ""
        return (
            f"which rows version {champion.version}, the champion, learnt from is lost with {TRAINING} of its run"
            f" {champion.run_id} in MLflow, so all count as seen; bring that run back, or let a person say"
            f" `python -m pipelines promote {self.spec.name} --force --reason TEXT`"
        )

    @cached_property
    def floor(self) -> Predictions:
        """The prior model, which contacts nobody."""
        found = Predictions.of(portable.scorer(self.workspace.model / "floor").score(self.unseen), ())
        return found.knowing(self.cohort.actions)

    @property
    def recorded(self) -> Claims | None:
        """What the champion is used for by the ledger; None where it does not say."""
        return self.ledger.claims

    def predictions(self, model: ModelVersion) -> tuple[Predictions | None, str]:
        """What a version says of the rows, or why it says nothing."""
        found, fault = _predictions(self.spec, self.unseen, model, self.ledger)
        return (found.knowing(self.cohort.actions), "") if found else (None, fault)


def _predictions(
    spec: ExperimentSpec, rows: pd.DataFrame, model: ModelVersion, ledger: Standing
) -> tuple[Predictions | None, str]:
    """A registered version's predictions for the rows, or why there are none."""
    version = str(model.version)
    try:
        loaded = loading.predictor(spec.name, version, loading.seal_of(model, ledger))
        return Predictions.of(loading.predict(loaded, rows), spec.actions), ""
    except (ContractError, MissingError, MlflowException, KeyError) as error:
        return None, f"version {version} does not predict: {str(error).splitlines()[0]}"


def _faults_of_challenger(spec: ExperimentSpec, rows: pd.DataFrame, model: ModelVersion, ledger: Standing) -> list[str]:
    found, fault = _predictions(spec, rows, model, ledger)
    if found is None:
        return [fault]
    evaluated = Predictions.of(rows, spec.actions)
    pairs = [(found.score, evaluated.score), (found.probability, evaluated.probability)]
    pairs += [(found.uplift[action], effect) for action, effect in evaluated.uplift.items()]
    if not all(np.array_equal(one, other) for one, other in pairs):
        return [f"version {model.version} predicts other numbers than were evaluated"]
    return []


def _among(rows: pd.DataFrame, training: Path) -> Mask:
    """Which rows of the gate cohort are among given training rows."""
    known = pd.read_parquet(training)["row"]
    found: Mask = np.isin(rows["row"].to_numpy(), known.to_numpy())
    return found


def _seen_by(model: ModelVersion, rows: pd.DataFrame) -> Mask | None:
    """Which rows a model has seen: trained on, or dated before its last outcome; None where that record is lost.

    Where its run is gone the date alone tells, for it learnt from no row of a later one.
    """
    until = model.tags.get("trained_until", "")
    early: Mask = (rows["as_of"] < pd.Timestamp(until)).to_numpy() if until else np.zeros(len(rows), dtype=np.bool_)
    path = loading.fetched(TRAINING, run_id=model.run_id) if model.run_id else None
    if path is None:
        return early if until else None
    return _among(rows, path) | early
