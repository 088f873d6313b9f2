"""A refresh of the tiny world's champion shadows it while data come in, and what came true decides."""

import json
from typing import Any

import pandas as pd

from tests.end_to_end.repository import TINY, Repository

# A refresh of so few rows may be worse by anything that is not shown.
WIDE = {"auc_margin": 1, "brier_margin": 1, "miscalibration_margin": 1, "slice_margin": 1, "value_share": 0.01}
GATE = {**TINY["gate"], **WIDE, "shadow": {"dates": 2}}


def at(repository: Repository, months: int, stages: str) -> int:
    """Go through stages on data of so many months; the exit code of the last."""
    repository.spec("demo", "demo", source={**TINY["source"], "months": months}, gate=GATE)
    return repository.go_through(stages, "demo").returncode


def decision(repository: Repository) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((repository.root / "artifacts/demo/decision.json").read_text())
    return found


def calibrated_anew(repository: Repository) -> None:
    """Make another challenger by the champion's recipe, which a search would take half a minute for."""
    model = repository.root / "artifacts/demo/model/challenger/model.json"
    plain = json.loads(model.read_text())
    before = plain["models"]["control"]["calibration"] or {"slope": 1.0, "intercept": 0.0}
    plain["models"]["control"]["calibration"] = {**before, "intercept": before["intercept"] + 0.01}
    model.write_text(json.dumps(plain))


def test_a_refresh_shadows_the_champion_and_what_came_true_decides(tiny: Repository) -> None:
    calibrated_anew(tiny)
    assert at(tiny, 17, "evaluate register promote") == 3
    assert decision(tiny)["verdict"] == "SHADOWING", decision(tiny)["words"]
    assert at(tiny, 17, "score") == 0
    listed = pd.read_parquet(tiny.root / "artifacts/demo/ranked_list/ranked_list.parquet")
    assert set(listed["model_version"]) == {"1"}
    summary = tiny.act("summary", "demo").stdout
    assert "In shadow: version 2 is scored beside version 1; version 1 stays champion" in summary
    assert "lists are made by version 1 alone, and what comes true decides" in summary
    assert at(tiny, 18, "ingest build score") == 0
    assert at(tiny, 21, "ingest promote") == 0  # features are those that were kept: nothing is built for it
    found = decision(tiny)
    assert (found["verdict"], found["champion_version"]) == ("REFRESH", "2")
    assert found["came_true"]["dates"] == found["cohort"]["dates"] == ["2025-06-01", "2025-07-01"]
    # A campaign began on the second date: policies are valued by it.
    assert found["cohort"]["rows"] - found["cohort"]["untreated"] > 0
    assert "policy_value" in found["pairs"]
    # By the tables: whoever's contract ended within 60 days after the lead time of 14, of those who were in no action.
    contracts = pd.read_parquet(tiny.root / "data/tables/demo/contracts")
    treatments = pd.read_parquet(tiny.root / "data/tables/demo/treatments")
    assert found["cohort"]["positives"] == sum(
        left_untreated(contracts, treatments, pd.Timestamp(date)) for date in found["cohort"]["dates"]
    )


def left_untreated(contracts: pd.DataFrame, treatments: pd.DataFrame, as_of: pd.Timestamp) -> int:
    """How many customers of a date left within the window of the label without an action, by brute force."""
    opens, closes = as_of + pd.Timedelta(days=14), as_of + pd.Timedelta(days=74)
    last = contracts.sort_values("known_at").drop_duplicates("contract_id", keep="last")
    then = contracts[contracts["known_at"] < as_of].sort_values("known_at").drop_duplicates("contract_id", keep="last")
    there = set(then.loc[then["ended_at"].isna() & (then["starts_at"] < as_of), "customer_id"])
    got = treatments[(treatments["event_at"] >= as_of) & (treatments["event_at"] < opens)]
    there -= set(got.loc[got["action"] != "control", "customer_id"])
    begun = last[last["starts_at"] < closes].groupby("customer_id")["ended_at"]
    ended = begun.max()[begun.apply(lambda one: one.notna().all())]
    return len(there & set(ended.index[(ended >= opens) & (ended < closes)]))
