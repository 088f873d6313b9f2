"""The commands of promotion, on a registry of small models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow import MlflowClient

from experiments.statistics.repeated_looks import spent
from pipelines.champion import ledger, loading, model_versions
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import Standing
from pipelines.cli import main
from pipelines.files import storage
from pipelines.gate import decision_page_file
from pipelines.specs import spec_files
from pipelines.stages import promote
from pipelines.workspace import Workspace

Checkout = Callable[..., Path]
PROMOTED, KEPT, REFUSED, USAGE = 0, 3, 5, 2


def entries(root: Path) -> tuple[Entry, ...]:
    return ledger.opened(root).entries("shop")


def alias(root: Path) -> str | None:
    found = model_versions.champion(client(root), "shop")
    return str(found.version) if found else None


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root}/mlflow.db", f"sqlite:///{root}/mlflow.db")


def decision(root: Path) -> dict[str, Any]:
    return storage.read_json(Workspace(root, "shop").decision)


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that is refused as wrong use."""
    capsys.readouterr()
    assert main(list(words)) == USAGE
    lines = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(lines) == 1, lines
    return lines[0]


def test_every_decision_is_an_entry_and_the_alias_shows_the_last_champion(
    checkout: Checkout, promoted: Checkout
) -> None:
    root = promoted("1", "2")
    checkout("4")
    assert main(["promote", "shop"]) == KEPT
    found = [(entry.body["kind"], entry.body["verdict"], entry.body["champion_version"]) for entry in entries(root)]
    assert found == [("decision", "FIRST_CHAMPION", "1"), ("decision", "PROMOTE", "2"), ("decision", "KEEP", "2")]
    assert alias(root) == "2"
    last = entries(root)[-1].body
    assert {**last, "ledger": {"number": 3, "hash": entries(root)[-1].hash}} == decision(root)
    assert (last["challenger_version"], last["compared_with"], last["mode"]) == ("4", "2", "refresh")
    assert all(last["reports"].values())
    assert len(set(last["reports"].values())) == 2
    assert "@" in last["by"]
    assert main(["registry", "check", "shop"]) == 0


def test_looks_at_one_cohort_are_counted_and_spend_what_they_should(checkout: Checkout) -> None:
    for number, version in enumerate(["1", "4", "2", "3"], start=1):
        root = checkout(version)
        main(["promote", "shop"])
        look = decision(root)["look"]
        report = storage.read_json(Workspace(root, "shop").evaluation / "report.json")
        assert look["number"] == look["place"] == number
        assert look["alpha"] == pytest.approx(spent(0.05, look=number))
        assert look["cohort"] == report["cohort"]["hash"]
        assert look["units"]["new"] == (look["units"]["of"] if number == 1 else 0)
        level = decision(root)["pairs"]["auc"]["difference"]["level"]
        assert level == pytest.approx(1 - 2 * look["alpha"])


def test_the_same_question_is_answered_from_the_ledger_and_is_no_new_look(
    checkout: Checkout, promoted: Checkout
) -> None:
    root = promoted("1")
    checkout("4")
    assert main(["promote", "shop"]) == KEPT
    said, told = entries(root), decision(root)
    Workspace(root, "shop").decision.unlink()
    assert main(["promote", "shop"]) == KEPT
    assert entries(root) == said
    assert decision(root) == told
    checkout("4", auc_margin=0.004)
    assert main(["promote", "shop"]) == KEPT
    assert decision(root)["look"]["number"] == told["look"]["number"] + 1


def test_the_champion_asked_again_changes_nothing(promoted: Checkout) -> None:
    root = promoted("1", "2")
    said = entries(root)
    assert main(["promote", "shop"]) == PROMOTED
    assert decision(root)["verdict"] == "NO_CHANGE"
    assert decision(root)["figures"] == said[-1].body["figures"]
    assert entries(root) == said


