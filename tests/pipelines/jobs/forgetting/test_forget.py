"""`forget`: nothing names the person, figures stay, a receipt says what was done, and nobody brings them back."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import yaml

from features.errors import UsageError
from pipelines.cli import main
from pipelines.files import spreadsheet, storage
from pipelines.jobs import collecting
from pipelines.jobs.forgetting import forget_run, journal, places, raw, receipts
from pipelines.jobs.forgetting.change import of_matrix
from pipelines.jobs.service.online import sorted_tables
from pipelines.learning import surveys_of
from pipelines.outreach.operations import (
    acting,
    answers,
    database,
    erased_people,
    received_events,
    rounds,
    warnings,
)
from pipelines.outreach.operations.received_events import Event
from pipelines.outreach.operations.rounds import Round
from pipelines.outreach.operations.tables import ASSIGNMENTS, ERASURES
from pipelines.raw_data import erased
from pipelines.raw_data.raw_versions import history
from pipelines.specs.options import source_of
from pipelines.stages import ingest
from pipelines.workspace import Workspace
from tests.pipelines.jobs.forgetting.studio import ANNA, MAIL, NAME, NOTE, ROUND_ON, TEXT, Studio, filled
from tests.specs import trial_spec

WORDS = (ANNA, NAME, MAIL, TEXT, NOTE)
AT = "2026-06-01T08:00:00+00:00"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (database.ADDRESS, "HOLDFAST_LEDGER_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow sets it: this way it is gone with the test
    monkeypatch.delenv("MLFLOW_TRACKING_URI")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(database.ADDRESS, raising=False)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        filled(root)
        receipts.versions("studio", Workspace(root, "studio"))  # which makes MLflow's database
    return root


@pytest.fixture
def studio(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    root = tmp_path / "checkout"
    shutil.copytree(template, root)
    monkeypatch.chdir(root)
    return Studio(root)


def forget(studio: Studio, customer: str = ANNA) -> dict[str, Any] | None:
    return forget_run.forget(studio.spec, studio.workspace, studio.engine, customer, at=AT, by="desk")[1]


def naming(root: Path, words: tuple[str, ...] = WORDS) -> dict[str, list[str]]:
    """The files in which any of these words stands, packed or not; what `forget` cannot reach is left out."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_file() and not name.startswith((".dvc/cache", ".git", "from_elsewhere")):
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += repr(pq.read_table(path).to_pylist()).encode()
            elif path.suffix in (".xlsx", ".zip") and is_zipfile(path):
                with ZipFile(io.BytesIO(content)) as packed:
                    content += b"".join(packed.read(one) for one in packed.namelist())
            if there := [word for word in words if word.encode() in content]:
                found[name] = there
    return found


def received(who: str, number: int) -> Event:
    row = {"interaction_id": f"s{number}", "customer_id": who, "event_at": "2026-02-02T10:00:00", "channel": "chat"}
    raw = {"file": "letters.jsonl", "row": {"mail": MAIL if who == ANNA else "m@all.example"}}
    return Event(f"{who}/{number}", "interactions", who, {**row, "complaint": True, "text": TEXT}, raw)


def test_what_the_service_received_and_answered_goes_too(studio: Studio) -> None:
    plain = yaml.safe_load(studio.workspace.spec_file.read_text())
    plain["source"]["received"] = True
    studio.workspace.spec_file.write_text(yaml.safe_dump(plain))
    studio = Studio(studio.root)
    events = [received(ANNA, 1), received("K-0008", 2), received(ANNA, 3)]
    received_events.keep(studio.engine, "studio", events, now=datetime(2026, 2, 3))
    said = {"spec": "studio", "customer_id": ANNA, "version": "1", "answered_at": "2026-02-03", "digest": "0" * 64}
    answers.keep(studio.engine, [{**said, "score": 0.5, "advice": f'"{NAME}"', "event": 1, "kind": "event"}])
    assert collecting.collect(studio.spec, studio.workspace).events == len(events)
    studio.ingest()
    assert storage.read_json(studio.workspace.tables / "about.json")["received"] == len(events)
    assert (studio.workspace.tables / "interactions" / "received-2026-02.parquet").exists()
    look = forget_run.look(studio.spec, studio.workspace, studio.engine, ANNA)
    assert look.files["data/raw/studio/received.parquet"] == look.database["holdfast_events"] == 2
    assert forget(studio) is not None
    assert naming(studio.root, (ANNA, NAME, MAIL, NOTE)) == {}
    assert pq.read_table(studio.workspace.raw / "received.parquet")["key"].to_pylist() == ["K-0008/2"]
    assert collecting.collect(studio.spec, studio.workspace) == collecting.Collected(1, 1), "nothing comes back"
    studio.ingest()
    assert storage.read_json(studio.workspace.tables / "about.json")["received"] == 2


