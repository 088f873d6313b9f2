"""Two published event logs, added, ingested and validated as a user does it; every count is exact."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.end_to_end.repository import Repository

CHURN = """
WITH bought AS (SELECT * FROM read_parquet('{tables}/transactions/*.parquet') WHERE kind = 'payment'),
    active AS (SELECT customer_id, bool_or(event_at > moment AND event_at <= moment + INTERVAL 90 DAY) AS again
        FROM bought, (SELECT TIMESTAMP '{as_of}' AS moment) GROUP BY customer_id
        HAVING bool_or(event_at >= moment - INTERVAL 365 DAY AND event_at < moment))
SELECT count(*), round(100 * avg(CASE WHEN again THEN 0 ELSE 1 END), 1) FROM active"""


def ingested(repository: Repository, spec: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    for words in (("data", spec, str(folder)), ("ingest", spec), ("validate", spec)):
        ended = repository.run(*words)
        assert ended.returncode == 0, ended.stderr
    tables = repository.root / "data" / "tables" / spec
    return tables, json.loads((tables / "about.json").read_text())


@pytest.fixture(scope="module")
def retail(copy_of_repository: Callable[[], Repository], shared_data: Path) -> tuple[Path, dict[str, Any]]:
    return ingested(copy_of_repository(), "online_retail", shared_data / "online_retail")


def test_the_overlap_of_the_retailers_files_is_taken_once(retail: tuple[Path, dict[str, Any]]) -> None:
    _, about = retail
    counts = about["reconciled"]["transactions"]
    assert counts["read"] == {"year_2009_2010.parquet": 525_461, "year_2010_2011.parquet": 541_909}
    assert counts["duplicates"] == 22_523
    assert counts["unmapped"] == {"no customer_id": 235_287}
    assert counts["kept"] == 525_461 + 541_909 - 22_523 - 235_287 == about["rows"]["transactions"]
    assert about["rows"]["customers"] == 5_942
    assert about["extracted_at"] == "2011-12-09T12:50:00.000001"


@pytest.mark.parametrize(
    ("as_of", "customers", "share"),
    [("2011-03-01", 4276, 63.2), ("2011-06-01", 4338, 63.4), ("2011-09-09", 4324, 49.6)],
)
def test_the_retailers_churn_is_what_is_known_of_it(
    retail: tuple[Path, dict[str, Any]], as_of: str, customers: int, share: float
) -> None:
    with duckdb.connect() as database:
        found = database.execute(CHURN.format(tables=retail[0], as_of=as_of)).fetchall()
    assert found == [(customers, share)]


def test_wellcos_three_files_become_five_tables(
    copy_of_repository: Callable[[], Repository], shared_data: Path
) -> None:
    tables, about = ingested(copy_of_repository(), "wellco", shared_data / "wellco")
    assert about["rows"] == {
        "customers": 10_000,
        "contracts": 12_021,
        "usage": 69_666,
        "interactions": 64_576,
        "treatments": 10_000,
    }
    usage = about["reconciled"]["usage"]
    assert (usage["read"], usage["rolled_up"]) == ({"app_usage.csv": 97_789}, 97_789 - 69_666)
    with duckdb.connect() as database:
        query = f"SELECT sum(actions), sum(sessions) FROM read_parquet('{tables}/usage/*.parquet')"
        assert database.execute(query).fetchall() == [(97_789, 97_789)]
