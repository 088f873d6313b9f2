"""A database of any earlier revision becomes one of today's, with every row, also where a migration was killed."""

import os
import re
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import UsageError
from pipelines.outreach.operations import came_back, database, deliveries, erased_people, opt_outs, rounds, warnings
from pipelines.outreach.operations.tables import METADATA, VERSION_TABLE
from pipelines.servers import databases
from tests.pipelines import kept_sql
from tests.pipelines.kept_sql import emptied, schema
from tests.pipelines.outreach.operations import kept_schemas
from tests.pipelines.outreach.operations.kept_schemas import FOLDER

REVISIONS = kept_schemas.revisions()
NEWEST = REVISIONS[-1]
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def root(database_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(database.ADDRESS, database_address)
    emptied(databases.engine(database_address))
    return tmp_path


@pytest.fixture(scope="module")
def fresh(database_address: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The schema of a database that is made today."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.ADDRESS, database_address)
        emptied(databases.engine(database_address))
        return schema(database.opened(tmp_path_factory.mktemp("fresh")))


def loaded(revision: str) -> sa.Engine:
    """The database as the file of a revision has it."""
    return kept_sql.load(databases.engine(database.address(Path())), kept_schemas.file(revision))


def rows(engine: sa.Engine) -> Rows:
    """All rows of all tables of the project, sorted, by table."""
    found = {}
    with engine.connect() as connection:
        for name in sorted(set(sa.inspect(connection).get_table_names()) & set(METADATA.tables)):
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            found[name] = sorted(map(dict, connection.execute(sa.select(table)).mappings()), key=repr)
    return found


def test_every_revision_has_a_file_with_rows_of_every_table() -> None:
    kept = {path.stem for path in FOLDER.glob("*.sql")}
    assert kept == set(REVISIONS), "`python -m tests.pipelines.outreach.operations.kept_schemas` writes the newest"
    filled = set(
        re.findall(r"INSERT INTO (\w+)", "\n".join(kept_sql.statements(kept_schemas.file(NEWEST), kept_sql.ROWS)))
    )
    assert filled == set(METADATA.tables)


def test_the_files_are_what_the_migrations_make(root: Path) -> None:
    """A migration that is on main is never edited: its databases are out there."""
    kind = databases.engine(database.address(root)).dialect.name
    told = "\n\n".join(kept_schemas.made(database.address(root)))
    for revision in REVISIONS:
        kept = "\n\n".join(kept_sql.statements(kept_schemas.file(revision), kind))
        assert told.startswith(kept), revision
    assert told == kept


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_a_revision_becomes_todays_with_every_row_and_the_work_goes_on(
    revision: str, root: Path, fresh: dict[str, Any]
) -> None:
    before = rows(loaded(revision))
    assert all(before.values())
    engine = database.opened(root)
    assert schema(engine) == fresh
    after = rows(engine)
    assert set(after) == set(METADATA.tables)
    for table, found in after.items():
        was = before.get(table, [])
        names = set(was[0]) if was else set()
        assert [{name: one[name] for name in one if name in names} for one in found] == was
        assert all(one[name] is None for one in found for name in set(one) - names), "what was not known then"
    assert rows(database.opened(root)) == after, "opened again, nothing changes"
    means_what_it_did(engine, revision)


def means_what_it_did(engine: sa.Engine, revision: str) -> None:
    found = rounds.found(engine, "demo", date(2026, 3, 1))  # whose digest is that of then
    assert found is not None
    round_, drawn = found
    assert (round_.by, round_.seed, round_.versions) == (
        "ann@desk",
        "12345678901234567890",
        {"model": "3", "texts": None},
    )
    assert drawn["customer_id"].tolist() == ["客户 7", "o'hara"]
    assert drawn["withheld"].tolist() == [False, True]
    assert drawn["risk"].tolist() == [0.1 + 0.2, 0.25]
    assert drawn["probabilities"].tolist() == [{"call": 0.9, "none": 0.1}] * 2
    assert drawn["reasons"][0] == [["pays late", "付款晚"]]
    assert drawn["next_best"][0] == ("none" if revision < "0002" else "coupon")
    assert drawn["why_action"][0] == (["", ""] if revision < "0004" else ["it helped", "有效"])
    assert rounds.held_back(engine, date(2026, 6, 14)) == {"o'hara"}
    (warning,) = warnings.all_of(engine, "demo").to_dict("records")
    assert (warning["customer_id"], warning["rule"]) == ("客户 7", "complaints")
    pair = (("demo", "complaints", "客户 7", "2026-02-01T08:00:00"), "desk")
    assert deliveries.due(engine, [pair], at="2026-02-01T10:00:00") == {pair: 2}, "the first attempt failed"
    contacts = came_back.contacts(engine, "demo")
    assert contacts["outcome"].tolist() == ([] if revision < "0003" else ["reached"])
    with engine.connect() as connection:
        out = opt_outs.of_action(opt_outs.in_force(connection), "call")
    assert ("c9" in out) == (revision >= "0003")
    assert bool(erased_people.read(engine).among(["x"])) is False


def test_a_migration_that_is_killed_anywhere_can_be_done_again(root: Path, fresh: dict[str, Any]) -> None:
    engine = loaded(REVISIONS[0])
    before, was = rows(engine), schema(engine)
    steps = 0
    while killed(lambda: database.opened(root), at=steps):
        assert schema(engine) == was, "all of it or nothing"
        assert rows(engine) == before
        steps += 5
    assert steps > 10
    assert schema(engine) == fresh
    assert set(rows(engine)) == set(METADATA.tables)


def killed(act: Callable[[], object], *, at: int) -> bool:
    """Whether a process that acts was killed before the statement of this place that changes something."""
    child = os.fork()
    if not child:
        seen = 0

        def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            nonlocal seen
            if statement.lstrip().startswith(kept_sql.CHANGES):
                if seen == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

        sa.event.listen(sa.Engine, "before_cursor_execute", count)
        try:
            act()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_database_of_a_newer_version_is_left_alone(root: Path) -> None:
    engine = loaded(NEWEST)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE holdfast_rounds ADD COLUMN of_tomorrow TEXT")
    before = rows(engine), schema(engine)
    with pytest.raises(UsageError, match="made by another version of the project") as told:
        database.opened(root)
    assert "\n" not in str(told.value)
    assert (rows(engine), schema(engine)) == before
