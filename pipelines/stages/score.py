"""Rank every active customer with the champion: risk, reasons, recommended action and its expected value.

writes: artifacts/SPEC/ranked_list, the list as CSV and Parquet, unseen_levels.json, and a receipt
writes: what a version that shadows the champion says of the customers, in the operations database
codes: 5
example: python -m pipelines score demo
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.entities.model_registry import ModelVersion

from experiments.money.risk_levels import RiskCuts, in_use
from experiments.spec import ExperimentSpec
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing
from pipelines.files import spreadsheet, storage
from pipelines.gate import shadow_scoring
from pipelines.matrix import matrices
from pipelines.messages import log
from pipelines.models import levels
from pipelines.outreach import columns as risk_levels
from pipelines.outreach import cuts_in_use, explained
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.effect_evidence import RANDOMISED, current
from pipelines.workspace import Workspace

NONE = "none"
NOT_MEASURED = "not measured"
NO_CLAIM = "no claim"
NOT_ESTABLISHED = "not established"
UNSEEN = "unseen_levels.json"
NO_LEVELS = {"risk_band": NOT_ESTABLISHED}
# From the action of each row to the columns that say why it is this one.
Why = Callable[[np.ndarray], pd.DataFrame]
EVERYTHING = Claims(risk=True, uplift=True)


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Write the ranked list as Parquet and CSV. Raises MissingError when there is no champion."""
    reader, standing = _standing(spec, workspace)
    champion = model_versions.version(reader.client, spec.name, str(standing.serving))
    uplift = current(str(champion.tags.get("uplift", RANDOMISED)))
    # A champion of which the ledger says nothing was taken over as it was.
    claims = standing.claims or EVERYTHING
    cuts = cuts_in_use.of_version(spec.score, champion.tags)
    question = {
        "version": str(champion.version),
        "rows": matrices.digest(workspace.matrix, matrices.SCORE),
        "spec": spec.model_dump(mode="json"),
        "uplift": uplift,
        "claims": asdict(claims),
        "levels": cuts.to_dict(),
    }
    receipt = workspace.ranked_list / "receipt.json"
    known = storage.read_receipt(workspace.ranked_list / UNSEEN)
    if storage.read_receipt(receipt) == question and known is not None:
        log.done("score", spec.name, version=int(champion.version), new="no")
        _tell(spec, known)
        return
    rows = matrices.to_score(workspace.matrix)
    reader.check_champion(standing)
    model = loading.predictor(spec.name, str(champion.version), loading.seal_of(champion, standing))
    scored = loading.predict_in_parts(model, rows, shown_as="score", reasons=spec.score.reasons)
    why = partial(explained.actions, model.unwrap_python_model().scorer, rows, scored)
    version = str(champion.version)
    ranked = rank(rows, scored, spec=spec, version=version, uplift=uplift, claims=claims, why=why, cuts=cuts)
    not_seen = _unseen(champion, model, rows)
    with storage.replacing_folder(workspace.ranked_list) as folder:
        storage.write_parquet(folder / "ranked_list.parquet", pa.Table.from_pandas(ranked, preserve_index=False))
        spreadsheet.write(folder / "ranked_list.csv", ranked)
        storage.write_json(folder / UNSEEN, not_seen)
        storage.write_json(folder / "receipt.json", question)
    log.done(
        "score",
        spec.name,
        customers=len(ranked),
        actions=int((~ranked["action"].isin([NONE, NOT_MEASURED, NO_CLAIM, NOT_ESTABLISHED])).sum()),
        version=int(champion.version),
    )
    _tell(spec, not_seen)


def _standing(spec: ExperimentSpec, workspace: Workspace) -> tuple[LedgerWriter, Standing]:
    """The ledger, which has a champion; what shadows it is scored beside it."""
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    if standing.champion is None:
        raise ledger_writer.no_champion(spec.name)
    shadow_scoring.keep(spec, workspace, reader, standing)
    return reader, standing


