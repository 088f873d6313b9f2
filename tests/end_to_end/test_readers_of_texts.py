"""A reader of texts from a file to a champion, and what must not reach it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

from experiments.texts.held_out import digest_of
from features.texts.normalising import normalise
from pipelines.champion import reader_versions
from pipelines.models import provenance
from pipelines.models.text_readers import folders
from tests.end_to_end.repository import Repository, environment
from tests.text_worlds import texts_of

LABELS = np.array(["angry", "so so", "happy"])
SPEC = {
    "kind": "texts",
    "title": "Tone of reviews",
    "source": {
        "kind": "table",
        "file": "reviews.csv",
        "text": "review",
        "label": {"column": "stars", "bad": ["angry"], "indifferent": ["so so"], "good": ["happy"]},
        "known_at": "written",
    },
    "known_before": "2025-01-01",
    "split": {"share": 0.3},
    "tuning": {"trials": 1, "folds": 2},
}
STRANGER = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("features", "experiments", "pipelines", "holdfast", "sklearn"):
            raise ImportError(name)
sys.meta_path.insert(0, Refusing())
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.pyfunc.load_model("models:/tone@champion").predict(pandas.read_parquet(sys.argv[2]))
found.to_parquet(sys.argv[3])
"""


def reviews(*, mistaken: float = 0.25) -> pd.DataFrame:
    """Reviews of 2024, of which those of the first months have a wrong label in this share."""
    english, chinese = (texts_of(n, language=one, seed=n) for n, one in ((700, "en"), (200, "zh")))
    texts, classes = [*english[0], *chinese[0]], np.concatenate([english[1], chinese[1]])
    rng = np.random.default_rng(0)
    order = rng.permutation(len(texts))
    days = pd.date_range("2024-01-01", "2024-12-31", periods=len(texts)).floor("min")
    wrong = (rng.random(len(texts)) < mistaken) & (days < pd.Timestamp("2024-08-01"))
    labels = LABELS[np.where(wrong, (classes[order] + 1) % 3, classes[order])]
    return pd.DataFrame({"review": np.array(texts, dtype=object)[order], "stars": labels, "written": days.astype(str)})


def put(repository: Repository, rows: pd.DataFrame, **changes: object) -> None:
    """Write the spec, and the file where `data` has put it: DVC need not hear of each."""
    (repository.root / "experiments/specs/tone.yaml").write_text(yaml.safe_dump({**SPEC, **changes}))
    rows.to_csv(repository.root / "data/raw/tone/reviews.csv", index=False)


def given(repository: Repository, rows: pd.DataFrame) -> str:
    """The path of a file of these rows, for `data`."""
    path = repository.root.parent / f"{repository.root.name}-raw" / "reviews.csv"
    path.parent.mkdir(exist_ok=True)
    rows.to_csv(path, index=False)
    return str(path)


@pytest.fixture(scope="module")
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    """A copy with a first champion."""
    found = copy_of_repository()
    (found.root / "experiments/specs/tone.yaml").write_text(yaml.safe_dump(SPEC))
    ended = found.act("data", "tone", given(found, reviews()))
    assert ended.returncode == 0, ended.stderr
    ended = found.run("run", "tone")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FIRST_CHAMPION" in ended.stdout
    return found


def client(repository: Repository) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{repository.root}/mlflow.db")


def reader_of(repository: Repository) -> Path:
    return repository.root / "artifacts/tone/model" / folders.READER


def test_the_version_says_what_it_is_and_holds_the_reader(repository: Repository, tmp_path: Path) -> None:
    found = client(repository).get_model_version_by_alias("tone", "champion")
    assert found.tags["kind"] == "texts"
    assert found.tags["known_before"] == "2025-01-01"
    mlflow.set_tracking_uri(f"sqlite:///{repository.root}/mlflow.db")
    stored = (
        Path(mlflow.artifacts.download_artifacts("models:/tone/1", dst_path=str(tmp_path))) / reader_versions.READER
    )
    assert (
        reader_versions.digest(stored) == found.tags["reader_digest"] == reader_versions.digest(reader_of(repository))
    )
    assert {one.name for one in stored.iterdir()} == {
        "scorer.py",
        "model.json",
        "requirements.txt",
        folders.OUT_OF_FOLD,
    }


