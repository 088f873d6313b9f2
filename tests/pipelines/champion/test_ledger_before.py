"""The ledger's database as the first versions made it: today's code finds every entry, and one of tomorrow is refused.

Its tables never changed so far. `ledger_before.sql` has them as they were made first, with entries of then.
"""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import UsageError
from pipelines.champion import chain, lease_table
from pipelines.champion.ledger import Entry, Ledger
from pipelines.servers import databases
from tests.pipelines import kept_sql
from tests.pipelines.kept_sql import emptied, schema

FILE = Path(__file__).parent / "ledger_before.sql"
CLUB = Path(__file__).parents[1] / "workspace_before" / "club.json"


@pytest.fixture
def before(database_address: str) -> sa.Engine:
    return kept_sql.load(emptied(databases.engine(database_address)), FILE)


def opened(engine: sa.Engine) -> Ledger:
    return Ledger.open(engine.url.render_as_string(hide_password=False))


def test_its_tables_are_those_that_are_made_today(before: sa.Engine) -> None:
    """Who changes a table must bring the old ones along: here is where that shows."""
    kept = schema(before)
    emptied(before)
    opened(before)
    with before.begin() as connection:
        lease_table.alone(connection)
    assert schema(before) == kept


def test_every_entry_is_found_and_the_next_follows(before: sa.Engine) -> None:
    book = opened(before)
    entries = book.entries("club")
    kept = [(row["number"], row["hash"], json.loads(row["body"])) for row in json.loads(CLUB.read_text())["ledger"]]
    assert [(one.number, one.hash, one.body) for one in entries] == kept
    standing = chain.check("club", entries, head=chain.head_of(entries[-1]))
    assert standing.champion == "1"
    book.append(Entry.after(entries, "club", {**entries[-1].body, "words": "today"}))
    assert opened(before).entries("club")[:-1] == entries
    with before.connect() as connection:
        held = connection.execute(sa.select(lease_table.TABLE)).mappings().one()
    assert (held["spec"], held["expiry"]) == ("club", 2.5)


def test_a_ledger_of_a_newer_version_is_refused_in_one_line_and_left_alone(before: sa.Engine) -> None:
    with before.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE holdfast_ledger ADD COLUMN of_tomorrow TEXT")
    there = schema(before)
    with pytest.raises(
        UsageError, match=r"another version of the project: .*of_tomorrow.* HOLDFAST_LEDGER_URI"
    ) as told:
        opened(before)
    assert "\n" not in str(told.value)
    assert schema(before) == there