def test_the_copy_of_the_tables_that_the_service_searches_goes_too(studio: Studio) -> None:
    source, options = source_of(studio.spec)
    folder = studio.workspace.state / sorted_tables.FOLDER
    copy = sorted_tables.of_batch(studio.workspace.tables, source.declare(options), folder=folder).path
    killed = folder / ".history-0-1.making.tmp"
    shutil.copytree(copy, killed)
    earlier = folder / "history-0.duckdb"
    earlier.write_bytes(b"rows in a form that nobody reads any more")
    with pytest.raises(UsageError):  # of whoever's rows a killed start left half a copy
        forget(studio, "K-9999")
    opened = sorted_tables.tables_in(copy)  # as the service has them
    receipt = forget(studio)
    assert receipt is not None
    assert any(one.of([ANNA]).num_rows for one in opened)
    assert not killed.exists()
    assert not earlier.exists()
    name = str(copy.relative_to(studio.root))
    assert [one["after"] for one in receipt["files"] if one["file"] == name] == [None]
    assert not copy.exists()
    anew = sorted_tables.of_batch(studio.workspace.tables, source.declare(options), folder=folder).path
    assert list(places.changes(studio.spec, studio.workspace, studio.engine, ANNA, "")) == []
    assert forget(studio, "K-0008") is not None
    assert not anew.exists()


def test_nothing_names_the_person_and_everything_else_is_as_it_was(studio: Studio) -> None:
    before, files = studio.effect(), naming(studio.root)
    acted = acting.warning_times(studio.engine, "studio").drop(columns="customer_id")
    kpis = studio.kpis()["windows"]
    for place in ("data/raw/", "data/tables/", "data/matrix/", "artifacts/studio/rounds/", "state/operations.db"):
        assert any(name.startswith(place) for name in files), place
    theirs = everybody_else(studio)
    receipt = forget(studio)
    assert receipt is not None
    assert naming(studio.root) == {}
    assert studio.effect() == before
    assert before["lines"][0]["word"] != "not yet"
    month, half_year, year = studio.kpis()["windows"]
    assert month == kpis[0]  # before which she had left
    moved, was = half_year["all"]["customers"], kpis[1]["all"]["customers"]
    assert moved == {**was, **{name: was[name] - 1 for name in ("at_start", "lost", "leavings")}}
    assert (half_year["acted"], year["acted"]) == (kpis[1]["acted"], kpis[2]["acted"])
    assert half_year["acted"]["raised"] == 1
    assert acting.warning_times(studio.engine, "studio").drop(columns="customer_id").equals(acted)
    for name, rows in everybody_else(studio).items():
        assert rows.equals(theirs[name]), name
    told = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "data/raw/studio.dvc"],
        cwd=studio.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "up to date" in told.stdout
    files = history(studio.workspace.raw)[-1]["files"]
    assert {name: one["sha256"] for name, one in files.items()} == {
        name: storage.digest(studio.workspace.raw / name) for name in files
    }
    assert len(history(studio.workspace.raw)) == 2


def everybody_else(studio: Studio) -> dict[str, pd.DataFrame]:
    """The rows of all others, of tables, matrix and list; of a partition of features those that say anything."""
    found = {}
    folders = (studio.workspace.tables, studio.workspace.matrix, studio.workspace.rounds)
    for path in sorted(one for folder in folders for one in folder.rglob("*.parquet")):
        rows = pq.read_table(path).to_pandas()
        if "customer_id" in rows:
            rows = rows[rows["customer_id"] != ANNA].reset_index(drop=True)
        else:
            there = pq.read_table(studio.workspace.matrix / "learn" / path.name) if has_learn(studio, path) else None
            others = range(len(rows)) if there is None else there["place"].to_pylist()
            mine = [] if there is None else there.to_pandas().query("customer_id == @ANNA")["place"].tolist()
            rows = rows.iloc[[one for one in others if one not in mine]].reset_index(drop=True)
        found[str(path.relative_to(studio.root))] = rows
    return found


def has_learn(studio: Studio, path: Path) -> bool:
    return (studio.workspace.matrix / "learn" / path.name).exists()