def _unseen(champion: ModelVersion, model: Any, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Per column, the rows whose category level training never saw, which the model scores as missing.

    A version of before has no record of its training's levels: then those of its contract count as seen.
    """
    record = loading.fetched(levels.LEVELS, run_id=str(champion.run_id)) if champion.run_id else None
    contract = model.unwrap_python_model().scorer.columns
    seen = storage.read_json(record) if record else levels.known_to(contract)
    return [one.to_dict() for one in levels.unseen(rows, seen)]


def _tell(spec: ExperimentSpec, not_seen: list[dict[str, Any]]) -> None:
    for one in not_seen:
        log.note(f"score {spec.name}: {levels.in_words(one)}")


def rank(
    rows: pd.DataFrame,
    scored: pd.DataFrame,
    *,
    spec: ExperimentSpec,
    version: str,
    uplift: str = RANDOMISED,
    claims: Claims = EVERYTHING,
    why: Why | None = None,
    cuts: RiskCuts | None = None,
) -> pd.DataFrame:
    """The list: customers with an action first, by its expected value, then the others by risk.

    uplift is what the champion's data can show of effects, claims what the champion was shown to be good for.
    Without randomisation, or where its policy was not shown to earn anything, the list recommends no actions. Where
    its risk was not shown to be informative, it has no risk bands. why says of each row's action what its effect rests
    on; cuts are those of the risk levels, the spec's unless given.
    """
    tried = [action for action in spec.actions if f"uplift_{action}" in scored]
    actions = tried if uplift == RANDOMISED and claims.uplift else []
    because = NOT_MEASURED if not tried else NO_CLAIM if uplift != RANDOMISED else NOT_ESTABLISHED
    advised = _advised(rows, scored, actions, spec) if actions else _no_advice(len(rows), because)
    probability = scored["churn_probability"].to_numpy()
    listed: dict[str, Any] = {
        "customer_id": rows["customer_id"].to_numpy(),
        # The newest date is the first moment at which all was known: a microsecond after the newest row.
        "as_of": rows["as_of"].dt.floor("s").to_numpy(),
        "churn_probability": probability,
        **(_levels(rows, probability, cuts or in_use(spec.score, None)) if claims.risk else NO_LEVELS),
        **{f"uplift_{action}": scored[f"uplift_{action}"].to_numpy() for action in actions},
        "action": advised.action,
        f"expected_value_{spec.currency}": advised.worth,
        "not_contacted_because": advised.because,
        **_why(why, advised.action if actions else None),
        **_cost_if_lost(rows, spec),
        **{name: scored[name].to_numpy() for name in map(str, scored) if name.startswith("reason_")},
        "model_version": version,
    }
    order = np.lexsort((rows["customer_id"].to_numpy().astype(str), -probability, -np.nan_to_num(advised.worth)))
    return pd.DataFrame(listed).iloc[order].reset_index(drop=True)


def _why(why: Why | None, action: np.ndarray | None) -> dict[str, np.ndarray]:
    """What the effect of each row's action rests on; nothing where no action can be recommended."""
    if why is None or action is None:
        return {}
    found = why(action)
    return {str(name): found[name].to_numpy() for name in found}


def _levels(rows: pd.DataFrame, probability: np.ndarray, cuts: RiskCuts) -> dict[str, np.ndarray]:
    """The level of each risk, and the cuts by which it is one."""
    medium, high = cuts.bounds(cuts.segments(rows), len(rows)).T
    return {"risk_band": risk_levels.levels(rows, probability, cuts), "medium_from": medium, "high_from": high}


@dataclass(frozen=True)
class _Advice:
    """The action of each customer, or none, its expected net value, and the reason for none."""

    action: np.ndarray
    worth: np.ndarray
    because: np.ndarray


def _no_advice(size: int, why: str) -> _Advice:
    """No recommendations: no action was tried, none was randomised, or none was shown to pay."""
    return _Advice(np.full(size, why, dtype=object), np.full(size, np.nan), np.full(size, NONE, dtype=object))


def _advised(rows: pd.DataFrame, scored: pd.DataFrame, actions: list[str], spec: ExperimentSpec) -> _Advice:
    """The recommended action of each customer."""
    from experiments.money import limits, policy  # not at the top: a list that is there already needs no statistics

    size, arms = len(rows), spec.treatment.arms if spec.treatment else {}
    blocked = limits.barred(rows, spec.policy)
    uplift = scored[[f"uplift_{action}" for action in actions]].to_numpy()
    value = rows["value"].to_numpy(dtype=float)
    cost = np.array([arms[action].cost for action in actions])
    within = limits.limits_of(spec.policy, actions=tuple(actions), n_rows=size)
    terms: dict[str, Any] = {"uplift": uplift, "value": value, "cost": cost, "limits": within}
    ids, allowed = rows["customer_id"].to_numpy().astype(str), limits.open_to(rows, spec.policy, tuple(actions))
    choice = policy.choose(**terms, ids=ids, may_contact=allowed)
    because = policy.not_contacted_because(choice, **terms, barred=blocked, open_to=allowed)
    worth = value * uplift[np.arange(size), choice] - cost[choice]
    action = np.array([*actions, NONE], dtype=object)[choice]
    return _Advice(action, np.where(choice == policy.NOBODY, 0.0, worth), because)


def _cost_if_lost(rows: pd.DataFrame, spec: ExperimentSpec) -> dict[str, np.ndarray]:
    """The cost of each customer's leaving, where the spec defines it."""
    if spec.cost_of_churn is None:
        return {}
    from experiments.evaluation.churn_cost import loss

    return {f"cost_if_lost_{spec.currency}": loss(rows["value"].to_numpy(dtype=float), spec.cost_of_churn).total}
