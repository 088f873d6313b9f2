"""The pinned reader in its place: fetched by its version, whole or not at all, with one clear line for each fault."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from experiments.spec import ExperimentSpec
from features.errors import ContractError, HoldfastError, MissingError, SpecError
from pipelines.files import storage
from pipelines.jobs import readers
from pipelines.jobs.reader_download import NoChampionError
from pipelines.jobs.reproducing import making
from pipelines.jobs.reproducing.origin import Origin
from pipelines.models.text_readers import pinned
from pipelines.ruling.verdict import EXIT_CODES, Verdict
from pipelines.stages import ingest
from pipelines.workspace import Workspace
from tests import readers_of_texts

KNOWN = "2024-06-01"
TEXTS = {0: "rude broken never angry", 2: "lovely friendly quick thanks"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a reader in a registry, a model of another kind, and one whose files were changed afterwards."""
    root = tmp_path_factory.mktemp("registry")
    with readers_of_texts.own_registry():
        fill(root)
    return root


def fill(root: Path) -> None:
    for version, size in ((1, 60), (2, 80)):
        texts = [f"{TEXTS[2 * (k % 2)]} {k}" for k in range(size)]
        folder = readers_of_texts.write(root / f"v{version}" / "reader", texts, [2 * (k % 2) for k in range(size)])
        readers_of_texts.register(root, "tone", folder, known_before=KNOWN)
    readers_of_texts.register(root, "churn", root / "v1/reader", known_before=KNOWN, kind="churn")
    readers_of_texts.register(root, "late", root / "v1/reader", known_before="2025-12-24")
    readers_of_texts.register(root, "changed", root / "v1/reader", known_before=KNOWN, reader_digest="0" * 64)


@pytest.fixture
def workspace(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A checkout with that registry and a spec of a small simulated world."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{made / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    place = Workspace(tmp_path, "small")
    place.specs.mkdir(parents=True)
    return place


def spec(root: Path, **texts: object) -> ExperimentSpec:
    plain = yaml.safe_load((root / "experiments/specs/demo.yaml").read_text())
    plain["source"] = {**plain["source"], "customers": 60}
    plain.pop("texts", None)
    return ExperimentSpec.model_validate({**plain, "name": "small", **({"texts": texts} if texts else {})})


def nothing_runs(words: Sequence[str]) -> int:
    raise AssertionError(words)


def hold(workspace: Workspace, asked: ExperimentSpec) -> None:
    readers.hold(asked, workspace, nothing_runs)


def test_the_folder_holds_exactly_the_pinned_version(root: Path, workspace: Workspace, made: Path) -> None:
    for version in (1, 2, 1):
        hold(workspace, spec(root, model="tone", version=version))
        told = storage.read_json(workspace.reader / pinned.VERSION)
        assert told == {"model": "tone", "version": version, "known_before": KNOWN, "digest": told["digest"]}
        there = workspace.reader / pinned.READER
        assert pinned.digest(there) == told["digest"] == pinned.digest(made / f"v{version}/reader")
        assert sorted(one.name for one in workspace.reader.iterdir()) == ["README.md", "reader", "version.json"]


def test_what_is_there_needs_no_registry(root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = spec(root, model="tone", version=1)
    hold(workspace, asked)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    hold(workspace, asked)


def test_without_a_pin_there_is_a_note_alone(root: Path, workspace: Workspace) -> None:
    hold(workspace, spec(root))
    assert [one.name for one in workspace.reader.iterdir()] == ["README.md"]
    hold(workspace, spec(root, model="tone", version=1))
    hold(workspace, spec(root))
    assert [one.name for one in workspace.reader.iterdir()] == ["README.md"]


def test_the_committed_note_is_the_one_that_is_written(root: Path, workspace: Workspace) -> None:
    hold(workspace, spec(root))
    written = (workspace.reader / "README.md").read_text()
    assert written.replace("small", "demo") == (root / "data/readers/demo/README.md").read_text()


@pytest.mark.parametrize(
    ("model", "version", "kind", "words"),
    [
        ("nobody", 1, MissingError, "the registry has no model 'nobody', and there is no spec nobody.yaml"),
        ("tone", 3, MissingError, r"'tone' has no version 3; there are \[1, 2\]"),
        ("churn", 1, SpecError, "version 1 of 'churn' is no reader of texts"),
        ("late", 1, SpecError, "late 1 knows texts up to 2025-12-24, and the first gate date is 2025-07-01"),
        ("changed", 1, ContractError, "changed 1 is not the reader that was registered"),
    ],
)
def test_what_cannot_be_pinned_is_refused_and_leaves_the_folder_as_it_was(
    root: Path, workspace: Workspace, model: str, version: int, kind: type[HoldfastError], words: str
) -> None:
    hold(workspace, spec(root, model="tone", version=1))
    before = storage.digest(workspace.reader)
    with pytest.raises(kind, match=words) as refused:
        hold(workspace, spec(root, model=model, version=version))
    assert "\n" not in str(refused.value)
    assert storage.digest(workspace.reader) == before


@pytest.mark.parametrize("fault", ["changed", "added", "gone"])
def test_a_folder_that_was_tampered_with_is_refused(root: Path, workspace: Workspace, fault: str) -> None:
    asked = spec(root, model="tone", version=1)
    hold(workspace, asked)
    model = workspace.reader / "reader/model.json"
    if fault == "changed":
        model.write_text(model.read_text().replace("1", "2", 1))
    elif fault == "added":
        (workspace.reader / "reader/more.py").write_text("")
    else:
        model.unlink()
    for once_more in (lambda: hold(workspace, asked), lambda: ingest.run(asked, workspace)):
        with pytest.raises(ContractError, match="is not tone 1: a file was changed, added or taken away"):
            once_more()
    shutil.rmtree(workspace.reader)
    hold(workspace, asked)


def test_a_model_without_a_version_is_made_first_where_its_spec_is_here(
    root: Path, workspace: Workspace, made: Path
) -> None:
    (workspace.specs / "young.yaml").write_text("kind: texts\n")
    asked: list[list[str]] = []

    def runs(words: Sequence[str]) -> int:
        asked.append(list(words))
        readers_of_texts.register(workspace.root, "young", made / "v1/reader", known_before=KNOWN)
        return 0

    readers.hold(spec(root, model="young", version=1), workspace, runs)
    assert asked == [["run", "young"]]
    assert pinned.stored(workspace.reader) is not None


def test_where_that_run_fails_it_says_so(root: Path, workspace: Workspace) -> None:
    (workspace.specs / "faulty.yaml").write_text("kind: texts\n")
    with pytest.raises(NoChampionError, match=r"run faulty` ended with code 5, .*: there is no reader yet") as refused:
        readers.hold(spec(root, model="faulty", version=1), workspace, lambda _: 5)
    assert refused.value.exit_code == 5


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.NO_CHAMPION, Verdict.INSUFFICIENT_DATA])
def test_where_that_run_makes_no_champion_its_code_and_two_ways_on_are_given(
    root: Path, workspace: Workspace, made: Path, verdict: Verdict
) -> None:
    """And who repeats the run uses the version that is pinned: a pinned one need not be a champion."""
    name, code = f"weak_{verdict.lower()}", EXIT_CODES[verdict]
    (workspace.specs / f"{name}.yaml").write_text("kind: texts\n")
    asked = spec(root, model=name, version=1)

    def runs(_words: Sequence[str]) -> int:
        readers_of_texts.register(workspace.root, name, made / "v1/reader", known_before=KNOWN)
        storage.write_json(Workspace(workspace.root, name).decision, {"verdict": verdict})
        return code

    with pytest.raises(NoChampionError, match=f"'{name}' has no champion: its gate says {verdict}") as refused:
        readers.hold(asked, workspace, runs)
    assert refused.value.exit_code == code
    assert "\n" not in str(refused.value)
    for remedy in (f"run {name}`", "run small`", f"artifacts/{name}/decision.html"):
        assert remedy in str(refused.value)
    assert pinned.stored(workspace.reader) is None
    hold(workspace, asked)
    assert pinned.stored(workspace.reader) is not None


