"""Tones of contacts by a pinned reader: where they are filled in, and that nothing that it was taught comes back."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from experiments.texts.reading import BAD, CLASSES, GOOD, INDIFFERENT
from features.errors import ContractError, MissingError
from features.tables import INTERACTIONS
from pipelines.models.text_readers import pinned, tones
from pipelines.models.text_readers.tones import TextReader, with_tones
from tests import readers_of_texts

WORDS = {
    GOOD: ("great", "thanks", "friendly", "quick", "lovely"),
    INDIFFERENT: ("invoice", "address", "question", "number", "date"),
    BAD: ("awful", "broken", "rude", "never", "angry"),
}
NEW = ("lovely friendly quick thanks", "rude broken never angry", "what date question invoice")


def taught(size: int, seed: int) -> tuple[list[str], list[int]]:
    """Texts of four words of their class, and a number that makes most of them different."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, size)
    texts = [f"{' '.join(rng.choice(WORDS[one], 4))} w{rng.integers(0, 5000)}" for one in classes]
    return texts, classes.tolist()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return readers_of_texts.write(tmp_path_factory.mktemp("tones") / "reader", *taught(400, 1))


@pytest.fixture(scope="module")
def reader(folder: Path) -> TextReader:
    return TextReader(folder)


def contacts(*texts: str | None, said: list[float | None] | None = None) -> pa.Table:
    columns: dict[str, Any] = {name: [None] * len(texts) for name in INTERACTIONS.names}
    columns |= {"text": list(texts), "sentiment": said or [None] * len(texts)}
    schema = pa.schema([(one.name, pa.type_for_alias(one.arrow_type)) for one in INTERACTIONS.columns])
    return pa.table(columns, schema=schema)


def test_a_text_without_a_tone_gets_the_readers_and_nothing_else_changes(reader: TextReader) -> None:
    rows = contacts(NEW[0], None, "", " \t\n", NEW[1], NEW[0], said=[None, 0.3, None, None, -0.9, None])
    found = with_tones(rows, reader)
    tone = reader.tones([NEW[0]])[0]
    assert found["sentiment"].to_pylist() == [tone, 0.3, None, None, -0.9, tone]
    assert found.schema == rows.schema
    assert found.drop_columns("sentiment").equals(rows.drop_columns("sentiment"))


def test_where_no_text_lacks_a_tone_the_rows_stay(reader: TextReader) -> None:
    for rows in (contacts(), contacts(None, ""), contacts(NEW[0], said=[0.5])):
        assert with_tones(rows, reader).equals(rows)


def test_the_order_the_parts_and_the_chunks_change_no_bit(reader: TextReader) -> None:
    texts = [*NEW, *taught(50, 1)[0], *taught(50, 2)[0]]
    whole = with_tones(contacts(*texts), reader)["sentiment"].to_pylist()
    assert with_tones(contacts(*texts[::-1]), reader)["sentiment"].to_pylist() == whole[::-1]
    parts = [contacts(*texts[:40]), contacts(*texts[40:])]
    assert with_tones(pa.concat_tables(parts), reader)["sentiment"].to_pylist() == whole
    assert [one for part in parts for one in with_tones(part, reader)["sentiment"].to_pylist()] == whole


def test_texts_beyond_one_go_are_read_as_in_one(reader: TextReader, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*NEW, *taught(20, 3)[0]]
    whole = reader.tones(texts)
    monkeypatch.setattr(tones, "AT_ONCE", 7)
    assert np.array_equal(reader.tones(texts), whole)


def test_tones_agree_with_the_words_and_unknown_words_have_none(reader: TextReader) -> None:
    good, bad, plain = reader.tones(NEW)
    assert good > 0.5
    assert bad < -0.5
    assert bad < plain < good
    assert reader.tones(["zyx wvut srqp onml kjih"]).tolist() == [0.0]


def test_a_text_that_it_learned_from_gets_what_those_said_who_had_not_seen_it(folder: Path, reader: TextReader) -> None:
    kept = pd.read_parquet(folder / pinned.OUT_OF_FOLD).set_index("digest")
    text = taught(400, 1)[0][0]
    honest = kept.loc[hashlib.sha256(text.encode()).hexdigest()]
    said = (honest["good"] - honest["bad"]).round(6)
    # However it is written: gaps, full-width letters and invisible characters are normalised away.
    for written in (text, f"  {text.replace(' ', '   ')} ", f"\ufeff{text}\u200b", text.replace("w", "\uff57")):
        assert reader.tones([written]).tolist() == [said]


@pytest.mark.parametrize("name", ["scorer.py", "model.json", "out_of_fold.parquet"])
def test_a_folder_that_lacks_a_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    readers_of_texts.put(tmp_path / "shop", folder, model="tone", known_before="2025-01-01")
    (tmp_path / "shop/reader" / name).unlink()
    with pytest.raises(MissingError, match=f"has no {name}. Remove .*run shop` fetches it anew"):
        TextReader(tmp_path / "shop/reader")


def test_a_text_with_two_answers_is_refused(folder: Path, tmp_path: Path) -> None:
    readers_of_texts.put(tmp_path / "shop", folder, model="tone", known_before="2025-01-01")
    path = tmp_path / "shop/reader/out_of_fold.parquet"
    kept = pd.read_parquet(path)
    pd.concat([kept, kept.iloc[:1]]).to_parquet(path)
    with pytest.raises(ContractError, match="two things of one text"):
        TextReader(tmp_path / "shop/reader")


def test_what_a_reader_learned_of_churn_itself_does_not_leak(tmp_path: Path) -> None:
    """The planted leak: its labels are the outcomes of the training rows, and the words have nothing to do with them.

    800 rows a side; a standard error of an AUC is 0.02.
    """
    rng = np.random.default_rng(5)
    vocabulary = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "prstvxz"]
    texts = [" ".join(rng.choice(vocabulary, 8)) for _ in range(1600)]
    left = rng.integers(0, 2, len(texts))
    learned, held = texts[:800], texts[800:]
    classes = np.where(left[:800] == 1, BAD, GOOD).tolist()
    found = {}
    for name in ("leaking", "honest"):
        folder = readers_of_texts.write(tmp_path / name, learned, classes, honest=name == "honest")
        tone = with_tones(contacts(*texts), TextReader(folder))["sentiment"].to_numpy()
        found[name] = roc_auc_score(left[:800], -tone[:800]), roc_auc_score(left[800:], -tone[800:])
    assert len(held) == 800
    training, judged = found["leaking"]
    assert training > 0.8
    assert abs(judged - 0.5) < 0.08
    training, judged = found["honest"]
    assert abs(training - 0.5) < 0.08
    assert abs(judged - 0.5) < 0.08


def test_the_classes_of_a_folder_are_those_of_a_reader(folder: Path) -> None:
    assert {"digest", *CLASSES} == set(pd.read_parquet(folder / pinned.OUT_OF_FOLD).columns)