@pytest.mark.parametrize(
    ("versions", "verdict", "foreseen"),
    [
        ("1", "FIRST_CHAMPION", "NO_CHANGE"),
        ("12", "PROMOTE", "NO_CHANGE"),
        ("14", "KEEP", "KEEP"),
        ("122", "NO_CHANGE", "NO_CHANGE"),
    ],
)
def test_a_run_knows_what_the_next_one_decides_where_nothing_changes(
    checkout: Checkout, versions: str, verdict: str, foreseen: str
) -> None:
    for version in versions:
        root = checkout(version)
        main(["promote", "shop"])
    workspace = Workspace(root, "shop")
    spec = spec_files.load(workspace)
    assert decision(root)["verdict"] == verdict
    again = promote.again(spec, workspace, decision(root))
    assert again is not None
    assert again["verdict"] == foreseen
    page = decision_page_file.page(spec, workspace, again)
    main(["promote", "shop"])
    assert decision(root) == again
    assert workspace.decision_page.read_text() == page


def test_a_promotion_names_both_numbers_the_interval_and_the_threshold(promoted: Checkout) -> None:
    words = decision(promoted("1", "2"))["words"]
    assert words.startswith("better on the primary figure and no worse on the others; R001 holds: auc 0.7")
    assert "against 0.6" in words
    assert ", minimum gain 0" in words


def test_a_rollback_brings_back_the_very_predictions_and_stays(promoted: Checkout, shop: Any) -> None:
    root = promoted("1")
    rows = storage.read_parquet(shop.folder / "1" / "evaluation" / "gate.parquet").to_pandas()

    def served() -> bytes:
        number = str(alias(root))
        standing = Standing("shop", entries(root))
        seal = loading.seal_of(model_versions.version(client(root), "shop", number), standing)
        model = loading.predictor("shop", number, seal)
        return loading.predict(model, rows).to_csv().encode()

    before = served()
    promoted("2")
    assert served() != before
    assert main(["rollback", "shop", "--reason", "complaints"]) == 0
    assert served() == before
    assert entries(root)[-1].body["reason"] == "complaints"
    assert main(["promote", "shop"]) == KEPT
    assert "version 2 was rolled back by" in decision(root)["words"]
    assert "complaints" in decision(root)["words"]
    assert decision(root)["champion_version"] == alias(root) == "1"
    assert len(entries(root)) == 3
    assert main(["promote", "shop", "--force", "--reason", "mended"]) == PROMOTED
    assert alias(root) == "2"
    assert main(["registry", "check", "shop"]) == 0


