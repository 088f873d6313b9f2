"""What happens when MLflow's database cannot be written."""

import subprocess
import sys
from pathlib import Path

from tests.end_to_end.repository import environment

ROOT = Path(__file__).parent.parent.parent

WRITES_UNTIL_FULL = """
import resource, signal, sys
from pathlib import Path
from features.errors import StorageError
from pipelines.servers import mlflow_runs
root = Path(sys.argv[1])
client = mlflow_runs.client(root)
experiment = mlflow_runs.experiment_id(client, root, "small")
limit = (root / "mlflow.db").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with mlflow_runs.answering(root):
        for number in range(2000):
            mlflow_runs.start_run(client, experiment, name="x" * 200)
except StorageError as error:
    sys.exit(f"{error.exit_code} {error}")
"""


def test_a_full_disk_beneath_the_database_is_told_in_one_line_and_not_called_a_bug(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    ended = subprocess.run(
        [sys.executable, "-c", WRITES_UNTIL_FULL, str(tmp_path)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 MLflow at sqlite:///mlflow.db could not be read or written:" in ended.stderr
