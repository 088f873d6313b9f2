"""Whether databases have the tables of these versions of MLflow, Optuna and the project."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

from pipelines.jobs.care.finding import ERROR, WARNING, Finding, fine
from pipelines.jobs.care.reachable import MLFLOW, OPERATIONS
from pipelines.outreach.operations import database
from pipelines.outreach.operations.tables import VERSION_TABLE
from pipelines.servers import databases

ALEMBIC = "alembic_version"
# Where each library keeps its migrations.
PLACES = {MLFLOW: ("mlflow", "store/db_migrations"), "Optuna": ("optuna", "storages/_rdb/alembic")}


def of_servers(made: Mapping[str, str]) -> Iterator[Finding]:
    """A line for the tables of MLflow and of the operations database, by what they are and their addresses."""
    if OPERATIONS in made:
        yield _finding(OPERATIONS, made[OPERATIONS], VERSION_TABLE, database.MIGRATIONS)
    if made.get(MLFLOW, "").startswith(("sqlite", "postgresql")):
        yield _finding(MLFLOW, made[MLFLOW], ALEMBIC, _migrations(MLFLOW))


def of_studies(root: Path) -> Iterator[Finding]:
    """A line for each database of studies that is not of today's Optuna."""
    for path in sorted((root / "state").glob("*/study.db")):
        found = _finding(f"studies of {path.parent.name}", f"sqlite:///{path}", ALEMBIC, _migrations("Optuna"))
        if found.level != "ok":
            yield found


def _finding(about: str, where: str, table: str, migrations: Path) -> Finding:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(migrations))
    newest, there = scripts.get_current_head(), version(where, table)
    if there == newest:
        return fine(about, f"its tables are of version {newest}")
    if there is None:
        return fine(about, "it has no tables yet")
    if there in {one.revision for one in scripts.walk_revisions()}:
        remedy = "take a backup; the next command that writes there migrates it"
        if about.startswith("studies"):
            remedy = "take a backup, then `optuna storage upgrade --storage ADDRESS`"
        return Finding(WARNING, about, f"its tables are of version {there}, older than {newest}", remedy)
    remedy = "use the version of the project that made it, or bring back a backup from before"
    return Finding(ERROR, about, f"its tables are of version {there}, which is not known here", remedy)


def version(where: str, table: str) -> str | None:
    """The version of a database's tables; None where it has none."""
    engine = databases.engine(where)
    with databases.answering(engine), closing(engine.connect()) as connection:
        if not sa.inspect(connection).has_table(table):
            return None
        found = connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(table))).scalar()
    return None if found is None else str(found)


def _migrations(library: str) -> Path:
    """The folder of a library's migrations, found without loading the library."""
    package, folder = PLACES[library]
    found = find_spec(package)
    return Path(str(found.origin if found else "")).parent / folder
