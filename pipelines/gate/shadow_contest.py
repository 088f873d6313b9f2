"""A version that shadowed against the champion, on the customers that both had scored, by what came true of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.spec import ExperimentSpec
from features.errors import SpecError
from features.matrix import check_arms
from features.tables import CONTROL
from pipelines.champion import model_versions
from pipelines.champion.succession import Standing
from pipelines.gate.contest import Contest
from pipelines.gate.shadow_scoring import judging
from pipelines.matrix import came_true
from pipelines.raw_data.erased import are_pseudonyms
from pipelines.ruling.effect_evidence import RANDOMISED, current
from pipelines.ruling.evidence import Evidence, Mode
from pipelines.ruling.rule import Status
from pipelines.specs.applicable_rules import of_mode
from pipelines.workspace import Workspace

ROW = ["customer_id", "as_of"]
# The rule that says whether outcomes are enough to judge by.
ENOUGH = "R007"


@dataclass(frozen=True)
class ShadowContest(Contest):
    """As its parent, by scores that were kept when they were made, on outcomes that nobody knew then.

    said has by version what was kept, row by row of unseen; prior is the probability of the prior model.
    """

    said: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    prior: float = 0.5

    @cached_property
    def cohort(self) -> Cohort:
        """The rows that judge; budgets and capacities are of a list of one date."""
        return Cohort(self.unseen, self.spec, round(len(self.everything) / max(self.everything["as_of"].nunique(), 1)))

    @cached_property
    def is_randomised(self) -> bool:
        """Whether these rows hold a randomised trial: of others, `of_scores` takes the actions out of the spec."""
        return bool(self.spec.actions)

    @property
    def mode(self) -> Mode:
        """What the challenger would become, by the recipes with which both were made."""
        same = self.champion is not None and self.champion.tags.get("recipe") == self.challenger.tags.get("recipe")
        return Mode.REFRESH if same else Mode.REPLACE

    @property
    def seen_rows(self) -> int:
        """None: the windows of these rows opened after all that the models learned from."""
        return 0

    @cached_property
    def floor(self) -> Predictions:
        """The prior model, as it was when the version began to shadow."""
        prior = np.full(len(self.unseen), self.prior)
        return Predictions(prior, prior, {}).knowing(self.cohort.actions)

    def predictions(self, model: ModelVersion) -> tuple[Predictions | None, str]:
        """What a version said of the rows."""
        found = self.said.get(str(model.version))
        if found is None:
            return None, f"version {model.version} was not scored beside version {self.challenger.version}"
        return Predictions.of(found, self.spec.actions).knowing(self.cohort.actions), ""

    def lacking(self) -> str:
        """What these rows lack for a comparison to be worth a look, "" where nothing; no figure of a model is used."""
        cohort = self.cohort
        evidence = Evidence(self.mode, ("auc",), {}, {}, cohort.rarer, cohort.events_per_arm)
        enough = next(rule for rule in of_mode(self.mode) if rule.code == ENOUGH).judge(evidence, self.spec.gate)
        if enough.status is not Status.HOLDS or not cohort.can_judge:
            return str(enough.reason)
        recorded = self.recorded
        if recorded is not None and recorded.uplift and not self.is_randomised:
            return "the champion is one for its choice of actions, and nobody of these dates was in a randomised trial"
        return ""


def of_scores(
    spec: ExperimentSpec, workspace: Workspace, standing: Standing, client: MlflowClient, kept: pd.DataFrame
) -> ShadowContest:
    """The contest on kept scores, as `shadow_scores.read` gives them, of dates whose windows are mature.

    Left out are erased people, customers of whom the tables say nothing any longer, and dates before the last outcome
    that one of the models learned from. Raises SpecError where the spec judges by columns that were not kept.
    """
    began = standing.began_to_shadow
    version, champion = (str(began.body[name]) for name in ("challenger_version", "compared_with"))
    known = kept[~are_pseudonyms(kept["customer_id"])]
    everything = _known(spec, known[known["version"] == version])
    challenger, opponent = (model_versions.version(client, spec.name, one) for one in (version, champion))
    anchor = model_versions.first_of(client, spec.name, standing.anchors)
    learned = max(one.tags.get("trained_until", "") for one in (challenger, opponent, anchor) if one)
    later = everything["as_of"] >= pd.Timestamp(learned) if learned else everything["as_of"].notna()
    spec, rows = _tried(spec, came_true.read(spec, workspace, everything[later]), challenger)
    said = {str(name): _said(rows, part) for name, part in known.groupby("version")}
    return ShadowContest(
        spec,
        workspace,
        standing,
        challenger,
        opponent,
        anchor if anchor and str(anchor.version) in said else None,
        (),
        everything,
        pd.concat([_with_means(rows, (CONTROL, *spec.actions)), said[version]], axis=1),
        said=said,
        prior=float(began.body["shadow"]["prior"]),
    )


def _known(spec: ExperimentSpec, own: pd.DataFrame) -> pd.DataFrame:
    """The customers with what judges them, as it was known when they were scored."""
    told = _read(own["known"])
    if lacking := sorted(set(judging(spec)) - set(told)):
        raise SpecError(
            f"spec '{spec.name}' judges by the columns {lacking}, which were not kept when its version was scored in"
            f" shadow; take them out, or end it: `python -m pipelines shadow {spec.name} --end --reason TEXT`."
        )
    ids = own[["customer_id", "as_of"]].reset_index(drop=True)
    ids["as_of"] = pd.to_datetime(ids["as_of"], format="ISO8601")
    return pd.concat([ids, told], axis=1)


def _tried(spec: ExperimentSpec, rows: pd.DataFrame, challenger: ModelVersion) -> tuple[ExperimentSpec, pd.DataFrame]:
    """The spec and the rows by what was tried: a trial without rows whose probability nobody logged.

    Where nobody was in a trial, or it was not found to be randomised, the untreated alone judge, of their risk.
    """
    arms = pa.table({"customer_id": rows["customer_id"].to_numpy(), "arm": pa.array(rows["arm"], pa.string())})
    check_arms(arms, spec.actions)
    if current(str(challenger.tags.get("uplift", ""))) == RANDOMISED and rows["arm"].notna().any():
        return spec, rows[rows["arm"].isna() | rows["probability"].notna()].reset_index(drop=True)
    untreated = ~rows["arm"].isin(spec.actions)
    return spec.model_copy(update={"treatment": None}), rows[untreated].reset_index(drop=True)


def _said(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """What a version said of each row."""
    told = _read(part["said"])
    told.index = pd.MultiIndex.from_arrays([part["customer_id"], pd.to_datetime(part["as_of"], format="ISO8601")])
    return told.reindex(pd.MultiIndex.from_frame(rows[ROW])).reset_index(drop=True)


def _read(texts: pd.Series) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [json.loads(one) for one in texts]
    return pd.DataFrame(rows)


def _with_means(rows: pd.DataFrame, arms: tuple[str, ...]) -> pd.DataFrame:
    """The rows with the weighted share of each arm that stayed as its nuisance: effects are plain differences."""
    means = {}
    for arm in arms:
        own = rows[(rows["arm"] == arm).to_numpy()]
        means[f"mu_{arm}"] = float(np.average(1 - own["churned"], weights=1 / own["probability"])) if len(own) else 0.0
    return rows.assign(**means)
