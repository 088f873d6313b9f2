"""A run that is stopped, however it is, leaves nothing at work and nothing behind; the next one goes on."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.small_table import put_small_table

LINE = "run: stopped; run the same command again to go on."


def started(repository: Repository, place: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *words],
        cwd=repository.root,
        env={**environment(), "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(reached: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def below(running: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(running.pid).children(recursive=True)


def is_in(stage: str, running: subprocess.Popen[str]) -> bool:
    try:
        return any(["pipelines", stage] == one.cmdline()[2:4] for one in below(running))
    except psutil.Error:
        return False


def states(repository: Repository, name: str) -> list[str]:
    """The states of MLflow's runs of this name."""
    path = repository.root / "mlflow.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute(
                "SELECT status FROM runs WHERE name LIKE ? ORDER BY start_time", (name,)
            ).fetchall()
        except sqlite3.OperationalError:
            return []
    return [row[0] for row in rows]


def left(place: Path) -> list[str]:
    return sorted(one.name for one in place.iterdir())


@pytest.mark.slow
def test_a_run_that_is_stopped_again_and_again_leaves_nothing_and_ends_as_it_should(
    copy_of_repository: Callable[[], Repository], tmp_path: Path
) -> None:
    repository = copy_of_repository()
    path = put_small_table(repository)
    assert repository.run("data", "shop", path).returncode == 0

    # Only the main process is killed: DVC and the stage end with it, and a second run is told of the first.
    running = started(repository, tmp_path, "run", "shop")
    until(lambda: is_in("tune", running), running)
    second = started(repository, tmp_path, "run", "shop")
    complaint = second.communicate()[1]
    assert second.returncode == 2
    assert complaint.startswith(f"run: another run is at work (process {running.pid} since ")
    assert len(complaint.splitlines()) == 1
    children = below(running)
    assert len(children) >= 2
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert not psutil.wait_procs(children, timeout=5)[1]
    assert len(left(tmp_path)) == 1

    # Stopped from outside while it registers: a line, and no run of MLflow is left running.
    running = started(repository, tmp_path, "run", "shop")
    until(lambda: "RUNNING" in states(repository, "challenger"), running)
    running.send_signal(signal.SIGTERM)
    complaint = running.communicate()[1]
    assert running.returncode == 2
    assert complaint.splitlines()[-1] == LINE
    assert "Traceback" not in complaint
    assert states(repository, "challenger") == ["FAILED"]
    assert left(tmp_path) == []

    # Killed while it registers: the next run ends what MLflow still calls running.
    running = started(repository, tmp_path, "run", "shop")
    until(lambda: "RUNNING" in states(repository, "challenger"), running)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert states(repository, "challenger") == ["FAILED", "RUNNING"]

    running = started(repository, tmp_path, "run", "shop")
    told, complaint = running.communicate()
    assert running.returncode == 0, complaint
    assert "FIRST_CHAMPION" in told
    assert "challenger  version 1" in told
    assert states(repository, "challenger") == ["FAILED", "KILLED", "FINISHED"]
    assert set(states(repository, "study%")) == {"FINISHED"}
    assert left(tmp_path) == []

    # Undisturbed, with nothing to do: nothing is left either.
    running = started(repository, tmp_path, "run", "shop")
    assert "NO_CHANGE" in running.communicate()[0]
    assert left(tmp_path) == []


STOPS_AT = """
import signal, sys
def handler(*_): raise KeyboardInterrupt
from pipelines.processes import stopping
{stop}
sys.exit(stopping.guard(["score", "shop"], main))
"""
STRIKES = "import os; os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (f"def main(words):\n    {STRIKES}\n    return 0", 2),
        # A library that makes a fault of its own of it.
        (
            (
                f"def main(words):\n    try:\n        {STRIKES}\n    except KeyboardInterrupt as error:\n"
                "        raise RuntimeError('interrupted') from error"
            ),
            2,
        ),
        # In a destructor, where Python can raise nothing.
        (
            (
                "import time\nclass Dies:\n    def __del__(self):\n"
                f"        {STRIKES}\n        for _ in range(10): pass\n"
                "def main(words):\n    Dies()\n    time.sleep(5)\n    return 0"
            ),
            2,
        ),
        # While the interpreter ends, all is done and said.
        (f"import atexit\natexit.register(lambda: exec({STRIKES!r}))\nmain = lambda words: 0", 0),
    ],
    ids=["at work", "made another fault", "in a destructor", "after the end"],
)
def test_a_stop_is_told_wherever_it_strikes(stop: str, code: int, root: Path) -> None:
    program = STOPS_AT.format(stop=stop)
    ended = subprocess.run(
        [sys.executable, "-c", f"import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{program}"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stderr.splitlines() == ([LINE.replace("run:", "score:")] if code else [])