def test_the_features_of_the_person_say_nothing_any_more(studio: Studio) -> None:
    stays, matrix = "K-0008", studio.workspace.matrix
    dates = sorted(matrix.glob("learn/*.parquet")) + sorted(matrix.glob("score/*.parquet"))
    rows = {one.name: pq.read_table(one).to_pandas() for one in dates}
    places = {name: int(one.loc[one["customer_id"] == stays, "place"].iloc[0]) for name, one in rows.items()}
    partitions = [one for one in matrix.glob("*/*/*.parquet") if one.name in places]
    assert {one.parts[-3] for one in partitions} == {"themes", "frozen"}
    before = {one: pq.read_table(one).to_pandas() for one in partitions}
    for change in of_matrix(studio.workspace, stays):
        assert change.write is not None
        with storage.replacing(change.path) as out:
            change.write(out)
    for one in partitions:
        after, place = pq.read_table(one).to_pandas(), places[one.name]
        assert after.iloc[place].isna().all()
        assert after.drop(index=place).equals(before[one].drop(index=place))
    assert list(of_matrix(studio.workspace, stays)) == []
    assert naming(matrix, (stays,)) == {}


def test_the_receipt_says_what_was_done_and_names_nobody(studio: Studio) -> None:
    looked = forget_run.look(studio.spec, studio.workspace, studio.engine, ANNA)
    receipt = forget(studio)
    assert receipt is not None
    assert receipt["database"]["rows"] == looked.database
    assert looked.database["holdfast_contact_notes"] == 1
    assert {one["file"]: one["rows"] for one in receipt["files"]} == looked.files
    for one in receipt["files"]:
        assert storage.digest(studio.root / one["file"]) == one["after"] != one["before"]
    assert (receipt["at"], receipt["by"], receipt["tracked_by_dvc"]) == (AT, "desk", True)
    assert erased.is_pseudonym(receipt["pseudonym"])
    assert any("models.json" in one and "this one alone" in one for one in receipt["not_reached"])
    path = studio.workspace.artifacts / "erasures" / f"{receipt['pseudonym']}.json"
    assert json.loads(path.read_text()) == receipt
    assert not any(word in json.dumps(receipt, ensure_ascii=False) for word in WORDS)
    kept = rounds.found(studio.engine, "studio", ROUND_ON)
    assert kept is not None  # else its digest is not that of its rows
    assert receipt["pseudonym"] in set(kept[1]["customer_id"])


def test_lists_lose_the_row_and_rows_that_judged_keep_a_pseudonym(studio: Studio) -> None:
    own, ids = studio.workspace, ["K-0001", ANNA, "K-0008"]
    rows = pd.DataFrame({"customer_id": ids, "risk": [0.5, 0.25, 0.125], "reason": ["=1", "a, b\nc", 'say "x"']})
    whole, files = pa.Table.from_pandas(rows, preserve_index=False), own.ranked_list / "ranked_list.csv"
    gate = own.evaluation / "gate.parquet"
    for path in (own.ranked_list / "ranked_list.parquet", own.treatments, gate):
        storage.write_parquet(path, whole)
    for path in (files, own.warnings_file):
        spreadsheet.write(path, rows)
    told = {own.validation / "result.json": f'"{ANNA}"', own.state / "unmapped" / "usage.csv": f"id\n{ANNA}\n"}
    kept = {own.validation / "data.json": f'"{ANNA}1", "x{ANNA}"', own.evaluation / "report.json": ANNA}
    for path, text in {**told, **kept}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    name = erased.pseudonym()
    for change in places.changes(studio.spec, own, studio.engine, ANNA, name):
        if change.write is None:
            change.path.unlink()
        elif change.path.is_file():
            with storage.replacing(change.path) as out:
                change.write(out)
    others = rows[rows["customer_id"] != ANNA].reset_index(drop=True)
    for path in (own.ranked_list / "ranked_list.parquet", own.treatments):
        assert pq.read_table(path).to_pandas().equals(others)
    for path in (files, own.warnings_file):
        spreadsheet.write(own.root / "expected.csv", others)
        assert path.read_bytes() == (own.root / "expected.csv").read_bytes()
    assert pq.read_table(gate).to_pandas().equals(rows.assign(customer_id=["K-0001", name, "K-0008"]))
    assert not any(path.exists() for path in told)
    assert all(path.read_text() == text for path, text in kept.items())


def test_texts_that_a_reader_learns_from_go_too(studio: Studio) -> None:
    reader = Workspace(studio.root, "tone")
    surveys = pa.table({"customer_id": [ANNA, "K-0001", ANNA], "survey_id": ["s1", "s2", "s3"]})
    storage.write_parquet(studio.workspace.tables / "surveys" / "2025-01.parquet", surveys)
    storage.write_parquet(reader.texts / "texts.parquet", pa.table({"key": ["s1", "s2"], "text": [TEXT, "Fine"]}))
    storage.write_json(reader.raw / surveys_of.NAME, {"spec": "studio"})
    (change,) = places.of_readers(studio.workspace, ANNA)
    assert change.rows == 1
    assert change.write is not None
    with storage.replacing(change.path) as out:
        change.write(out)
    assert pq.read_table(reader.texts)["text"].to_pylist() == ["Fine"]
    storage.write_json(reader.raw / surveys_of.NAME, {"spec": "another"})
    assert list(places.of_readers(studio.workspace, "K-0001")) == []


