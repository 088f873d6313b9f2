"""A challenger shadows the champion: what both said then is compared by what came true, and by nothing else."""

import shutil
from contextlib import chdir
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from experiments.metric import Numbers
from pipelines.champion import ledger
from pipelines.champion.chain import faults
from pipelines.champion.succession import Standing
from pipelines.cli import main
from pipelines.files import storage
from pipelines.gate import shadow_scoring
from pipelines.matrix import matrices
from pipelines.outreach.operations import database, erasing, shadow_scores
from pipelines.servers import mlflow_runs
from pipelines.specs import spec_files
from pipelines.stages import promote
from pipelines.workspace import Workspace
from tests.pipelines.gate_world import SPEC, Shop

# One a month; whom the first month loses is not asked in the second.
DATES = [datetime(2025, month, 1) for month in (1, 2, 3, 4, 5, 6, 7)]
SIZE = 1500
PAIR = shadow_scores.Pair("shop", "2", "1")
DATED = {
    "source": {"kind": "simulated", "customers": 10, "months": 2},
    "label": {"kind": "cancelled", "horizon_days": 28},
    "observations": {"first": "2024-01-01", "every_months": 1, "look_back_days": 30},
    "split": {"kind": "time", "gate_dates": 1, "folds": 2},
    "features": [],
    "evaluation": {"draws": 100},
}


class World:
    """A shop of which version 1 is champion and version 2 shadows it since the first date, and what comes true."""

    def __init__(self, shop: Shop, root: Path) -> None:
        self.shop, self.root = shop, root
        rng = np.random.default_rng(3)
        self.ids = np.array([f"d{number}" for number in range(SIZE)])
        self.a, self.b, self.noise, self.chance, self.other = rng.normal(size=(5, SIZE))
        leaves = rng.random((len(DATES), SIZE)) < 1 / (1 + np.exp(2.0 - 1.5 * self.a))
        self.month = np.where(leaves.any(axis=0), leaves.argmax(axis=0), len(DATES))

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root, "shop")

    def begin(self, version: str, *, dates: int | None = 2, **gate: Any) -> int:
        """Have a version judged, with data until the first date."""
        self.shop.checkout(self.root, version)
        self.spec(dates=dates, **gate)
        self.data(DATES[0])
        return main(["promote", "shop"])

    def spec(self, *, dates: int | None, **gate: Any) -> None:
        said = {**SPEC["gate"], **({"shadow": {"dates": dates}} if dates else {}), **gate}
        (self.root / "experiments/specs/shop.yaml").write_text(yaml.safe_dump({**SPEC, **DATED, "gate": said}))

    def here(self, date: int) -> Numbers:
        return self.month >= date

    def data(self, end: datetime, *, corrected: bool = False) -> None:
        """Tables and rows to score as they are at a moment; corrected: somebody found another a for everybody."""
        left = np.array([str(end)] * SIZE, dtype="datetime64[us]")
        for number, date in enumerate(DATES):
            left[self.month == number] = date + timedelta(days=9)
        ended = pd.Series(left).where((self.month < len(DATES)) & (left < np.datetime64(end)))
        began = pd.Timestamp(2023, 1, 1)
        base = pd.DataFrame({"customer_id": self.ids, "event_at": began, "known_at": began})
        tables = {
            "customers": base.assign(joined_at=began, segment="s", region="r", language="de"),
            "contracts": base.assign(
                contract_id=self.ids, plan="p", price=1.0, starts_at=began, renews_at=pd.NaT, ended_at=ended
            ),
        }
        for name, rows in tables.items():
            stamps = {one: rows[one].astype("datetime64[us]") for one in rows if one.endswith("_at")}
            found = pa.Table.from_pandas(rows.assign(**stamps), preserve_index=False)
            storage.write_parquet(self.workspace.tables / name / "part.parquet", found)
        storage.write_json(self.workspace.tables / "about.json", {"extracted_at": end.isoformat()})
        number = max(place for place, date in enumerate(DATES) if date <= end)
        rows = pd.DataFrame({"customer_id": self.ids, "a": -self.a if corrected else self.a, "b": self.b})
        rows = rows.assign(noise=self.noise, as_of=np.datetime64(end, "us"), value=1.0)[self.here(number)]
        for one in (self.workspace.matrix / matrices.SCORE).glob("*.parquet"):
            one.unlink()
        place = self.workspace.matrix / matrices.SCORE / f"as_of={end:%Y-%m-%d}.parquet"
        storage.write_parquet(place, pa.Table.from_pandas(rows, preserve_index=False))

    def scored(self, date: int, *, shadow: Numbers, champion: Numbers) -> None:
        """Keep made-up scores of both versions at a date."""
        here = self.here(date)

        def said(score: Numbers) -> pd.DataFrame:
            shown = score[here]
            return pd.DataFrame({"churn_score": shown, "churn_probability": 1 / (1 + np.exp(2.0 - 1.5 * shown))})

        known = pd.DataFrame({"customer_id": self.ids[here], "value": 1.0})
        engine = database.opened(self.root)
        both = {"2": said(shadow), "1": said(champion)}
        assert shadow_scores.write(engine, PAIR, DATES[date], said=both, known=known)

    def kept(self) -> pd.DataFrame:
        engine = database.opened(self.root)
        return shadow_scores.read(engine, PAIR, list(shadow_scores.days(engine, PAIR)))

    @property
    def standing(self) -> Standing:
        entries = ledger.opened(self.root).entries("shop")
        assert not faults(entries)
        return Standing("shop", entries)

    @property
    def decision(self) -> dict[str, Any]:
        return storage.read_json(self.workspace.decision)

    @property
    def aliases(self) -> dict[str, str]:
        found = mlflow_runs.client(self.root).get_registered_model("shop").aliases
        return {name: str(version) for name, version in found.items()}


