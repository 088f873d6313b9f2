"""How early a model knows, from tables to scores: what shows only just before leaving is not known long before."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from experiments.search import candidate
from experiments.search.tuning import Candidate
from experiments.spec import ExperimentSpec
from features.tables import CANONICAL
from pipelines.files import storage
from pipelines.learning import earlier_scores, training_data
from pipelines.models import portable
from pipelines.stages import build
from pipelines.workspace import Workspace
from tests.specs import REQUIRED

DATES = [datetime(2023, month, 1) for month in (1, 4, 7, 10)]
LEAD, FAILS_BEFORE = 14, 20
PLAIN = Candidate("logistic", "t_learner", {"C": 0.1}, {})
SPEC: dict[str, Any] = {
    **REQUIRED,
    "name": "planted",
    "title": "A world with a lagging sign",
    "source": {"kind": "simulated"},
    "label": {"kind": "cancelled", "lead_time_days": LEAD, "horizon_days": 30},
    "observations": {"first": "2023-01-01", "every_months": 3, "look_back_days": 180},
    "features": ["spending"],
    "split": {"kind": "time", "folds": 2},
}


def rows(name: str, given: list[dict[str, Any]]) -> pa.Table:
    """Rows of a canonical table, each known as it happens."""
    full = [{**dict.fromkeys(CANONICAL[name].names), "known_at": one["event_at"], **one} for one in given]
    schema = pa.schema([(one.name, pa.type_for_alias(one.arrow_type)) for one in CANONICAL[name].columns])
    return pa.Table.from_pylist(full, schema=schema)


def write(folder: Path, *, customers: int) -> None:
    """Customers who pay at random; a sixth leaves in each window, and a payment of theirs fails before it opens."""
    rng, joined = np.random.default_rng(0), datetime(2021, 1, 1)
    tables: dict[str, list[dict[str, Any]]] = {"customers": [], "contracts": [], "transactions": []}
    for number in range(customers):
        who = {"customer_id": f"c{number:04}"}
        contract = {**who, "contract_id": f"k{number}", "plan": "basic", "price": 9.0, "starts_at": joined}
        tables["customers"].append({**who, "event_at": joined, "joined_at": joined})
        tables["contracts"].append({**contract, "event_at": joined})
        paid = [(joined + timedelta(days=int(day)), "payment") for day in rng.integers(500, 1060, 6)]
        if (leaves := int(rng.integers(6))) < len(DATES):
            opens = DATES[leaves] + timedelta(days=LEAD)
            end = opens + timedelta(days=int(rng.integers(1, 30)))
            tables["contracts"].append({**contract, "event_at": end, "ended_at": end})
            paid = [one for one in paid if one[0] < end] + [(opens - timedelta(days=FAILS_BEFORE), "failed")]
        tables["transactions"] += [
            {**who, "transaction_id": f"{number}/{n}", "event_at": at, "kind": kind, "amount": 9.0}
            for n, (at, kind) in enumerate(paid)
        ]
    for name, given in tables.items():
        storage.write_parquet(folder / name / "all.parquet", rows(name, given))
    storage.write_json(folder / "about.json", {"extracted_at": "2023-12-01T00:00:00"})


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, float]]:
    """The AUC of the challenger and of the theme by the number of days before the horizon."""
    workspace = Workspace(tmp_path_factory.mktemp("planted"), "planted")
    write(workspace.tables, customers=1_200)
    spec = ExperimentSpec.model_validate(SPEC)
    build.run(spec, workspace)
    opened = training_data.opened(spec, workspace)
    fitted = candidate.fit(PLAIN, opened.problem({PLAIN.family}, [PLAIN.learner]), seed=0)
    usual = portable.typical(opened.X[opened.split.training], opened.contract)
    portable.write(workspace.model / "challenger", fitted, contract=opened.contract, typical=usual)
    challenger = portable.scorer(workspace.model / "challenger")
    found = earlier_scores.scores(opened, workspace, challenger=challenger, plain=PLAIN)
    left = opened.y[opened.split.gate]
    aucs: dict[str, dict[int, float]] = {}
    for name in found.column_names:
        theme, days = name.split("@")
        aucs.setdefault(theme, {})[int(days)] = float(roc_auc_score(left, found[name].to_numpy()))
    return aucs


@pytest.mark.parametrize("theme", ["all", "spending"])
def test_what_shows_twenty_days_before_is_known_fourteen_days_ahead_and_not_thirty(
    theme: str, scores: dict[str, dict[int, float]]
) -> None:
    auc = scores[theme]
    assert min(auc[0], auc[14]) > 0.9
    assert all(abs(auc[days] - 0.5) < 0.1 for days in (30, 60, 90)), auc