def test_what_fold_readers_say_is_of_the_texts_that_teach_alone(repository: Repository) -> None:
    """And it is no echo of the labels, as what the reader itself says of these texts would be."""
    rows = reviews()
    said = pd.read_parquet(reader_of(repository) / folders.OUT_OF_FOLD)
    texts = normalise(rows["review"].tolist()).texts
    digests = [digest_of(text) for text in texts]
    teaching = rows["written"] < rows["written"].sort_values().iloc[int(0.7 * len(rows))]
    assert set(said["digest"]) == {one for one, is_one in zip(digests, teaching, strict=True) if is_one}
    sums = said[["bad", "indifferent", "good"]].sum(axis=1)
    assert np.allclose(sums, 1, atol=1e-5)
    own = folders.scorer(reader_of(repository)).read(texts).set_axis(digests)
    own = own[~own.index.duplicated()].loc[said["digest"]]
    label = pd.Series(rows["stars"].to_numpy(), digests).groupby(level=0).first().loc[said["digest"]]
    names = label.map(dict(zip(LABELS, ("bad", "indifferent", "good"), strict=True))).to_numpy()
    of_label = [
        float(np.mean([table[name].iloc[place] for place, name in enumerate(names)]))
        for table in (own, said.set_index("digest"))
    ]
    assert of_label[0] > of_label[1] + 0.03


def test_again_there_is_nothing_to_do(repository: Repository) -> None:
    ended = repository.run("run", "tone")
    assert ended.returncode == 0, ended.stderr
    assert "NO_CHANGE" in ended.stdout
    assert "ingest tone" not in ended.stderr
    assert len(client(repository).search_model_versions("name = 'tone'")) == 1
    assert json.loads(repository.act("status", "tone", "--json").stdout)["champion"] == "1"


def test_a_reader_made_again_has_the_same_bytes(repository: Repository) -> None:
    for words in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "a reader"]):
        subprocess.run(["git", *words], cwd=repository.root, check=True, env=environment())
    client(repository).set_model_version_tag("tone", "1", "git_commit", provenance.git_commit(repository.root))
    ended = repository.run("reproduce", "tone", "1", "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert (found["same"], found["differs_from"]) == (True, None)
    assert [one["name"] for one in found["stages"]] == ["ingest", "validate", "tune", "train"]


def test_a_process_without_our_code_reads_the_same_to_the_bit(repository: Repository, tmp_path: Path) -> None:
    texts = [*texts_of(60, language="en", seed=5)[0], *texts_of(20, language="zh", seed=5)[0], "", None, "Привет"]
    pd.DataFrame({"text": pd.Series(texts, dtype=object), "other": 1}).to_parquet(tmp_path / "asked.parquet")
    where = [f"sqlite:///{repository.root}/mlflow.db", str(tmp_path / "asked.parquet"), str(tmp_path / "read.parquet")]
    subprocess.run([sys.executable, "-I", "-c", STRANGER, *where], cwd=tmp_path, check=True, capture_output=True)
    expected = folders.scorer(reader_of(repository)).read(texts)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "read.parquet"), expected, check_exact=True)


def test_the_same_reader_with_another_time_is_another_version_and_no_comparison(repository: Repository) -> None:
    """It promises something else, but says the same of every text: no alpha is spent on it."""
    put(repository, reviews(), known_before="2025-01-02")
    ended = repository.go_through("ingest validate tune train evaluate register promote", "tone")
    assert ended.returncode == 0, ended.stderr
    decided = json.loads((repository.root / "artifacts/tone/decision.json").read_text())
    assert (decided["verdict"], decided["champion_version"]) == ("NO_CHANGE", "1")
    assert "on 270 held-out texts" in decided["words"]
    made = client(repository).get_model_version("tone", "2")
    assert made.tags["known_before"] == "2025-01-02"
    assert made.tags["reader_digest"] == client(repository).get_model_version("tone", "1").tags["reader_digest"]


