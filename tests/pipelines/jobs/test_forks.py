"""Stages as forks of the run: as if they had been called by themselves."""

import ast
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.jobs import forks
from pipelines.messages import failures
from pipelines.processes import handover
from pipelines.workspace import Workspace
from tests.end_to_end.repository import environment

CLIENT = """
import sys
from pipelines.processes import handover
code = handover.answer(sys.argv[1:])
sys.exit(77 if code is None else code)
"""


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A checkout of the command line alone, whose one stage does what its spec says."""
    for name in ("features", "experiments", "pipelines"):
        (tmp_path / name).symlink_to(root / name)
    return tmp_path


def ask(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command as DVC calls it."""
    return subprocess.run(
        [sys.executable, "-c", CLIENT, *words],
        cwd=root,
        env={**environment(), "PYTHONPATH": str(root), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_stage_has_the_exit_code_and_leaves_the_words_that_it_has_as_a_process_of_its_own(
    checkout: Path, root: Path
) -> None:
    program = textwrap.dedent(f"""
        import pathlib, sys
        sys.path.insert(0, {str(root)!r})
        from pipelines import cli
        from pipelines.jobs import forks
        from tests.pipelines.jobs.test_forks import ask
        here = pathlib.Path({str(checkout)!r})
        with forks.serving(here, here / "state", cli.main) as served:
            handed = ask(here, "ingest", "nothing", **served.variables)
        print([handed.returncode, handed.stderr, list(served.stored)])
    """)
    words = [sys.executable, "-c", program]
    ended = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=True, env=environment())
    code, said, stored = ast.literal_eval(ended.stdout)
    left = failures.take(Workspace(checkout, "nothing").failure)
    assert ask(checkout, "ingest", "nothing").returncode == 77, "without a run there is nobody to ask"
    assert (code, stored) == (2, ["ingest"])
    assert left is not None
    assert left.message.startswith("no spec 'nothing'")
    assert said == "", "the run says it"


def test_nothing_is_left_where_it_listened_and_a_killed_runs_place_is_cleared(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    (tmp_path / f"stages.{gone.pid}").touch()
    with forks.serving(tmp_path, tmp_path, cli.main) as served:
        assert [path.name for path in tmp_path.iterdir()] == [served.variables[handover.LISTENS]]
    assert list(tmp_path.iterdir()) == []


def test_a_command_does_its_stage_itself_when_the_run_is_gone(tmp_path: Path, root: Path) -> None:
    assert ask(root, "ingest", "nothing", **{handover.LISTENS: str(tmp_path / "nobody")}).returncode == 77


def test_code_that_was_changed_meanwhile_is_not_run_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "of_ours.py").write_text("A = 1\n")
    program = textwrap.dedent(f"""
        import pathlib, subprocess, sys
        sys.path[:0] = {[str(tmp_path), str(Path(__file__).parents[3])]!r}
        import of_ours
        from pipelines import cli
        from pipelines.jobs import forks
        from tests.pipelines.jobs.test_forks import ask
        here = pathlib.Path({str(tmp_path)!r})
        with forks.serving(here, here, cli.main) as served:
            (here / "of_ours.py").write_text("A = 2  # changed\\n")
            variables = {{"PYTHONPATH": {str(Path(__file__).parents[3])!r}}}
            print(ask(here, "ingest", "nothing", **{{**served.variables, **variables}}).returncode)
    """)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment()
    )
    assert ended.stdout.split() == ["77"]


def test_a_stage_ends_with_the_run(root: Path) -> None:
    """Whatever ends the run, even SIGKILL, ends the fork that does a stage."""
    program = textwrap.dedent(f"""
        import os, sys, time
        sys.path.insert(0, {str(root)!r})
        from multiprocessing import get_context
        from pipelines.jobs import forks
        from pipelines.processes import processes
        def slow(words):
            print(os.getpid(), flush=True)
            time.sleep(60)
        asked = (["ingest", "x"], [0, 1, 2], processes.mark(), slow)
        get_context("fork").Process(target=forks._stage, args=asked).start()
        time.sleep(60)
    """)
    run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment())
    assert run.stdout is not None
    stage = int(run.stdout.readline())
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 10
    while _is_there(stage) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_there(stage)


def _is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
    except OSError:
        return os.path.exists(f"/proc/{pid}")  # noqa: PTH110
