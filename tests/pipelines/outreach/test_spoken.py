"""Words in texts as columns: only what was known, within the days, and the last version of a text."""

import tracemalloc
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from experiments.alerts import grammar, lexicon
from experiments.alerts.alert_file import Lexicon
from experiments.conditions.words import column_of
from experiments.logic import truth
from pipelines.outreach import columns
from pipelines.outreach.spoken import Spoken

AS_OF = datetime(2026, 3, 1)
RULE = grammar.read({"words": "complaint", "days": 30})
LEXICONS = {"complaint": Lexicon(words=("slow", "投诉"))}
ROWS = pd.DataFrame({"customer_id": ["a", "b", "c"]})
TEXTS = [
    ("1", "a", datetime(2026, 2, 20), "it is slow"),
    ("2", "a", datetime(2026, 2, 21), "我要投訴"),
    ("3", "b", datetime(2026, 1, 15), "slow"),
    ("4", "b", datetime(2026, 2, 20), "not slow"),
    ("5", "b", datetime(2026, 2, 22), "slow"),
    ("5", "b", datetime(2026, 2, 23), "corrected: fast"),
    ("6", "c", datetime(2026, 3, 1), "slow, and known on the day itself"),
    ("7", "c", datetime(2026, 2, 3), None),
]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "interactions").mkdir()
    frame = pd.DataFrame(TEXTS, columns=["interaction_id", "customer_id", "known_at", "text"])
    frame.to_parquet(tmp_path / "interactions" / "part.parquet")
    return tmp_path


def counted(tables: Path, as_of: datetime, first: datetime) -> list[float]:
    spoken = Spoken.read(tables, [RULE], LEXICONS, first=first)
    rows = spoken.beside(ROWS, [RULE], as_of=as_of)
    return [float(one) for one in rows[column_of("complaint", 30)]]


def test_texts_are_counted_that_were_known_within_the_days_in_their_last_version(tables: Path) -> None:
    assert counted(tables, AS_OF, AS_OF) == [2, 0, 0]


def test_at_an_earlier_date_the_correction_was_not_known(tables: Path) -> None:
    assert counted(tables, datetime(2026, 2, 23), datetime(2026, 2, 1)) == [2, 1, 0]


def test_a_later_text_changes_no_earlier_date(tables: Path) -> None:
    assert counted(tables, datetime(2026, 2, 1), datetime(2026, 2, 1)) == [0, 1, 0]


def test_without_texts_a_rule_on_words_is_unknown(tmp_path: Path) -> None:
    rows = Spoken.read(tmp_path, [RULE], LEXICONS, first=AS_OF).beside(ROWS, [RULE], as_of=AS_OF)
    known = {column_of("complaint", 30): columns.KnownColumn("number", 0.0)}
    assert (RULE.truth(columns.values(rows, RULE.columns(), known)) == truth.UNKNOWN).all()


def test_a_text_of_ten_megabytes_is_read_to_its_limit_and_said_in_a_line(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame(TEXTS, columns=["interaction_id", "customer_id", "known_at", "text"])
    long = {"8": "slow " + "x" * 10_000_000, "9": "x" * 10_000_000 + " slow"}
    more = [(key, "c", datetime(2026, 2, 20), text) for key, text in long.items()]
    pd.concat([frame, pd.DataFrame(more, columns=frame.columns)]).to_parquet(tables / "interactions" / "part.parquet")
    tracemalloc.start()
    assert counted(tables, AS_OF, AS_OF) == [2, 0, 1]
    # An array as wide as its longest text would take 40 MB for each of ten rows.
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()
    (line,) = capsys.readouterr().err.splitlines()
    assert "2 texts have more than 20,000 letters (first: interaction_id '8')" in line


@pytest.mark.parametrize("text", ["\x00\x07slow", "slow\udc80", "s\u200blow", "ｓｌｏｗ", "slow; " + "\u0301" * 9_000])
def test_a_malformed_text_is_read_for_what_is_in_it(text: str) -> None:
    assert lexicon.hits([text, "\udc80\x00", None], ["slow"]).tolist() == [True, False, False]
