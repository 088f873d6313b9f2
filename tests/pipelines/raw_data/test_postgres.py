"""A PostgreSQL table as raw data, from a real server that the test starts and ends."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, MissingError, UsageError
from pipelines.raw_data import postgres
from tests.pipelines.postgres_server import running_server

TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, who text, at timestamptz, paid numeric(10, 2), more jsonb);
INSERT INTO shop.orders VALUES
    (2, 'Zoë', '2024-07-01 12:00+02', 12.50, '{"a": 1}'), (1, NULL, '2024-01-01 00:00+00', 7, NULL);
CREATE TABLE shop.nothing (id bigint);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server with our tables."""
    with running_server() as address:
        with psycopg.connect(address) as connection:
            connection.execute(TABLES)
        yield address


def test_a_table_becomes_a_file_in_its_own_types_and_in_a_fixed_order(server: str, tmp_path: Path) -> None:
    path = postgres.fetch(f"{server}?table=shop.orders", tmp_path)
    assert path == tmp_path / "orders.parquet"
    rows = pq.read_table(path).to_pylist()
    assert [(row["id"], row["who"], float(row["paid"])) for row in rows] == [(1, None, 7.0), (2, "Zoë", 12.5)]
    assert rows[1]["at"].isoformat() == "2024-07-01T10:00:00+00:00"
    first = path.read_bytes()
    with psycopg.connect(f"{server}") as connection:
        connection.execute("UPDATE shop.orders SET who = who")
    assert postgres.fetch(f"{server}?table=shop.orders", tmp_path).read_bytes() == first


def test_what_is_not_there_is_named(server: str, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no such table; there are \['nothing', 'orders'\]"):
        postgres.fetch(f"{server}?table=shop.order", tmp_path)
    with pytest.raises(DataError, match=r"shop\.nothing holds no rows"):
        postgres.fetch(f"{server}?table=shop.nothing", tmp_path)
    with pytest.raises(MissingError, match="no database at"):
        postgres.fetch(f"{server}_2?table=shop.orders", tmp_path)
    with pytest.raises(MissingError, match="no database at"):
        postgres.fetch("postgresql://127.0.0.1:1/shop?table=orders", tmp_path)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://host/shop", "names no table"),
        ("postgresql://host?table=orders", "names no table"),
        ("postgresql://me:secret@host/shop?table=orders", "holds a password; set PGPASSWORD"),
        ("postgresql://host:port/shop?table=orders", "Port"),
    ],
)
def test_an_address_says_where_and_which_table_and_no_password(address: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        postgres.fetch(address, tmp_path)
    assert "secret" not in str(caught.value)
