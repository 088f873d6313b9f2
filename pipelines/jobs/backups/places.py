"""Which databases a checkout has, and where: MLflow's, the ledger, operations, studies."""

from pathlib import Path

from features.errors import UsageError
from pipelines.champion import ledger
from pipelines.jobs.backups.manifest import POSTGRESQL, SQLITE
from pipelines.messages import masking
from pipelines.outreach.operations import database
from pipelines.servers import addresses, databases

MLFLOW, LEDGER, OPERATIONS, STUDY = "MLflow", "ledger", "operations", "study of "


def all_of(root: Path) -> dict[str, str]:
    """The address of each database by its role; MLflow first, so that a ledger is never older than its alias.

    Raises UsageError where MLflow is a server, whose database and files only its host can copy.
    """
    tracking = addresses.tracking(root)
    if not tracking.startswith((SQLITE, POSTGRESQL)):
        raise UsageError(
            f"{addresses.TRACKING} is {masking.mask(tracking)}, a server: its database and the files of its models are"
            f" copied where it runs. Run this there, with {addresses.TRACKING} naming its database."
        )
    found = {MLFLOW: tracking, LEDGER: ledger.address(root), OPERATIONS: database.address(root)}
    studies = sorted((root / "state").glob("*/study.db"))
    return found | {f"{STUDY}{path.parent.name}": f"sqlite:///{path}" for path in studies}


def today(root: Path, role: str) -> str:
    """The address of a role; of a study that is not there, where it would be. Raises as `all_of`."""
    found = all_of(root)
    name = role.removeprefix(STUDY)
    if role.startswith(STUDY) and Path(name).name == name:
        return f"sqlite:///{root / 'state' / name / 'study.db'}"
    if role not in found:
        raise UsageError(f"the archive holds a database '{role}', which this version does not know.")
    return found[role]


def kind(where: str) -> str:
    """The kind of an address."""
    return SQLITE if where.startswith(SQLITE) else POSTGRESQL


def file_of(where: str) -> Path:
    """The file of an SQLite address. Raises UsageError where it is kept in memory, or named as a URI."""
    path = databases.sqlite_path(where)
    if path is None:
        raise UsageError(f"{where} is no file that could be copied; write sqlite:///PATH.")
    return path
