"""`read`: every row of a file as the champion reads its text, in order, or one clear line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from pipelines.champion import ledger_writer, model_versions, upkeep
from pipelines.cli import main
from pipelines.files import spreadsheet
from pipelines.jobs import text_readings
from pipelines.models.text_readers import folders
from tests import readers_of_texts
from tests.pipelines.specs.test_text_specs import SPEC, TABLE
from tests.text_worlds import texts_of

N_TAUGHT = 200
TEXTS, CLASSES = texts_of(N_TAUGHT + 300, language="en", seed=3)
READ = ["class", "tone", "confidence", "topic", "known"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a champion, and a spec of a reader without one."""
    root = tmp_path_factory.mktemp("checkout")
    for name, changes in (("tone", {"source": {**TABLE, "text": "said"}}), ("young", {}), ("churn", {})):
        file = root / f"experiments/specs/{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({**SPEC, **changes}))
    with readers_of_texts.own_registry():
        fill(root)
    return root


def fill(root: Path) -> None:
    readers_of_texts.logged(root, "tone", TEXTS[:N_TAUGHT], list(CLASSES[:N_TAUGHT]))
    with ledger_writer.writing("tone", root) as writer:
        model_versions.point(writer.client, "tone", "1")
        upkeep.adopt(writer, "for a test")


@pytest.fixture
def checkout(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(made)
    with readers_of_texts.own_registry():
        yield made


def own(root: Path, texts: list[Any]) -> pd.DataFrame:
    found = folders.scorer(root / f"made of {N_TAUGHT}" / folders.READER).read(texts)[READ]
    return found.assign(topic=found["topic"].astype(object).fillna(""))


def read(path: Path) -> pd.DataFrame:
    """What was written, in the reader's types."""
    found = spreadsheet.read(path)
    numbers = found.assign(tone=found["tone"].astype(float), confidence=found["confidence"].astype(float))
    return numbers.assign(known=found["known"] == "True")


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx", "jsonl"])
def test_each_row_is_read_as_the_reader_reads_its_text_and_in_its_place(
    checkout: Path, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file comes in many parts."""
    monkeypatch.setattr(text_readings, "ROWS_AT_ONCE", 37)
    path, to = tmp_path / f"file.{ending}", tmp_path / "out.csv"
    rows = pd.DataFrame({"id": [f"k{k}" for k in range(len(TEXTS))], "said": TEXTS, "other": 1})
    match ending:
        case "csv":
            rows.to_csv(path, index=False)
        case "parquet":
            rows.to_parquet(path)
        case "xlsx":
            rows.to_excel(path, index=False)
        case _:
            rows.to_json(path, orient="records", lines=True)
    assert main(["read", "tone", str(path), "--key", "id", "--to", str(to), "-q"]) == 0
    found, wanted = read(to), own(checkout, list(TEXTS))
    assert found["row"].tolist() == [str(k + 1) for k in range(len(TEXTS))]
    assert found["key"].tolist() == rows["id"].tolist()
    pd.testing.assert_frame_equal(found[READ], wanted, check_dtype=False, check_exact=False, rtol=1e-12)
    taught = set(TEXTS[:N_TAUGHT])
    assert found["learned_from"].tolist() == [str(text in taught) for text in TEXTS]


def test_it_counts_what_is_special(checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [TEXTS[0], None, "", "  ", "😀😀😀", "Это по-русски", "12345", "so bad " * 20_000, TEXTS[-1], "=1+1", "NA"]
    pd.DataFrame({"comment": pd.Series(texts, dtype=object)}).to_parquet(tmp_path / "some.parquet")
    assert main(["read", "tone", str(tmp_path / "some.parquet"), "--text", "comment", "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = read(checkout / told["file"])
    assert Path(told["file"]).name == "some.csv"
    assert (told["spec"], told["version"], told["texts"]) == ("tone", "1", len(texts))
    assert told["classes"] == found["class"].value_counts().sort_index().to_dict()
    assert (told["without_text"], told["cut"], told["learned_from"]) == (3, 1, 1)
    assert told["unknown"] == int((~found["known"]).sum()) - 3
    unknown = found[~found["known"]]
    assert set(unknown["class"]) == {"indifferent"}
    assert (unknown["tone"] == 0).all()
    assert np.allclose(unknown["confidence"], 1 / 3, atol=1e-6)


def written(folder: Path, content: bytes, name: str = "file.csv") -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


LONG = b"said\n" + b"a" * 10_000_000 + b"\n"


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(
    ("content", "more", "code", "said"),
    [
        (b"said,b\ngood,1\n", ["--text", "sad"], 5, "file.csv has no column ['sad']; 'sad': the nearest: ['said']"),
        (b"said,b\ngood,1\n", ["--key", "id"], 5, "file.csv has no column ['id']"),
        (b"note\ngood\n", [], 5, "file.csv has no column ['said']"),
        (LONG, [], 5, "file.csv, line 2: more than 500,000 characters in one row"),
        (b"said\n", [], 5, "file.csv holds no rows"),
        (b"", [], 5, "file.csv"),
        ("said\n很好 fine\n".encode() + b"\xff\xfe\x00bad\n", [], 5, "file.csv"),
        (b'said\n"open\n', [], 5, "file.csv, line 2"),
    ],
    ids=["column", "key", "default", "huge", "header", "empty", "encoding", "quote"],
)
def test_what_cannot_be_read_is_refused_in_a_line_and_nothing_is_written(
    tmp_path: Path, content: bytes, more: list[str], code: int, said: str, capsys: Any
) -> None:
    to = tmp_path / "out.csv"
    assert main(["read", "tone", written(tmp_path, content), "--to", str(to), "-q", *more]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert not to.exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file.csv"]


@pytest.mark.usefixtures("checkout")
def test_what_makes_no_sense_is_refused(tmp_path: Path, capsys: Any) -> None:
    file = written(tmp_path, b"said,comment\ngood,x\n")
    for words, said in (
        (["read", "tone", str(tmp_path / "gone.csv")], "gone.csv"),
        (["read", "tone", file, "--to", file], "is the file that is read"),
        (["read", "young", file], "'young' has no champion yet; run: python -m pipelines run young"),
    ):
        assert main([*words, "-q"]) == 2
        assert said in capsys.readouterr().err
    assert Path(file).read_bytes() == b"said,comment\ngood,x\n"


def test_a_model_of_churn_reads_no_texts(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(root)
    assert main(["read", "demo", "any.csv"]) == 2
    assert "'demo' is a model of churn, which reads no texts" in capsys.readouterr().err


def test_a_version_that_a_spec_pins_is_not_deleted(checkout: Path, capsys: Any) -> None:
    readers_of_texts.logged(checkout, "tone", TEXTS[: N_TAUGHT - 20], list(CLASSES[: N_TAUGHT - 20]))
    pin = checkout / "experiments/specs/pinning.yaml"
    pin.write_text(yaml.safe_dump({"texts": {"model": "tone", "version": 2}}))
    (checkout / "experiments/specs/broken.yaml").write_text("a: [")
    assert main(["registry", "delete", "tone", "2"]) == 2
    assert (
        "version 2 of 'tone' is pinned by the specs ['pinning']; let them pin another first" in capsys.readouterr().err
    )
    pin.unlink()
    assert main(["registry", "delete", "tone", "2"]) == 0