def test_each_rollback_goes_one_champion_further_back(
    checkout: Checkout, promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout("1")
    assert "it has no champion yet" in fails(capsys, "rollback", "shop")
    root = promoted("1", "2", "3")
    assert [main(["rollback", "shop"]), alias(root)] == [0, "2"]
    assert [main(["rollback", "shop"]), alias(root)] == [0, "1"]
    assert "version 1 is its first champion" in fails(capsys, "rollback", "shop")


def test_force_overrules_the_rules_and_says_who_and_why(
    checkout: Checkout, promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = promoted("1")
    checkout("4")
    assert "needs a --reason" in fails(capsys, "promote", "shop", "--force")
    assert "needs a --reason" in fails(capsys, "promote", "shop", "--force", "--reason", "  ")
    assert "--reason belongs to --force" in fails(capsys, "promote", "shop", "--reason", "so")
    assert main(["promote", "shop", "--force", "--reason", "the law asks for it"]) == PROMOTED
    found = decision(root)
    assert found["verdict"] == "FORCED"
    assert found["words"].startswith(
        f"FORCED({found['by']}, the law asks for it); the rules said KEEP: the champion stays; R001 broken"
    )
    assert "broken" in {finding["status"] for finding in found["findings"]}
    assert alias(root) == found["champion_version"] == "4"


def test_a_model_that_does_not_load_or_is_not_what_was_judged_is_never_forced(
    checkout: Checkout, promoted: Checkout
) -> None:
    root = promoted("1")
    checkout("4")
    gate = Workspace(root, "shop").evaluation / "gate.parquet"
    rows = storage.read_parquet(gate).to_pandas()
    rows.assign(churn_score=rows["churn_score"] + 1e-9).to_parquet(gate)
    assert main(["promote", "shop", "--force", "--reason", "must"]) == REFUSED
    assert decision(root)["verdict"] == "CONTRACT_FAIL"
    assert alias(root) == "1"


def test_with_approval_a_verdict_waits_until_somebody_approves_it(
    checkout: Checkout, promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = promoted("1")
    checkout("2", approval=True)
    assert main(["promote", "shop"]) == PROMOTED
    assert decision(root)["words"].endswith("it awaits approval")
    assert (decision(root)["verdict"], decision(root)["champion_version"], alias(root)) == ("PROMOTE", "1", "1")
    told = decision(root)
    assert main(["promote", "shop"]) == PROMOTED
    assert decision(root) == told
    assert main(["status", "shop"]) == 0
    assert "version 2, PROMOTE since" in capsys.readouterr().out
    assert "version 3 of 'shop' does not await approval; awaiting: 2" in fails(capsys, "approve", "shop", "3")
    assert main(["approve", "shop", "2"]) == 0
    assert alias(root) == decision(root)["champion_version"] == "2"
    assert entries(root)[-1].body["kind"] == "approval"
    said = entries(root)
    assert main(["approve", "shop", "2"]) == 0
    assert entries(root) == said
    assert "does not await approval; awaiting: none" in fails(capsys, "approve", "shop", "1")
    assert main(["registry", "check", "shop"]) == 0


def test_an_approval_is_refused_when_the_champion_has_changed_since(
    checkout: Checkout, promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = promoted("1")
    checkout("2", approval=True)
    assert main(["promote", "shop"]) == PROMOTED
    promoted("3")
    assert "judged against champion 1; since then the champion has changed (now 3)" in fails(
        capsys, "approve", "shop", "2"
    )
    assert main(["rollback", "shop"]) == 0
    assert "since then the champion has changed (now 1)" in fails(capsys, "approve", "shop", "2")
    checkout("2", approval=True)
    assert main(["promote", "shop"]) == PROMOTED
    assert main(["approve", "shop", "2"]) == 0
    assert alias(root) == "2"


def test_an_alias_that_was_moved_by_hand_is_refused_with_the_remedy_and_put_back(
    promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = promoted("1", "2")
    for moved in ("3", None):
        if moved:
            client(root).set_registered_model_alias("shop", "champion", moved)
        else:
            client(root).delete_registered_model_alias("shop", "champion")
        said = fails(capsys, "promote", "shop")
        assert f"shows {'version 3' if moved else 'nothing'}, but the ledger says version 2" in said
        assert main(["registry", "check", "shop"]) == REFUSED
        assert main(["registry", "restore", "shop"]) == 0
        assert alias(root) == "2"
        assert main(["registry", "check", "shop"]) == 0


def test_a_rollback_mends_an_alias_that_was_moved_by_hand(promoted: Checkout) -> None:
    root = promoted("1", "2")
    client(root).set_registered_model_alias("shop", "champion", "3")
    assert main(["rollback", "shop"]) == 0
    assert alias(root) == "1"
    assert main(["registry", "check", "shop"]) == 0


def test_a_champion_from_before_the_ledger_is_adopted_by_a_person(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout("2")
    client(root).set_registered_model_alias("shop", "champion", "1")
    assert main(["status", "shop"]) == 0
    assert "version 1, and there is no ledger" in capsys.readouterr().out
    assert main(["registry", "check", "shop"]) == REFUSED
    assert main(["promote", "shop"]) == REFUSED
    assert "`python -m pipelines registry adopt shop --reason TEXT` begins one" in capsys.readouterr().err
    assert main(["registry", "adopt", "shop", "--reason", "older than the ledger"]) == 0
    assert main(["promote", "shop"]) == PROMOTED
    assert [entry.body["kind"] for entry in entries(root)] == ["adopted", "decision"]
    assert entries(root)[0].body["model_digest"] == model_versions.digest_of(
        client(root).get_model_version("shop", "1")
    )
    assert main(["rollback", "shop"]) == 0
    assert alias(root) == "1"
    assert main(["registry", "check", "shop"]) == 0


def test_the_champion_and_the_one_before_are_not_deleted(
    promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    root = promoted("1", "2")
    assert "is the champion" in fails(capsys, "registry", "delete", "shop", "02")
    assert "was champion before" in fails(capsys, "registry", "delete", "shop", "1")
    assert "'shop' has no version 9; there are [1, 2, 3, 4]" in fails(capsys, "registry", "delete", "shop", "9")
    assert "'shop' has no version latest" in fails(capsys, "registry", "delete", "shop", "latest")
    assert main(["registry", "delete", "shop", "3"]) == 0
    assert {str(one.version) for one in client(root).search_model_versions("name = 'shop'")} == {"1", "2", "4"}


def test_what_a_rollback_leads_to_or_came_from_is_not_deleted(
    promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the first the next rollback fails; without the other, the same model would come back as a new one."""
    promoted("1", "2")
    assert main(["rollback", "shop"]) == 0
    assert "was rolled back" in fails(capsys, "registry", "delete", "shop", "2")


def test_every_fault_of_a_registry_is_one_line(promoted: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    root = promoted("1", "2")

    def faults() -> list[str]:
        capsys.readouterr()
        assert main(["registry", "check", "shop"]) == REFUSED
        return capsys.readouterr().out.splitlines()

    client(root).set_model_version_tag("shop", "2", model_versions.DIGEST, "other")
    client(root).delete_model_version("shop", "1")
    first, second = faults()
    assert "version 2, the champion, has the model digest 'other', but the ledger says" in first
    assert second == "version 1, a champion before, is lost: 'shop' has no version 1; there are [2, 3, 4]"
    book = ledger.opened(root)
    with book.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER holdfast_ledger_update")
        connection.execute(sa.text("UPDATE holdfast_ledger SET body = replace(body, 'PROMOTE', 'REFRESH')"))
    assert faults() == ["entry 2 was changed: its hash does not match"]
    with book.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER holdfast_ledger_delete")
        connection.execute(sa.text("DELETE FROM holdfast_ledger WHERE number = 1"))
    assert faults() == ["entry 2 stands where entry 1 should be: one is missing"]


def test_history_and_status_answer_before_and_after_anything_happened(
    checkout: Checkout, promoted: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout("1")
    assert main(["history", "shop"]) == main(["status", "shop"]) == 0
    told = capsys.readouterr().out
    assert "nothing was decided on 'shop' yet" in told
    assert "0 on cohort" in told
    promoted("1", "2")
    capsys.readouterr()
    assert main(["history", "shop"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["entry", "when", "kind", "verdict"]
    assert "none -> 1" in first
    assert "1 -> 2" in second
    assert "2 at 0.00833" in second
    assert main(["history", "shop", "--whole"]) == 0
    assert "minimum gain 0" in capsys.readouterr().out
    assert main(["status", "shop"]) == 0
    told = capsys.readouterr().out
    for words in ("champion           version 2", "before             version 1", "2 on cohort", "alpha 0.05"):
        assert words in told


def test_a_new_registry_may_be_looked_at_before_it_is_made(
    checkout: Checkout, shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger's table comes first, MLflow's follow."""
    checkout("1")
    monkeypatch.chdir(shop.checkout(tmp_path / "new", "1"))
    assert main(["history", "shop"]) == 0
    assert main(["status", "shop"]) == 0
    assert main(["registry", "check", "shop"]) == 0


@pytest.mark.parametrize("command", ["history", "status", "rollback", "promote"])
def test_an_unknown_spec_is_one_line(command: str, checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout("1")
    assert "no spec 'shops'" in fails(capsys, command, "shops")
