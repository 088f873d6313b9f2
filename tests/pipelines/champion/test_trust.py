"""What was changed behind the registry's back is found before it serves, and there is a way out of every loss."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib._bootstrap_external import _code_to_timestamp_pyc
from pathlib import Path
from typing import Any

import mlflow
import pytest
import sqlalchemy as sa
from mlflow import MlflowClient

from features.contract import Contract
from features.errors import StorageError
from pipelines.champion import identity, ledger, loading, model_versions
from pipelines.champion.ledger import Entry, canonical, hash_of
from pipelines.champion.succession import Standing
from pipelines.cli import main
from pipelines.files import storage
from pipelines.models import integrity, scorer_text
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace
from tests.pipelines.gate_world import Shop

Checkout = Callable[..., Path]
DONE, USAGE, REFUSED = 0, 2, 5
OF_ALL_KINDS = Path(__file__).parents[1] / "workspace_before" / "scorer_of_all_kinds.txt"
# Whatever decides or says something by the ledger.
SAY = (["status"], ["history"], ["promote"], ["rollback"], ["approve", "2"], ["registry", "restore"])


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root}/mlflow.db", f"sqlite:///{root}/mlflow.db")


def entries(root: Path) -> tuple[Entry, ...]:
    return ledger.opened(root).entries("shop")


def decision(root: Path) -> dict[str, Any]:
    return storage.read_json(Workspace(root, "shop").decision)


def champion(root: Path) -> tuple[str | None, str | None]:
    """What the ledger says, and what the alias shows."""
    found = model_versions.champion(client(root), "shop")
    return Standing("shop", entries(root)).champion, str(found.version) if found else None


def files(root: Path, version: str) -> Path:
    """Where the files of a version lie."""
    mlflow_runs.use(root)
    return Path(mlflow.artifacts.download_artifacts(f"models:/shop/{version}"))


def told(capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
    """What a command says that ends with that code, and with no traceback."""
    capsys.readouterr()
    place = 1 if words[0] != "registry" else 2
    assert main([*words[:place], "shop", *words[place:]]) == code, words
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.out + said.err


@pytest.fixture
def shop_as_it_was(shop: Shop) -> Iterator[None]:
    """All tests share the files of the versions; this one changes them, and they are put back."""
    kept = shop.folder / "kept"
    shutil.copytree(shop.folder / "mlartifacts", kept)
    yield
    shutil.rmtree(shop.folder / "mlartifacts")
    kept.rename(shop.folder / "mlartifacts")


@pytest.fixture
def two(promoted: Checkout, checkout: Checkout) -> Path:
    """Version 1 became champion, then version 2; version 3 is the challenger."""
    promoted("1", "2")
    return checkout("3")


def damage(place: Path, how: str) -> str:
    """Change a stored model; the name of the file that must be told."""
    model = place / "artifacts" / "challenger" / "model.json"
    if how == "one digit":
        text = model.read_text()
        at = text.index("0.") + 4
        model.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])
        return "artifacts/challenger/model.json was changed"
    if how == "scorer":
        (place / "scorer.py").write_text((place / "scorer.py").read_text() + "\nopen('ran', 'w')\n")
        return "scorer.py was changed"
    if how == "added":
        (place / "sitecustomize.py").write_text("open('ran', 'w')\n")
        return "sitecustomize.py was added"
    if how == "one gone":
        (place / "artifacts" / "challenger" / "contract.json").unlink()
        return "artifacts/challenger/contract.json is gone"
    shutil.rmtree(place)
    return "version 2 of 'shop' are gone"


@pytest.mark.usefixtures("shop_as_it_was")
@pytest.mark.parametrize("how", ["one digit", "scorer", "added", "one gone", "all gone"])
def test_a_changed_champion_is_named_and_neither_judges_nor_serves(
    two: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = damage(files(two, "2"), how)
    before = entries(two)
    for words in (["registry", "check"], ["promote"], ["promote", "--force", "--reason", "must"], ["score"]):
        said = told(capsys, REFUSED, *words)
        assert named in said, words
        assert "registry restore shop" in said
    assert entries(two) == before
    assert not (two / "ran").exists()


@pytest.mark.usefixtures("shop_as_it_was")
def test_compiled_python_beside_a_scorer_is_not_run(two: Path) -> None:
    """Python takes it for the text, as long as it names the text's time and size."""
    place = files(two, "2")
    text = place / "scorer.py"
    code = compile("open('ran', 'w').close()\n" + text.read_text(), str(text), "exec")
    compiled = Path(importlib.util.cache_from_source(str(text)))
    compiled.parent.mkdir(exist_ok=True)
    about = text.stat()
    compiled.write_bytes(_code_to_timestamp_pyc(code, int(about.st_mtime), about.st_size))
    mlflow.pyfunc.load_model(str(place))
    assert (two / "ran").exists(), "MLflow alone runs it"
    (two / "ran").unlink()
    assert main(["registry", "check", "shop"]) == DONE
    standing = Standing("shop", entries(two))
    loading.predictor("shop", "2", loading.seal_of(model_versions.version(client(two), "shop", "2"), standing))
    assert not (two / "ran").exists()


