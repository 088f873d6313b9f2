"""A run whose log is JSON lines: every process of it says the same id, and so do MLflow and the ledger."""

import json
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from tests.end_to_end.repository import Repository

AS_JSON = {"HOLDFAST_LOG": "json"}


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_has_one_id_in_all_its_processes_in_mlflow_and_in_the_ledger(shop_with_champion: Repository) -> None:
    repository = shop_with_champion
    repository.spec("shop", "shop", tuning={"trials": 2})
    ran = repository.run("run", "shop", variables=AS_JSON)
    assert ran.returncode == 0
    assert "verdict " in ran.stdout
    assert "{" not in ran.stdout
    found = objects(ran.stderr)
    (run_id,) = {one["run_id"] for one in found}
    assert {one["command"] for one in found} == {"run"}
    assert {one["spec"] for one in found} == {"shop"}
    # Three of DVC's stages, in forks of the run, and three of its own process.
    stages = ["tune", "train", "evaluate", "register", "promote", "score"]
    assert list(dict.fromkeys(one["stage"] for one in found)) == [*stages, None]
    took = [one["stage"] for one in found if "seconds" in one.get("fields", {})]
    assert took == [*stages, None]
    fields = {name: one for each in found for name, one in each.get("fields", {}).items()}
    assert (fields["verdict"], fields["version"]) == ("NO_CHANGE", 1)
    assert found[-1]["fields"] == {"exit_code": 0}
    client = MlflowClient(uri := f"sqlite:///{repository.root}/mlflow.db", uri)
    experiment = client.get_experiment_by_name("shop").experiment_id
    tagged = client.search_runs([experiment], f"tags.`holdfast.run_id` = '{run_id}'")
    everything = client.search_runs([experiment])
    assert tagged
    assert len(tagged) < len(everything), "the first run, which nobody asked for it, has none"

    frozen = repository.act("freeze", "shop", "--until", "2099-12-31", "--reason", "x", "--log-json")
    assert frozen.returncode == 0
    entries = json.loads(repository.act("history", "shop", "--json").stdout)
    told = sorted(entries, key=lambda entry: entry["decided_at"])
    assert [one.get("run_id") for one in told] == [None, objects(frozen.stderr)[-1]["run_id"]]
    assert repository.act("registry", "check", "shop").returncode == 0


def test_the_summary_of_a_refused_run_is_the_same_of_both_forms(shop_with_champion: Repository, tmp_path: Path) -> None:
    repository = shop_with_champion
    (repository.root / "experiments/specs/shop.yaml").write_text("nonsense: [1")
    refused = {
        name: repository.act("status", "shop", *words) for name, words in (("text", ()), ("json", ("--log-json",)))
    }
    assert {one.returncode for one in refused.values()} == {2}
    repository.spec("shop", "telco")
    summaries = []
    for name, one in refused.items():
        (tmp_path / name).write_text(one.stderr)
        ended = repository.act("summary", "shop", "--code", "2", "--errors", str(tmp_path / name))
        assert ended.returncode == 0, ended.stderr
        summaries.append(ended.stdout)
    assert summaries[0] == summaries[1]
    assert "shop" in summaries[0]