def test_a_source_without_raw_files_is_told_by_the_list_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "shop")
    spec = trial_spec(source={"kind": "simulated", "customers": 60, "months": 2})
    ingest.run(spec, workspace)
    before = {one.name: len(storage.read_parquet(one)) for one in workspace.tables.iterdir() if one.is_dir()}
    raw.leave_out(workspace, "C0000017")
    raw.leave_out(workspace, "C0000017")
    ingest.run(spec, workspace)
    about = storage.read_json(workspace.tables / "about.json")
    assert about["rows"]["customers"] < before["customers"]
    for name, rows in before.items():
        kept = storage.read_parquet(workspace.tables / name, ["customer_id"])["customer_id"].to_pylist()
        assert "C0000017" not in kept
        assert len(kept) == about["rows"][name] <= rows
    assert len(erased.read(workspace.raw).people) == 1


def test_again_there_is_nothing_to_do(studio: Studio) -> None:
    forget(studio)
    before = storage.digest(studio.root / "data"), storage.digest(studio.root / "artifacts")
    assert forget(studio) is None
    assert (storage.digest(studio.root / "data"), storage.digest(studio.root / "artifacts")) == before
    with studio.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(ERASURES)).scalar() == 2


@pytest.mark.parametrize("unknown", ["K-9999", "K-000", "7", NAME])
def test_somebody_unknown_is_one_line_and_nothing_changes(studio: Studio, unknown: str) -> None:
    before = storage.digest(studio.root / "data"), storage.digest(studio.root / "state")
    with pytest.raises(UsageError, match=f"there is no customer '{unknown}'.*nothing was changed"):
        forget(studio, unknown)
    assert (storage.digest(studio.root / "data"), storage.digest(studio.root / "state")) == before


def test_a_dry_run_changes_nothing(studio: Studio) -> None:
    before = storage.digest(studio.root / "data"), storage.digest(studio.root / "artifacts")
    found = forget_run.look(studio.spec, studio.workspace, studio.engine, ANNA)
    assert {name.split("/")[1] for name in found.files} == {"raw", "tables", "matrix", "studio"}
    assert (storage.digest(studio.root / "data"), storage.digest(studio.root / "artifacts")) == before
    assert naming(studio.root)