def test_texts_of_later_do_not_change_a_byte_of_the_reader(repository: Repository) -> None:
    """A planted text says of a word that is always good that it is bad; at the limit itself, and after it."""
    before = reader_versions.digest(reader_of(repository))
    planted = pd.DataFrame(
        {
            "review": [f"excellent perfect lovely planted {k}" for k in range(60)],
            "stars": "angry",
            "written": ["2025-01-01", *["2025-01-01T00:00:01"] * 59],
        }
    )
    put(repository, pd.concat([planted, reviews()]))
    ended = repository.go_through("ingest validate tune train", "tone")
    assert ended.returncode == 0, ended.stderr
    about = json.loads((repository.root / "data/texts/tone/about.json").read_text())
    assert about["left_out"] == {"known too late": 60}
    assert reader_versions.digest(reader_of(repository)) == before


def test_the_wall_is_what_keeps_them_out(repository: Repository) -> None:
    """The same texts, known in time, do change it: the test above can fail."""
    before = reader_versions.digest(reader_of(repository))
    planted = pd.DataFrame({"review": [f"excellent perfect {k}" for k in range(60)], "stars": "angry"})
    put(repository, pd.concat([planted.assign(written="2024-02-01"), reviews()]))
    assert repository.go_through("ingest validate tune train", "tone").returncode == 0
    assert reader_versions.digest(reader_of(repository)) != before


def test_a_worse_reader_is_not_promoted_and_a_better_one_is(repository: Repository) -> None:
    stages = "ingest validate tune train evaluate register promote"
    put(repository, reviews(mistaken=0.65))
    worse = repository.go_through(stages, "tone")
    decided = json.loads((repository.root / "artifacts/tone/decision.json").read_text())
    assert (worse.returncode, decided["verdict"]) == (3, "KEEP"), worse.stderr
    assert decided["pairs"]["macro_f1"]["high"] < 0
    assert decided["look"]["number"] == 2
    put(repository, reviews(mistaken=0.0))
    better = repository.go_through(stages, "tone")
    decided = json.loads((repository.root / "artifacts/tone/decision.json").read_text())
    assert (better.returncode, decided["verdict"]) == (0, "PROMOTE"), better.stderr
    assert decided["pairs"]["macro_f1"]["low"] > 0
    assert str(client(repository).get_model_version_by_alias("tone", "champion").version) == "4"
    assert decided["challenger_version"] == "4"
    summarised = repository.act("summary", "tone")
    assert summarised.returncode == 0, summarised.stderr
    told = summarised.stdout
    assert "## ✅ tone: Promoted: version 4 replaces " in told
    assert (
        len(re.findall(r"^\| macro_f1 \| [\d.]+ \(.*\) \| [\d.]+ \(.*\) \| [\d.]+ \(.*\) \|", told, re.MULTILINE)) == 1
    ), told
    assert repository.act("rollback", "tone").returncode == 0
    assert str(client(repository).get_model_version_by_alias("tone", "champion").version) == "1"
    frozen = ["freeze", "tone", "--until", "2099-12-31", "--reason", "holidays"]
    for words in (["history", "tone"], frozen, ["status", "tone"], ["registry", "check", "tone"], ["unfreeze", "tone"]):
        ended = repository.act(*words)
        assert ended.returncode == 0, ended.stderr
        assert words[0] != "status" or "holidays" in ended.stdout


def test_two_models_of_one_name_are_refused(repository: Repository) -> None:
    """A model of churn bears the name of the reader: neither takes the other's place."""
    registry = client(repository)
    registry.create_registered_model("other")
    registry.create_model_version("other", registry.get_model_version("tone", "1").source, tags={"family": "logistic"})
    for folder in ("artifacts", "data/texts", "data/raw"):
        shutil.copytree(repository.root / folder / "tone", repository.root / folder / "other")
    (repository.root / "experiments/specs/other.yaml").write_text(yaml.safe_dump(SPEC))
    ended = repository.act("register", "other")
    assert ended.returncode == 2
    assert "models of churn by the name 'other'" in ended.stderr
    assert "two models of one name" in ended.stderr