@pytest.fixture(scope="module")
def begun(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout of a world; nobody changes it."""
    world = World(shop, shop.checkout(tmp_path_factory.mktemp("begun") / "checkout", "1"))
    shutil.copyfile(shop.folder / "shop.db", world.root / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch, chdir(world.root):
        patch.setenv("MLFLOW_TRACKING_URI", "")
        patch.delenv("MLFLOW_TRACKING_URI")
        assert main(["promote", "shop"]) == 0
        assert world.begin("2", dates=2) == 3
    return world.root


@pytest.fixture
def world(shop: Shop, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world of the test's own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow sets it, too, and this way it is gone with the test
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    shutil.copytree(begun, tmp_path / "checkout")
    monkeypatch.chdir(tmp_path / "checkout")
    return World(shop, tmp_path / "checkout")


def test_a_challenger_that_passes_shadows_and_says_the_same_until_enough_has_come_true(world: World) -> None:
    first, entries = world.decision, len(world.standing.entries)
    assert (first["verdict"], first["champion_version"], first["challenger_version"]) == ("SHADOWING", "1", "2")
    assert any(one.startswith("the rules said PROMOTE: ") for one in first["reasons"])
    assert world.aliases == {"champion": "1", "shadow": "2"}
    page = world.workspace.decision_page.read_text()
    assert "Outcomes are known of 0 of 2 dates. Further dates are to be scored." in page
    assert "所需2个日期中已有0个的结果已知。还需为更多日期评分。" in page
    assert main(["score", "shop"]) == 0
    assert main(["promote", "shop"]) == 3
    assert world.decision == first
    assert len(world.standing.entries) == entries
    assert promote.again(spec_files.load(world.workspace), world.workspace, first) == first
    assert main(["registry", "check", "shop"]) == 0


def outcome(world: World, date: int) -> Numbers:
    """1 for who leaves within a date's window, shape (n_customers,)."""
    return (world.month == date).astype(float)


@pytest.mark.parametrize(
    ("shadow", "champion", "verdict", "now"),
    [
        ("knows", "guesses", "PROMOTE", "2"),
        ("guesses", "knows", "KEEP", "1"),
        ("half", "other half", "SHADOWING", "1"),
        ("knows", "knows", "KEEP", "1"),
    ],
)
def test_what_came_true_decides_by_the_scores_that_were_kept(
    world: World, shadow: str, champion: str, verdict: str, now: str
) -> None:
    half, other = (world.a + 0.5 * one for one in (world.chance, world.other))
    guesses = 0.3 * world.a + 0.9 * world.chance
    said = {"knows": world.a, "guesses": guesses, "half": half, "other half": other}
    for date in (0, 1):
        world.scored(date, shadow=said[shadow], champion=said[champion])
    looks = len(world.standing.looks())
    world.data(DATES[2])
    assert main(["promote", "shop"]) == (0 if now == "2" else 3)
    found = world.decision
    assert (found["verdict"], found["challenger_version"], found["champion_version"]) == (verdict, "2", now)
    assert world.standing.champion == now
    assert len(world.standing.looks()) == looks + 1
    assert world.aliases == {"champion": now, **({"shadow": "2"} if verdict == "SHADOWING" else {})}
    # By hand: the AUC of what was kept, over all who were there on either date.
    truth = np.concatenate([outcome(world, date)[world.here(date)] for date in (0, 1)])
    for who, name in (("challenger", shadow), ("champion", champion)):
        score = np.concatenate([said[name][world.here(date)] for date in (0, 1)])
        pairs = score[truth == 1][:, None] - score[truth == 0][None, :]
        auc = (np.sum(pairs > 0) + 0.5 * np.sum(pairs == 0)) / pairs.size
        assert found["pairs"]["auc"][who] == pytest.approx(auc, abs=1e-9)
    assert found["cohort"]["rows"] == truth.size
    page = world.workspace.decision_page.read_text()
    assert ("2025年1月1日、2025年2月1日的实际结果" in page) == (verdict != "SHADOWING")
    # A look is at customers whom no look has seen before.
    look = world.standing.looks()[-1][0]
    assert look["units"]["new"] == look["units"]["of"]


def test_a_comparison_that_cannot_tell_spends_one_look_a_date_and_ends_for_good(world: World) -> None:
    world.spec(dates=1)
    looks = len(world.standing.looks())
    for date in (0, 1, 2):
        world.scored(date, shadow=world.a + 0.5 * world.chance, champion=world.a + 0.5 * world.other)
        world.data(DATES[date + 1])
        for _ in range(2 if date else 1):
            code = main(["promote", "shop"])
            # After three times as many dates as asked for it is no shadow any more.
            assert (code, world.decision["verdict"]) == ((3, "SHADOWING") if date < 2 else (4, "INCONCLUSIVE"))
            assert len(world.standing.looks()) == looks + date + 1
    assert world.standing.shadow is None
    assert world.aliases == {"champion": "1"}
    assert world.standing.champion == "1"


def test_a_window_that_is_not_over_is_waited_for(world: World) -> None:
    for date in (0, 1):
        world.scored(date, shadow=world.a, champion=world.noise)
    looks = len(world.standing.looks())
    world.data(DATES[2] - timedelta(days=4))  # 24 days of the second window of 28
    assert main(["promote", "shop"]) == 3
    assert (world.decision["verdict"], world.decision["shadow"]["mature"]) == ("SHADOWING", ["2025-01-01"])
    assert world.decision["shadow"]["until"] == "2025-03-01"
    assert len(world.standing.looks()) == looks


def test_too_few_outcomes_cost_no_look_and_are_counted(world: World) -> None:
    looks = len(world.standing.looks())
    world.spec(dates=1, minimum_positives=1400)
    world.scored(0, shadow=world.a, champion=world.noise)
    world.data(DATES[1])
    assert main(["promote", "shop"]) == 3
    few = int(min(outcome(world, 0).sum(), SIZE - outcome(world, 0).sum()))
    assert any(f"{few} of the rarer outcome, at least 1400" in one for one in world.decision["reasons"])
    assert len(world.standing.looks()) == looks


def test_late_corrections_change_no_score_that_a_decision_rests_on(world: World) -> None:
    """The law: what was said is what was said. Models that are asked again today would say otherwise."""
    world.spec(dates=1)
    assert main(["score", "shop"]) == 0
    kept = world.kept()
    assert list(kept.groupby(["version", "as_of"]).size()) == [SIZE, SIZE]
    world.data(DATES[0], corrected=True)
    for _ in range(2):
        assert main(["score", "shop"]) == 0
    assert world.kept().equals(kept)
    assert not shadow_scores.days(database.opened(world.root), shadow_scores.Pair("shop", "2", "3"))
    world.data(DATES[1], corrected=True)
    assert main(["promote", "shop"]) == 0
    assert world.decision["verdict"] == "PROMOTE"
    assert world.decision["came_true"] == {"dates": ["2025-01-01"], "scores": shadow_scores.digest(kept)}
    truth, score = outcome(world, 0), pd.Series(world.a)
    ranks = score.rank().to_numpy()[truth == 1]
    auc = (ranks.sum() - truth.sum() * (truth.sum() + 1) / 2) / (truth.sum() * (SIZE - truth.sum()))
    assert world.decision["pairs"]["auc"]["challenger"] == pytest.approx(auc, abs=1e-9)


def test_the_list_is_of_the_champion_alone_and_what_a_shadow_lacks_does_not_stop_it(world: World) -> None:
    assert main(["score", "shop"]) == 0
    listed = pd.read_parquet(world.workspace.ranked_list / "ranked_list.parquet")
    assert set(listed["model_version"]) == {"1"}
    said = world.kept().groupby("version")["said"].first()
    assert set(said.index) == {"1", "2"}
    world.data(DATES[1])
    place = next((world.workspace.matrix / matrices.SCORE).glob("*.parquet"))
    storage.write_parquet(place, storage.read_parquet(place).drop_columns(["a"]))  # of version 2 alone
    assert main(["score", "shop"]) == 0
    assert len(shadow_scores.days(database.opened(world.root), PAIR)) == 1


def test_the_place_is_kept_until_a_person_ends_it_and_who_was_ended_does_not_come_back(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.begin("3") == 3
    assert world.decision["challenger_version"] == "2"
    assert "version 3, the newest challenger, is not judged meanwhile" in world.decision["words"]
    assert main(["registry", "delete", "shop", "2"]) == 2
    assert main(["shadow", "shop"]) == 0
    assert "version 2 shadows version 1" in capsys.readouterr().out
    assert main(["shadow", "shop", "--end"]) == 2
    assert main(["shadow", "shop", "--end", "--reason", "too slow"]) == 0
    assert world.aliases == {"champion": "1"}
    assert main(["shadow", "shop", "--end", "--reason", "too slow"]) == 0
    assert main(["history", "shop"]) == 0
    assert capsys.readouterr().out.count("shadow ended") == 1
    assert world.begin("2") == 3
    assert world.decision["verdict"] == "KEEP"
    assert "ended it at" in world.decision["words"]
    assert world.begin("3") == 3
    assert (world.decision["verdict"], world.decision["challenger_version"]) == ("SHADOWING", "3")


def test_another_champion_ends_it_in_a_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.begin("3")
    assert main(["promote", "shop", "--force", "--reason", "must"]) == 0
    assert "version 2 no longer shadows: version 1, which it shadowed, is champion no more" in capsys.readouterr().err
    assert world.aliases == {"champion": "3"}
    # Of the champion before it may shadow again, as another: nobody rejected it.
    world.begin("2", auc_margin=0.5, slice_margin=1.0)
    assert main(["rollback", "shop"]) == 0
    assert world.begin("2") == 3
    assert world.decision["verdict"] == "SHADOWING"
    assert world.aliases == {"champion": "1", "shadow": "2"}
    assert main(["registry", "check", "shop"]) == 0


def test_freeze_and_approval_hold_as_they_do_without_a_shadow(world: World) -> None:
    world.spec(dates=1, approval=True)
    world.scored(0, shadow=world.a, champion=world.noise)
    world.data(DATES[1])
    assert main(["freeze", "shop", "--until", "2099-12-31", "--reason", "holidays"]) == 0
    for _ in range(2):
        assert main(["promote", "shop"]) == 3
        assert (world.decision["verdict"], world.aliases) == ("FROZEN", {"champion": "1", "shadow": "2"})
    looks, entries = world.standing.looks(), len(world.standing.entries)
    assert main(["unfreeze", "shop"]) == 0
    assert main(["promote", "shop"]) == 0
    assert world.decision["awaiting_approval"]
    assert world.standing.looks() == looks
    assert len(world.standing.entries) == entries + 2
    assert world.aliases == {"champion": "1"}
    assert main(["approve", "shop", "2"]) == 0
    assert world.aliases == {"champion": "2"}


def test_without_the_key_it_ends_and_the_challenger_is_judged_as_ever(world: World) -> None:
    world.spec(dates=None)
    assert main(["promote", "shop"]) == 0
    assert (world.decision["verdict"], world.standing.champion) == ("PROMOTE", "2")
    assert [entry.body["kind"] for entry in world.standing.entries] == [*["decision"] * 2, "shadow ended", "decision"]
    assert len(world.standing.looks()) == 3  # the spec is another, and asks again


def test_a_shadow_that_is_lost_ends(world: World) -> None:
    mlflow_runs.client(world.root).delete_model_version("shop", "2")
    assert main(["registry", "check", "shop"]) == 5
    assert main(["registry", "restore", "shop"]) == 0
    assert main(["registry", "check", "shop"]) == 0
    assert world.standing.shadow is None


def test_a_table_without_dates_refuses_the_key_in_a_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.shop.checkout(world.root, "1", shadow={"dates": 2})
    assert main(["promote", "shop"]) == 2
    assert "gate.shadow needs 'observations'" in capsys.readouterr().err


def test_an_erased_person_judges_nothing_and_leaves_a_pseudonym(world: World) -> None:
    world.spec(dates=1)
    assert main(["score", "shop"]) == 0
    assert shadow_scoring.newest_moment(world.workspace) == DATES[0]
    engine = database.opened(world.root)
    signed = erasing.Signed(f"erased-{'0' * 32}", "shop", "2025-01-02T00:00:00+00:00", "ada")
    told = erasing.erase(engine, "d7", signed, {})
    assert told["rows"] == {"holdfast_shadow_scores": 2}
    assert "d7" not in set(world.kept()["customer_id"])
    world.data(DATES[1])
    assert main(["promote", "shop"]) == 0
    assert world.decision["cohort"]["rows"] == SIZE - 1
