"""One run at a time in a checkout, and no lock that anybody has to remove."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from features.errors import UsageError
from pipelines.processes import processes, run_lock

ROOT = Path(__file__).parents[3]
HOLDS = """
import sys
from pathlib import Path
from pipelines.processes import run_lock
with run_lock.held(Path(sys.argv[1]), "run shop"):
    print("held", flush=True)
    input()
"""


@contextmanager
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDS, str(root)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as found:
        assert found.stdout is not None
        assert found.stdout.readline() == "held\n"
        yield found
        found.kill()


def test_the_second_is_told_who_is_at_work(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        with (
            pytest.raises(UsageError, match=rf"another run is at work \(process {other.pid} since .*: run shop\)"),
            run_lock.held(tmp_path, "run shop"),
        ):
            pass
        other.communicate("\n")
        with run_lock.held(tmp_path, "run shop"):
            pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert str(other.pid) in (tmp_path / "state" / run_lock.NAME).read_text()
        with run_lock.held(tmp_path, "run shop"):
            pass


def test_words_that_a_process_of_the_same_number_left_hold_nobody_up(tmp_path: Path) -> None:
    """This process has the number, and did not start then."""
    (tmp_path / "state").mkdir()
    left = f'{{"pid": {os.getpid()}, "since": "then", "what": "run shop", "mark": "{os.getpid()} 1"}}'
    (tmp_path / "state" / run_lock.NAME).write_text(left)
    with run_lock.held(tmp_path, "run shop"):
        pass


def test_a_stage_is_part_of_the_run_that_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_lock.held(tmp_path, "run shop"), run_lock.held(tmp_path, "tune shop"):
        pass
    assert processes.RUN not in os.environ
    with holder(tmp_path):
        # A variable that some other run left in the shell opens nothing.
        monkeypatch.setenv(processes.RUN, processes.mark())
        with pytest.raises(UsageError, match="another run"), run_lock.held(tmp_path, "tune shop"):
            pass