def test_the_command_says_it_and_keeps_the_id_to_itself(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "studio", "K-9999"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["forget", "studio", ANNA, "--dry-run"]) == 0
    would = capsys.readouterr().out
    assert "data/raw/studio/people.csv" in would
    assert naming(studio.root)
    assert main(["forget", "studio", ANNA, "--json"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["receipt"]["database"]["rows"]["holdfast_contacts"] == 1
    assert main(["forget", "studio", ANNA]) == 0
    again = capsys.readouterr().out
    assert "erased before; nothing is left" in again
    assert naming(studio.root) == {}
    assert not any(word in text for word in WORDS for text in (would, told, again))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_killed_run_goes_on_where_it_was(studio: Studio, share: float) -> None:
    """Killed as it begins, as it writes, or with the last file; the second run ends it with the same pseudonym."""
    before, kept = studio.effect(), studio.workspace.state / journal.NAME
    files = int(share * len(forget_run.look(studio.spec, studio.workspace, studio.engine, ANNA).files))
    program = (
        "import sys; from pathlib import Path; from tests.pipelines.jobs.forgetting.studio import Studio;"
        "from pipelines.jobs.forgetting import forget_run as f; s = Studio(Path(sys.argv[1]));"
        f"f.forget(s.spec, s.workspace, s.engine, {ANNA!r}, at={AT!r}, by='desk')"
    )
    home = Path(__file__).parents[4]
    run = subprocess.Popen(
        [sys.executable, "-c", program, str(studio.root)], cwd=studio.root,
        env={**os.environ, "PYTHONPATH": str(home)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while run.poll() is None:
        told = storage.read_receipt(kept)
        if told and len(told["files"]) >= files:
            run.send_signal(signal.SIGKILL)
        time.sleep(0.005)
    assert run.wait() == -signal.SIGKILL
    first = storage.read_json(kept)["pseudonym"]
    with pytest.raises(UsageError, match="erasure of another customer was stopped"):
        forget(studio, "K-0008")
    receipt = forget(studio)
    assert receipt is not None
    assert receipt["pseudonym"] == first
    assert receipt["database"]["rows"]["holdfast_assignments"] == 1
    for one in receipt["files"]:
        assert storage.digest(studio.root / one["file"]) == one["after"], one["file"]
    assert naming(studio.root) == {}
    assert not kept.exists()
    assert studio.effect() == before
    assert [one.name for one in (studio.workspace.artifacts / "erasures").glob("erased-*")] == [f"{first}.json"]


def test_old_files_bring_nobody_back(studio: Studio) -> None:
    forget(studio)
    studio.add()
    assert ANNA in (studio.workspace.raw / "people.csv").read_text()
    studio.ingest()
    studio.build()
    about = storage.read_json(studio.workspace.tables / "about.json")
    assert about["reconciled"]["customers"]["dropped"] == {"erased": 1}
    assert about["reconciled"]["customers"]["kept"] == about["rows"]["customers"] == 39
    assert not [name for name in naming(studio.root) if not name.startswith("data/raw/")]
    # Asked again, it takes them out of the raw files, too.
    receipt = forget(studio)
    assert receipt is not None
    assert {one["file"].split("/")[1] for one in receipt["files"]} == {"raw"}
    assert naming(studio.root) == {}


def test_no_list_no_warning_and_no_record_is_of_the_person_again(studio: Studio) -> None:
    assert len(warnings.all_of(studio.engine, "studio")) == 1
    forget(studio)
    assert warnings.all_of(studio.engine, "studio").empty
    studio.show()
    assert len(pd.read_parquet(studio.workspace.rounds / ROUND_ON.isoformat() / "list.parquet")) == 39
    rows = [{"customer": one, "action": "call", "when": "2025-09-03", "note": NOTE} for one in (ANNA, "K-0001")]
    kept = studio.record(rows)
    assert (kept.new, kept.erased) == (1, 1)
    assert (studio.record([{"customer": ANNA, "opted_out": "no"}])).erased == 1
    rows_of_today = pd.DataFrame({"customer_id": studio.ids})
    assert ANNA not in set(erased_people.left_out(studio.engine, rows_of_today)["customer_id"])
    drafted = rounds.found(studio.engine, "studio", ROUND_ON)
    assert drafted is not None
    again = drafted[1].assign(customer_id=studio.ids)
    head = Round("other", date(2026, 1, 1), AT, "desk", "1", 0.5, 0.0, date(2026, 2, 1), {})
    assert rounds.written(studio.engine, head, again, rest_days=0) is None
    assert rounds.written(studio.engine, head, again[again["customer_id"] != ANNA], rest_days=0) is not None


def test_a_round_that_is_not_over_leaves_the_person_out(studio: Studio) -> None:
    """The outcome can never be known; all else is told as without the person."""
    on = date(2026, 2, 20)
    studio.draw(on)
    forget(studio, "K-0008")
    found = studio.effect()
    assert [bool(one["pending"]) for one in found["rounds"]] == [False, True]
    about = storage.read_json(studio.workspace.tables / "about.json")
    storage.write_json(studio.workspace.tables / "about.json", {**about, "extracted_at": "2026-05-01T00:00:00"})
    later = studio.effect()
    assert [bool(one["pending"]) for one in later["rounds"]] == [False, False]
    assert "1 customers were erased before it was known whether they left: left out." in later["remarks"]


def test_models_trained_before_say_how_many_were_erased_since(studio: Studio) -> None:
    import mlflow

    client = mlflow.MlflowClient(
        f"sqlite:///{studio.root}/mlflow.db", registry_uri=f"sqlite:///{studio.root}/mlflow.db"
    )
    client.create_registered_model("studio")
    client.create_model_version("studio", source="file:///nowhere")
    for customer in (ANNA, "K-0008"):
        forget(studio, customer)
    client.create_model_version("studio", source="file:///nowhere")
    forget(studio, "K-0009")
    assert [receipts.of_version(studio.workspace, version) for version in (1, 2, 3)] == [3, 1, 0]
    assert receipts.models(studio.engine, "other") == {}


def test_one_person_has_one_pseudonym_in_all_rounds(studio: Studio) -> None:
    studio.draw(date(2026, 1, 20))
    forget(studio)
    asked = sa.select(ASSIGNMENTS.c.customer_id).where(ASSIGNMENTS.c.customer_id.like("erased-%"))
    with studio.engine.connect() as connection:
        found = connection.execute(asked).scalars().all()
    assert len(found) == 2
    assert len(set(found)) == 1
