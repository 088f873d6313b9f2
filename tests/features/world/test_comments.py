"""What customers write beside a score: in their language, seldom without reason, and in words that fit the score."""

import pandas as pd
import pyarrow as pa
import pytest

from features.sources.simulated import SOURCE, SimulatedOptions
from features.world.words_chinese import CHINESE
from features.world.words_english import ENGLISH

OPTIONS = SimulatedOptions(customers=3000, months=12)


def read(table: str) -> pd.DataFrame:
    return pa.concat_tables([part.rows for part in SOURCE.read({}, OPTIONS) if part.table == table]).to_pandas()


@pytest.fixture(scope="module")
def asked() -> pd.DataFrame:
    """Every version of every survey, with the customer's language."""
    return read("surveys").merge(read("customers")[["customer_id", "language"]])


def test_only_who_gives_a_score_comments_and_about_a_third_of_them_do(asked: pd.DataFrame) -> None:
    commented = asked["comment"].notna()
    assert not (commented & asked["score"].isna()).any()
    assert 0.30 < commented[asked["score"].notna()].mean() < 0.37


def test_a_comment_comes_with_the_score_and_is_never_written_anew(asked: pd.DataFrame) -> None:
    versions = asked.sort_values("known_at").groupby("survey_id")["comment"]
    assert versions.nunique().max() == 1
    last = asked.sort_values("known_at").drop_duplicates("survey_id", keep="last").set_index("survey_id").sort_index()
    assert last["comment"].notna().equals((versions.count() > 0).rename("comment"))


def test_customers_comment_in_their_language(asked: pd.DataFrame) -> None:
    rows = asked.dropna(subset="comment")
    chinese = rows["comment"].str.contains(r"[\u4e00-\u9fff]")
    assert (chinese == (rows["language"] == "zh")).all()
    assert 0.3 < chinese.mean() < 0.6


@pytest.mark.parametrize(("tone", "band"), [("upset", (0, 6)), ("plain", (7, 8)), ("glad", (9, 10))])
def test_the_words_agree_with_most_scores(asked: pd.DataFrame, tone: str, band: tuple[int, int]) -> None:
    last = asked.sort_values("known_at").drop_duplicates("survey_id", keep="last").dropna(subset="comment")
    said = last["comment"].str.startswith((*ENGLISH.openings[tone], *CHINESE.openings[tone]))
    within = last["score"].between(*band)
    assert 0.5 < said[within].mean() < 0.85
    assert said[~within].mean() < 0.3