@pytest.mark.usefixtures("shop_as_it_was")
def test_a_changed_challenger_is_registered_anew_and_never_promoted(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(files(two, "3"), "one digit")
    found = model_versions.version(client(two), "shop", "3")
    assert not loading.is_whole(found)
    assert loading.version_of(client(two), "shop", model_versions.digest_of(found)) is None
    assert "its files are not those that were registered" in told(capsys, REFUSED, "promote")
    assert champion(two) == ("2", "2")


def test_a_comment_makes_no_other_model_and_one_bit_does(shop: Shop, tmp_path: Path) -> None:
    folder = shop.folder / "1" / "model" / "challenger"
    same, other = tmp_path / "same", tmp_path / "other"
    for copy in (same, other):
        shutil.copytree(folder, copy)
    text = (same / "scorer.py").read_text()
    (same / "scorer.py").write_text("# A comment.\n" + text.replace('"""The sum."""', '"""What it adds up to."""'))
    plain = json.loads((same / "model.json").read_text())
    (same / "model.json").write_text(json.dumps(dict(reversed(plain.items()))))
    assert identity.digest(same) == identity.digest(folder)
    assert integrity.files_of(same) != integrity.files_of(folder)
    (other / "scorer.py").write_text(text.replace("log_odds = calibration", "log_odds = 1.0 * calibration"))
    assert identity.digest(other) != identity.digest(folder)


def stored_as(root: Path, shop: Shop, *, text: str, version: str) -> str:
    """The model of a version once more, with another scorer; the number of the new version."""
    folder = root / "copy"
    shutil.copytree(shop.folder / version / "model" / "challenger", folder)
    (folder / "scorer.py").write_text(text)
    mlflow_runs.use(root)
    old = client(root).get_model_version("shop", version)
    example = storage.read_parquet(shop.folder / version / "evaluation" / "gate.parquet").to_pandas().head(20)
    contract = Contract.from_dict(storage.read_json(folder / "contract.json"))
    output = loading.predict(mlflow.pyfunc.load_model(str(files(root, version))), example)
    with mlflow.start_run(run_id=None, experiment_id=client(root).get_run(old.run_id).info.experiment_id):
        mlflow.log_artifact(str(shop.folder / version / "model" / "training.parquet"))
        logged = model_versions.log_model(folder, contract=contract, example=example[contract.names], output=output)
    made_of = integrity.summary(model_versions.logged_files(logged))
    tags = {**old.tags, model_versions.DIGEST: identity.digest(folder), integrity.MADE_OF: made_of}
    return model_versions.register(client(root), "shop", logged=logged, tags=tags)


@pytest.mark.usefixtures("shop_as_it_was")
def test_a_model_that_says_the_same_everywhere_is_no_news_and_no_look(
    checkout: Checkout, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout("1")
    told(capsys, DONE, "promote")
    before = entries(root)
    for text, code in (("UNUSED = 1\n{}", DONE), ("{}", DONE)):
        scorer = text.format(scorer_text.text(["logistic"]))
        number = stored_as(root, shop, text=scorer, version="1")
        storage.write_json(Workspace(root, "shop").registration, {"name": "shop", "version": number})
        shutil.rmtree(root / "copy")
        assert "predicts the same as the champion, version 1, to the bit: on 2,800 gate rows" in told(
            capsys, code, "promote"
        )
        assert decision(root)["verdict"] == "NO_CHANGE"
        assert decision(root)["champion_version"] == "1"
        assert entries(root) == before


@pytest.mark.usefixtures("shop_as_it_was")
def test_a_champion_whose_scorer_held_all_kinds_of_models_is_the_same_model(
    checkout: Checkout, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scorers of before carried the arithmetic of every family; now they are shorter, and say the same."""
    root = checkout("1")
    number = stored_as(root, shop, text=OF_ALL_KINDS.read_text(), version="1")
    digests = [model_versions.digest_of(model_versions.version(client(root), "shop", one)) for one in ("1", number)]
    assert digests[0] != digests[1]
    storage.write_json(Workspace(root, "shop").registration, {"name": "shop", "version": number})
    told(capsys, DONE, "promote")
    assert champion(root) == (number, number)
    before = entries(root)
    storage.write_json(Workspace(root, "shop").registration, {"name": "shop", "version": "1"})
    for _ in range(2):
        said = told(capsys, DONE, "promote")
        assert f"predicts the same as the champion, version {number}, to the bit: on 2,800 gate rows" in said
        assert decision(root)["verdict"] == "NO_CHANGE"
        assert entries(root) == before
    assert champion(root) == (number, number)
    told(capsys, DONE, "registry", "check")


def test_rows_beyond_the_contract_tell_models_apart_that_agree_within(shop: Shop) -> None:
    contract = Contract.from_dict(storage.read_json(shop.folder / "3" / "model" / "challenger" / "contract.json"))
    rows = identity.random_rows(contract)
    assert rows.isna().any().all()
    assert list(rows) == contract.names

    def one(rows: Any, _reasons: int) -> Any:
        return rows[["a"]].clip(lower=-50)

    def other(rows: Any, _reasons: int) -> Any:
        return rows[["a"]].clip(lower=-90)

    assert identity.same(one, other, rows[rows["a"].abs() < 40], reasons=0)
    assert not identity.same(one, other, rows, reasons=0)


def rewritten(root: Path, change: Callable[[dict[str, Any]], dict[str, Any]], *, chained: bool) -> None:
    """Change the last entry behind the triggers; chained: its hash is made to fit."""
    last = entries(root)[-1]
    body = change(dict(last.body))
    digest = hash_of("shop", number=last.number, previous=last.previous, body=body) if chained else last.hash
    with ledger.opened(root).engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER holdfast_ledger_update")
        words = "UPDATE holdfast_ledger SET body = :body, hash = :hash WHERE number = :number"
        connection.execute(sa.text(words), {"body": canonical(body), "hash": digest, "number": last.number})


def test_a_broken_chain_stops_whatever_decides_or_says(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewritten(two, lambda body: {**body, "champion_version": "3"}, chained=False)
    for words in (*SAY, ["registry", "check"], ["registry", "head"], ["score"]):
        assert "entry 2 was changed: its hash does not match" in told(capsys, REFUSED, *words), words
    assert model_versions.champion(client(two), "shop").version == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("body", [{}, {"kind": "decision"}])
def test_an_entry_that_says_nothing_is_a_fault_and_no_traceback(
    two: Path, body: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    client(two).delete_registered_model_tag("shop", model_versions.LEDGER_HEAD)
    rewritten(two, lambda _: body, chained=True)
    for words in (*SAY, ["registry", "check"]):
        assert "entry 2 does not say" in told(capsys, REFUSED, *words), words


def test_a_chain_written_anew_is_found_by_the_registry_and_by_a_head_kept_elsewhere(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = two / "shop.head.json"
    head.write_text(told(capsys, DONE, "registry", "head"))
    kept = json.loads(head.read_text())
    assert (kept["champion"], set(kept["files"])) == ("2", set(integrity.files_of(files(two, "2"))))
    assert "2 entries" in told(capsys, DONE, "registry", "check", "--head", str(head))
    checked = two / "later.json"
    rewritten(two, lambda body: {**body, "by": "nobody"}, chained=True)
    assert "entry 2 has another hash than was kept elsewhere" in told(capsys, REFUSED, "status")
    client(two).set_registered_model_tag("shop", model_versions.LEDGER_HEAD, f"2 {entries(two)[-1].hash}")
    told(capsys, DONE, "status")
    said = told(capsys, REFUSED, "registry", "check", "--head", str(head))
    assert "entry 2 has another hash than was kept elsewhere: the chain was written anew" in said
    checked.write_text("{}")
    assert "is not what `registry head shop` prints" in told(capsys, USAGE, "registry", "check", "--head", str(checked))
    checked.write_text("no JSON")
    told(capsys, REFUSED, "registry", "check", "--head", str(checked))


def test_a_head_that_is_older_than_the_ledger_still_fits(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = two / "shop.head.json"
    head.write_text(told(capsys, DONE, "registry", "head"))
    told(capsys, DONE, "promote")
    assert len(entries(two)) == 3
    told(capsys, DONE, "registry", "check", "--head", str(head))


@pytest.mark.parametrize("witness", [True, False])
def test_a_ledger_that_vanished_is_a_fault_and_no_beginning(
    two: Path, witness: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger.opened(two).engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE holdfast_ledger")
    if not witness:
        client(two).delete_registered_model_tag("shop", model_versions.LEDGER_HEAD)
    for words in (["promote"], ["score"]):
        assert "registry adopt shop" in told(capsys, REFUSED, *words), words
    assert ("entry 2 is missing" if witness else "registry adopt") in told(capsys, REFUSED, "registry", "check")
    assert entries(two) == ()
    assert "earlier comparisons are no longer counted" in told(
        capsys, DONE, "registry", "adopt", "--reason", "the disk burnt"
    )
    assert "already" in told(capsys, DONE, "registry", "adopt", "--reason", "the disk burnt")
    assert champion(two) == ("2", "2")
    told(capsys, DONE, "registry", "check")
    told(capsys, DONE, "promote")
    assert champion(two) == ("3", "3")


def test_a_deleted_champion_is_followed_by_the_last_good_one(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client(two).delete_model_version("shop", "2")
    for words in (["promote"], ["promote", "--force", "--reason", "must"], ["score"], ["registry", "check"]):
        said = told(capsys, REFUSED, *words)
        assert "'shop' has no version 2" in said, words
        assert "registry restore shop" in said
    assert "from version 2 back to version 1: the champion is lost" in told(capsys, DONE, "registry", "restore")
    assert champion(two) == ("1", "1")
    told(capsys, DONE, "registry", "check")
    told(capsys, DONE, "promote")
    assert champion(two) == ("3", "3")


@pytest.mark.parametrize("rescue", ["registry restore", "rollback"])
def test_what_is_lost_is_passed_over(checkout: Checkout, rescue: str, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1", "2", "3"):
        root = checkout(version)
        assert main(["promote", "shop"]) == DONE
    for version in ("2", "3") if rescue == "registry restore" else ("2",):
        client(root).delete_model_version("shop", version)
    assert "back to version 1" in told(capsys, DONE, *rescue.split())
    assert champion(root) == ("1", "1")
    assert Standing("shop", entries(root)).before is None
    told(capsys, DONE, "registry", "check")


def test_without_any_good_champion_the_next_challenger_is_judged_as_a_first_one(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in ("1", "2"):
        client(two).delete_model_version("shop", version)
    assert "has nothing to roll back to: 'shop' has no version 1" in told(capsys, USAGE, "rollback")
    assert "there is none now" in told(capsys, DONE, "registry", "restore")
    assert champion(two) == (None, None)
    for words in (["status"], ["history"], ["registry", "check"], ["registry", "restore"]):
        told(capsys, DONE, *words)
    told(capsys, DONE, "promote")
    assert decision(two)["verdict"] == "FIRST_CHAMPION"
    assert champion(two) == ("3", "3")
    assert decision(two)["look"]["number"] == 3


@pytest.mark.usefixtures("shop_as_it_was")
def test_a_copy_of_a_lost_champion_takes_its_place_with_what_it_is_for(
    two: Path, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Standing("shop", entries(two))
    number = stored_as(two, shop, text=scorer_text.text(["logistic"]), version="2")
    damage(files(two, "2"), "one digit")
    assert f"version {number} is the same model and takes its place" in told(capsys, DONE, "registry", "restore")
    after = Standing("shop", entries(two))
    assert champion(two) == (number, number)
    assert (after.claims, after.looks(), after.before) == (before.claims, before.looks(), "1")
    assert after.files(number)
    told(capsys, DONE, "registry", "check")


def test_an_alias_where_the_ledger_has_no_champion_is_taken_away(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1", "2"):
        client(two).delete_model_version("shop", version)
    told(capsys, DONE, "registry", "restore")
    client(two).set_registered_model_alias("shop", "champion", "4")
    assert "registry restore shop" in told(capsys, USAGE, "promote")
    told(capsys, DONE, "registry", "restore")
    assert champion(two) == (None, None)


@pytest.mark.parametrize("name", ["registration.json", "evaluation/report.json", "decision.json"])
def test_a_file_that_is_no_json_is_named(two: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Workspace(two, "shop").artifacts / name
    path.write_text('{"version": ')
    if name == "decision.json":  # it is written anew
        told(capsys, DONE, "promote")
        return
    assert f"{path} is no JSON" in told(capsys, REFUSED, "promote")


def test_a_spec_is_called_as_its_file(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = two / "experiments" / "specs" / "shop.yaml"
    (path.parent / "other.yaml").write_text("name: shop\n" + path.read_text())
    capsys.readouterr()
    assert main(["status", "other"]) == USAGE
    assert "name: 'shop' is not the name of the file" in capsys.readouterr().err
    path.write_text("name: shop\n" + path.read_text())
    told(capsys, DONE, "status")


def test_a_champion_from_before_hashes_of_files_is_sealed_once(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is where the entries were written by an earlier version: no files, and the digest of the folder."""
    place = files(two, "2")
    digest = storage.digest(place / "artifacts" / "challenger")
    client(two).delete_registered_model_tag("shop", model_versions.LEDGER_HEAD)
    client(two).delete_model_version_tag("shop", "2", integrity.MADE_OF)
    client(two).set_model_version_tag("shop", "2", model_versions.DIGEST, digest)
    rewritten(two, lambda body: {**body, "files": {}, "model_digest": digest}, chained=True)
    assert "`python -m pipelines registry seal shop` adds them" in told(capsys, DONE, "registry", "check")
    assert "files of version 2" in told(capsys, DONE, "registry", "seal")
    assert Standing("shop", entries(two)).files("2") == integrity.files_of(place)
    assert "already" in told(capsys, DONE, "registry", "seal")
    assert "seal" not in told(capsys, DONE, "registry", "check")


@pytest.mark.usefixtures("shop_as_it_was")
def test_a_champion_from_before_hashes_of_files_is_known_by_the_digest_of_its_folder(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = files(two, "2")
    digest = storage.digest(place / "artifacts" / "challenger")
    client(two).delete_registered_model_tag("shop", model_versions.LEDGER_HEAD)
    client(two).delete_model_version_tag("shop", "2", integrity.MADE_OF)
    rewritten(two, lambda body: {**body, "files": {}, "model_digest": digest}, chained=True)
    for change in ("scorer", "one digit"):
        damage(place, change)
        assert "was changed" in told(capsys, REFUSED, "registry", "seal")


@pytest.mark.usefixtures("shop_as_it_was")
def test_the_lines_for_serving_teams_load_the_champion_and_refuse_a_changed_one(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "trust.md").read_text()
    lines = page.split("```python\n")[1].split("```")[0].replace("demo.head.json", "shop.head.json")
    (two / "shop.head.json").write_text(told(capsys, DONE, "registry", "head"))
    without_ours = "import sys; sys.modules |= dict.fromkeys(('features', 'experiments', 'pipelines', 'holdfast'))"
    program = f"{without_ours}\n{lines}\nprint(model.metadata.get_input_schema() is None or 'loaded')"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{two}/mlflow.db", "TMPDIR": str(two)}

    def served() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-I", "-c", program]
        return subprocess.run(words, cwd=two, env=environment, capture_output=True, text=True, check=False)

    assert served().returncode == 0, served().stderr
    damage(files(two, "2"), "scorer")
    refused = served()
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("is not the model that was promoted: ['scorer.py']")
    assert not (two / "ran").exists()


@pytest.mark.usefixtures("shop_as_it_was")
def test_where_the_rows_that_a_champion_learnt_from_are_lost_the_decision_says_so_and_what_to_do(
    two: Path, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    run = client(two).get_model_version("shop", "2").run_id
    next((shop.folder / "mlartifacts" / run).rglob("training.parquet")).unlink()
    said = told(capsys, REFUSED, "promote")
    assert "which rows version 2, the champion, learnt from is lost" in said
    assert "promote shop --force --reason TEXT" in said
    told(capsys, DONE, "promote", "--force", "--reason", "the run was deleted")
    assert champion(two) == ("3", "3")


@pytest.mark.usefixtures("shop_as_it_was")
def test_files_that_are_there_and_cannot_be_read_are_not_called_lost(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A restore would replace a champion that is there: MLflow reads nothing that leads out of its folder."""
    broken = files(two, "2") / "artifacts" / "challenger" / "model.json"
    broken.rename(two / "model.json")
    broken.symlink_to(two / "model.json")
    before = entries(two)
    for words in (["promote"], ["registry", "check"], ["registry", "restore"], ["score"]):
        said = told(capsys, USAGE, *words)
        assert "could not be read: Invalid path" in said, words
        assert "restore" not in said.replace("registry restore shop:", "")
    assert entries(two) == before
    assert champion(two) == ("2", "2")


def test_what_a_store_says_it_lacks_is_gone_and_what_cannot_be_written_here_is_not(two: Path, shop: Shop) -> None:
    mlflow_runs.use(two)
    run = client(two).get_model_version("shop", "2").run_id
    assert loading.fetched("training.parquet", run_id=run)
    assert loading.fetched("nothing.parquet", run_id=run) is None
    with pytest.raises(StorageError, match="could not be read"):
        loading.fetched("MLmodel", artifact_uri="models:/shop/2", to="/dev/null/folder")
    assert loading.fetched("MLmodel", artifact_uri=(shop.folder / "no model").as_uri()) is None
