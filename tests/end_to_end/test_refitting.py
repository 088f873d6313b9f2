"""A champion that is fitted again on all rows: it serves, and its judged twin is what everything is compared with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml

from pipelines.champion import audit, ledger_writer, model_versions, upkeep
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.jobs import refitting
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository
from tests.end_to_end.small_table import SHOP


class Stopped(BaseException):
    """A process ends here."""


@pytest.fixture
def shop(shop_with_champion: Repository) -> Iterator[Repository]:
    """A small shop whose champion, version 1, was made without refitting."""
    yield shop_with_champion
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]


def refit(repository: Repository, **changes: Any) -> None:
    spec = {**SHOP, "refit": True, **changes}
    (repository.root / "experiments" / "specs" / "shop.yaml").write_text(yaml.safe_dump(spec))


def status(repository: Repository) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(repository.act("status", "shop", "--json").stdout)
    return found


def checked(repository: Repository) -> str:
    ended = repository.act("registry", "check", "shop")
    return ended.stdout + ended.stderr


def listed(repository: Repository) -> pd.DataFrame:
    return pd.read_parquet(repository.root / "artifacts" / "shop" / "ranked_list" / "ranked_list.parquet")


def test_the_refitted_version_serves_and_its_twin_is_compared_with(shop: Repository) -> None:
    before = listed(shop)
    refit(shop)
    ended = shop.run("run", "shop")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "NO_CHANGE" in ended.stdout
    told = status(shop)
    assert (told["champion"], told["serving"], told["alias"]) == ("1", "2", "2")
    assert "the registry is as they say" in checked(shop)
    assert "version 2, which is version 1 fitted on all rows" in shop.act("status", "shop").stdout
    after = listed(shop)
    assert set(after["model_version"]) == {"2"}
    both = before.merge(after, on="customer_id")
    apart = (both["churn_probability_x"] - both["churn_probability_y"]).abs()
    assert 0 < apart.mean() < 0.05
    entries = json.loads(shop.act("history", "shop", "--json").stdout)
    assert [one["kind"] for one in entries] == ["decision", "refitted"]
    assert "its figures are those of version 1" in entries[-1]["words"]
    assert entries[-1]["look"] is None
    # Nothing changed: no new version, and no look.
    again = shop.run("run", "shop")
    assert "NO_CHANGE" in again.stdout
    assert status(shop)["alias"] == "2"
    # Another recipe is compared with the twin, on all gate rows: the twin has seen none of them.
    refit(shop, tuning={"families": ["lightgbm"], "trials": 1})
    shop.run("run", "shop")
    decision = json.loads((shop.root / "artifacts" / "shop" / "decision.json").read_text())
    assert decision["compared_with"] == "1"
    assert decision["challenger_version"] == "3"
    assert decision["cohort"]["left_out"] == 0
    assert "version 2" in shop.act("registry", "delete", "shop", "2").stderr
    # A person makes it champion: it is fitted again as well; a rollback returns to what served before.
    forced = shop.act("promote", "shop", "--force", "--reason", "to try")
    assert forced.returncode == 0, forced.stderr
    assert status(shop)["alias"] == "3"
    assert "version 3 serves as it was judged, until `python -m pipelines run shop` fits it again" in forced.stdout
    shop.run("run", "shop")
    told = status(shop)
    assert (told["champion"], told["serving"], told["alias"]) == ("3", "4", "4")
    assert shop.act("rollback", "shop").returncode == 0
    told = status(shop)
    assert (told["champion"], told["serving"], told["alias"]) == ("1", "2", "2")
    assert "the registry is as they say" in checked(shop)


@pytest.fixture
def here(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    refit(shop)
    monkeypatch.chdir(shop.root)
    return Workspace(Path(shop.root), "shop")


def test_who_is_stopped_at_any_step_leaves_what_serves_and_is_finished_with_one_version(here: Workspace) -> None:
    spec = spec_files.load(here)
    reader = ledger_writer.reading("shop", here.root)
    steps: list[tuple[Any, str]] = [
        (refitting, "fitted"),
        (model_versions, "verify"),
        (LedgerWriter, "write"),
        (LedgerWriter, "project"),
    ]
    for place, (owner, name) in enumerate(steps):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, _stop)
            with pytest.raises(Stopped):
                refitting.run(spec, here)
        standing, alias = reader.agreed()
        assert alias == "1"
        assert standing.champion == "1"
        assert standing.serving == ("2" if place == 3 else "1")
    with ledger_writer.writing("shop", here.root) as writer:
        assert writer.reconciled()[1]  # what any command that writes does first
    refitting.run(spec, here)
    standing, alias = reader.agreed()
    assert (standing.champion, standing.serving, alias) == ("1", "2", "2")
    assert [int(one.version) for one in reader.client.search_model_versions("name = 'shop'")] in ([2, 1], [1, 2])
    assert audit.faults(reader) == []


def _stop(*_: Any, **__: Any) -> None:
    raise Stopped


def test_a_lost_refitted_version_gives_way_to_its_twin_and_is_made_again(here: Workspace) -> None:
    spec = spec_files.load(here)
    refitting.run(spec, here)
    reader = ledger_writer.reading("shop", here.root)
    made = model_versions.version(reader.client, "shop", "2")
    assert (made.tags["twin_of"], made.tags["figures_of"]) == ("1", "1")
    seen = pd.read_parquet(mlflow.artifacts.download_artifacts(run_id=made.run_id, artifact_path="training.parquet"))
    twin = pd.read_parquet(here.model / "training.parquet")
    gate = pd.read_parquet(here.evaluation / "gate.parquet", columns=["row"])
    assert set(seen["row"]) == {*twin["row"], *gate["row"]}
    assert not np.isin(twin["row"], gate["row"]).any()
    reader.client.delete_model_version("shop", "2")
    assert any("version 2, which serves for the champion, is lost" in fault for fault in audit.faults(reader))
    with ledger_writer.writing("shop", here.root) as writer:
        assert "version 1, its judged twin, serves" in upkeep.restore(writer)
    standing, alias = reader.agreed()
    assert (standing.champion, standing.serving, alias) == ("1", "1", "1")
    claims, figures = standing.claims, standing.about("1")
    refitting.run(spec, here)
    standing, alias = reader.agreed()
    assert (standing.champion, standing.serving, alias) == ("1", "3", "3")
    assert standing.claims == claims
    assert standing.about("1") == figures
    assert audit.faults(reader) == []