def test_ingest_alone_says_what_is_missing(root: Path, workspace: Workspace) -> None:
    with pytest.raises(MissingError, match=r"pins tone 1, and .* holds none; `python -m pipelines run small`"):
        ingest.run(spec(root, model="tone", version=1), workspace)
    hold(workspace, spec(root, model="tone", version=2))
    with pytest.raises(MissingError, match=r"pins tone 1, and .* holds tone 2"):
        ingest.run(spec(root, model="tone", version=1), workspace)
    with pytest.raises(MissingError, match=r"pins no reader of texts, and .* holds tone 2"):
        ingest.run(spec(root), workspace)


def ingested(asked: ExperimentSpec, workspace: Workspace) -> tuple[pa.Table, dict[str, Any]]:
    hold(workspace, asked)
    ingest.run(asked, workspace)
    about = storage.read_json(workspace.tables / "about.json")
    return storage.read_parquet(workspace.tables / "interactions"), about


def test_ingest_fills_every_contact_with_a_text_and_names_the_reader(root: Path, workspace: Workspace) -> None:
    before, about = ingested(spec(root), workspace)
    assert before["sentiment"].null_count == len(before)
    assert "reader" not in about
    after, told = ingested(spec(root, model="tone", version=1), workspace)
    assert after.drop_columns("sentiment").equals(before.drop_columns("sentiment"))
    assert after["sentiment"].is_null().equals(before["text"].is_null())
    assert told == {**about, "reader": storage.read_json(workspace.reader / pinned.VERSION)}


def test_a_version_made_again_has_the_reader_of_then_and_its_run_needs_no_registry(
    root: Path, workspace: Workspace, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Workspace(workspace.root / "tree", "small")
    tree.specs.mkdir(parents=True)
    origin = Origin("small", "3", "c" * 40, "d.dir", "", "", "tone 1", pinned.digest(made / "v1/reader"))
    making.put_reader(workspace, tree, origin)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    hold(tree, spec(root, model="tone", version=1))
    assert pinned.digest(tree.reader / pinned.READER) == origin.reader_digest


@pytest.mark.parametrize(
    ("reader", "said"), [("tone 9", "'tone' has no version 9"), ("tone 2", "was made with another reader than tone 2")]
)
def test_a_reader_of_then_that_is_gone_is_named(workspace: Workspace, made: Path, reader: str, said: str) -> None:
    origin = Origin("small", "3", "c" * 40, "d.dir", "", "", reader, pinned.digest(made / "v1/reader"))
    with pytest.raises(MissingError, match=said):
        making.put_reader(workspace, workspace, origin)