@pytest.mark.parametrize("command", ["build", "score"])
def test_what_a_reader_has_not_is_refused(repository: Repository, command: str) -> None:
    ended = repository.act(command, "tone")
    assert ended.returncode == 2
    assert f"'tone' is a reader of texts, which has no `{command}`" in ended.stderr


def bad(**cells: object) -> pd.DataFrame:
    """The reviews with another first row."""
    rows = reviews().astype(object)
    for name, value in cells.items():
        rows.loc[0, name] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "changes", "code", "said"),
    [
        (bad(stars="furious"), {}, 5, r"texts.label: means a class: 1 row .*'furious' \(first: key=row 1\)"),
        (bad(written="03.04.2024"), {}, 5, r"texts.known_at: is a time such as .*'03.04.2024'"),
        (bad(written="2024-02-30"), {}, 5, r"'2024-02-30'"),
        (bad(written="2024-02-03T10:00:00+08:00"), {}, 5, r"\+08:00"),
        (bad(review="a" * 10_000_000), {}, 5, r"reviews.csv, line 2: more than 500,000 characters in one row"),
        (reviews().head(60), {}, 5, r"has at least 30 different texts of class \w+ to learn from: it has \d+"),
        (
            reviews().assign(review=[f"😀 {k}!" for k in range(900)]),
            {},
            5,
            r"class bad to learn from: it has 0; label more texts \(those without words do not count\)",
        ),
        (reviews().drop(columns="stars"), {}, 5, r"reviews.csv has no column \['stars'\]"),
        (reviews(), {"known_before": "2023-01-01"}, 5, r"no text is left to learn from: of 900, 900 known too late"),
    ],
    ids=["label", "time", "day", "zone", "huge", "few", "wordless", "column", "late"],
)
def test_bad_texts_are_refused_in_a_line(
    repository: Repository, rows: pd.DataFrame, changes: dict[str, object], code: int, said: str
) -> None:
    put(repository, rows, **changes)
    ended = repository.go_through("ingest validate", "tone")
    assert ended.returncode == code
    assert pd.Series([ended.stderr]).str.contains(said).all(), ended.stderr


def test_bytes_that_are_no_text_are_refused_and_lost_ones_are_told(repository: Repository) -> None:
    put(repository, bad(review="the staff was \ufffd\ufffd and great"))
    ended = repository.act("ingest", "tone")
    assert ended.returncode == 0
    assert "in 1 texts stands \ufffd" in ended.stderr
    path = Path(given(repository, bad(review="the staff was \ufffd\ufffd and great")))
    path.write_bytes(path.read_bytes().replace("\ufffd".encode(), b"\xff\xfe"))
    ended = repository.act("data", "tone", str(path))
    assert ended.returncode == 5
    assert "reviews.csv" in ended.stderr


def test_a_text_of_megabytes_is_refused_where_the_file_takes_it(repository: Repository) -> None:
    """CSV refuses it already; Parquet holds any text."""
    source = {**SPEC["source"], "file": "reviews.parquet"}
    put(repository, reviews(), source=source)
    bad(review="a" * 10_000_000).to_parquet(repository.root / "data/raw/tone/reviews.parquet")
    ended = repository.go_through("ingest validate", "tone")
    assert ended.returncode == 5
    assert "texts.text: has at most 1,000,000 characters: 1 row (0.11 %), such as 10000000 (first: key=row 1)" in (
        ended.stderr
    )
    bad(review="great " * 10_000).to_parquet(repository.root / "data/raw/tone/reviews.parquet")
    ended = repository.act("ingest", "tone")
    assert ended.returncode == 0
    assert "1 texts are longer than 20,000 characters, beyond which nothing is read" in ended.stderr
