"""A pinned reader of texts in another clone, which trains nothing, and in tries."""

import json
import subprocess
from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

from pipelines.files import storage
from pipelines.jobs import readers
from pipelines.models.text_readers import pinned
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests import readers_of_texts
from tests.end_to_end.repository import TINY, Repository, environment
from tests.end_to_end.test_bad_events import ORDERS, PEOPLE, SOURCE, write_spec
from tests.end_to_end.test_tries import files

WORDS = ("rude broken never angry", "lovely friendly quick thanks")
TALKS = "".join(f"t{n},c{n % 40},2024-0{1 + n % 5}-11 09:00,{WORDS[n % 2]} {n}\n" for n in range(80))
COLUMNS = {
    "interaction_id": "talk",
    "customer_id": "who",
    "event_at": "moment",
    "channel": "'phone'",
    "complaint": "false",
    "text": "said",
}
PIN = {"model": "tone", "version": 1}
FEW = {"draws": 100}
# Nobody answers there.
NOWHERE = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}


def git(root: Path, *words: str) -> None:
    named = ["-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run(["git", *named, *words], cwd=root, check=True, env=environment(), capture_output=True)


def nothing_runs(words: Sequence[str]) -> int:
    raise AssertionError(words)


@pytest.fixture(scope="module")
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    """A copy with a reader `tone` in its registry."""
    found = copy_of_repository()
    texts = [f"{WORDS[n % 2]} {n}" for n in range(200, 280)]
    folder = readers_of_texts.write(
        found.root.parent / f"{found.root.name}-reader" / "reader", texts, [2 * (n % 2) for n in range(80)]
    )
    with chdir(found.root), readers_of_texts.own_registry():
        readers_of_texts.register(found.root, "tone", folder, known_before="2024-01-02")
    return found


def test_another_clone_pulls_the_reader_with_the_data_and_needs_no_registry(repository: Repository) -> None:
    root, raw = repository.root, repository.root.parent / f"{repository.root.name}-raw"
    raw.mkdir()
    write_spec(
        root, {**SOURCE, "tables": {**SOURCE["tables"], "interactions": {"files": "talks.csv", "columns": COLUMNS}}}
    )
    spec_file = root / "experiments/specs/shop.yaml"
    spec_file.write_text(yaml.safe_dump({**yaml.safe_load(spec_file.read_text()), "texts": PIN}))
    for name, head, rows in (
        ("people", "id,since", PEOPLE),
        ("orders", "order_id,who,moment,paid", ORDERS),
        ("talks", "talk,who,moment,said", TALKS),
    ):
        (raw / f"{name}.csv").write_text(f"{head}\n{rows}")
    ended = repository.run("data", "shop", *(str(one) for one in sorted(raw.iterdir())))
    assert ended.returncode == 0, ended.stderr
    with chdir(root):
        readers.hold(spec_files.load(Workspace(root, "shop")), Workspace(root, "shop"), nothing_runs)
    store = root.parent / f"{root.name}-store"
    for words in (["remote", "add", "-d", "store", str(store)], ["push", "data/raw/shop.dvc", "data/readers/shop.dvc"]):
        ended = repository.run(*words, module="dvc")
        assert ended.returncode == 0, ended.stderr
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a reader")
    clone = Repository(root.parent / f"{root.name}-clone", repository.libraries)
    git(root.parent, "clone", "-q", str(root), str(clone.root))
    assert not (clone.root / "data/readers/shop").exists()
    ended = clone.run("ingest", "shop", variables=NOWHERE)
    assert ended.returncode != 0
    ended = clone.run("pull", "data/raw/shop.dvc", "data/readers/shop.dvc", module="dvc")
    assert ended.returncode == 0, ended.stderr
    ended = clone.run("ingest", "shop", variables=NOWHERE)
    assert ended.returncode == 0, ended.stderr
    there = Workspace(clone.root, "shop")
    rows = storage.read_parquet(there.tables / "interactions").to_pandas()
    assert len(rows) == 80
    assert ((rows["sentiment"] > 0) == rows["text"].str.startswith("lovely")).all()
    assert storage.read_json(there.tables / "about.json")["reader"]["model"] == "tone"
    with chdir(clone.root):
        readers.hold(spec_files.load(there), there, nothing_runs)


def test_a_try_reads_with_the_pinned_reader_and_leaves_the_checkout_as_it_was(repository: Repository) -> None:
    """The spec is simulated and git does not know it, nor its entry in the graph."""
    world = {**TINY, "source": {**TINY["source"], "customers": 800}, "features": ["recency", "tone"]}
    repository.spec("small", "demo", **world, tuning={"trials": 1, "families": ["prior"]}, evaluation=FEW, texts=PIN)
    before = files(repository.root)
    ended = repository.run("try", "small", "tuning.seed=1", "texts.version=2", "--json")
    told = json.loads(ended.stdout)["tries"]
    assert "'tone' has no version 2; there are [1]" in told[0]["failed"]
    ended = repository.run("try", "small", "tuning.seed=1", "--json")
    assert ended.returncode == 0, ended.stderr
    assert set(json.loads(ended.stdout)["tries"][0]["figures"]) >= {"AUC"}
    assert "texts: fetched tone 1" in ended.stderr
    assert pinned.stored(repository.root / "data/readers/small") is None
    assert files(repository.root) == before


def test_a_run_that_took_its_reader_from_the_registry_leaves_an_answer_for_the_next(repository: Repository) -> None:
    """MLflow sets a variable when it is asked, which is no address that somebody gave."""
    world = {**TINY, "source": {**TINY["source"], "customers": 800, "seed": 4}, "features": ["recency", "tone"]}
    repository.spec("other", "demo", **world, tuning={"trials": 1, "families": ["prior"]}, evaluation=FEW, texts=PIN)
    first = repository.run("run", "other")
    assert "texts: fetched tone 1" in first.stderr
    again = repository.run("run", "other", "-v")
    assert "nothing was touched since the last run" in again.stderr
    assert again.returncode == first.returncode


def test_a_try_makes_no_reader(repository: Repository) -> None:
    """It would be registered, and a try registers nothing."""
    (repository.root / "experiments/specs/young.yaml").write_text("kind: texts\n")
    repository.spec("eager", "demo", **TINY, texts={"model": "young", "version": 1})
    ended = repository.run("try", "eager", "tuning.seed=1", "--json")
    assert (
        "the registry has no version of 'young' yet; make one: python -m pipelines run young"
        in (json.loads(ended.stdout)["tries"][0]["failed"])
    )
