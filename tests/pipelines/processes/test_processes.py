"""Who a process is, and how one ends together with another."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipelines.processes import processes
from pipelines.processes.processes import Process

ROOT = Path(__file__).parents[3]


def test_a_process_is_there_until_it_has_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = replace(processes.this(), pid=child.pid, started=str(processes.started(child.pid)))
    assert not known.is_gone
    child.kill()
    deadline = time.monotonic() + 10
    while not known.is_gone and time.monotonic() < deadline:
        time.sleep(0.01)
    assert known.is_gone  # not reaped yet: a zombie is no process at work
    child.communicate()
    assert known.is_gone


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({}, False),
        ({"started": "1"}, True),  # the number is another's now
        ({"boot": "the one before", "machine": "m"}, False),  # another machine of this name
        ({"host": "elsewhere", "started": "1"}, False),  # nothing is known of it
        ({"space": "another container", "started": "1"}, False),
    ],
)
def test_only_what_is_surely_gone_is_called_so(changes: dict[str, str], gone: bool) -> None:
    assert replace(processes.this(), **changes).is_gone is gone  # type: ignore[arg-type]


def test_after_a_new_start_of_the_machine_all_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_place", lambda: ("machine", "today", "1"))
    here = processes.this()
    assert not here.is_gone
    assert replace(here, boot="yesterday").is_gone


def test_a_process_that_was_written_down_is_read_again() -> None:
    me = processes.this()
    assert Process.from_dict(me.to_dict()) == me
    assert Process.from_dict({"pid": "7"}) is None
    assert Process.from_dict({**me.to_dict(), "pid": "seven"}) is None


TIED = (
    "import os, time; from pipelines.processes import processes as p;"
    "p.tie(os.environ); print('up', flush=True); time.sleep(60)"
)
STARTS = """
import os, subprocess, sys
from pipelines.processes import processes
os.environ[processes.RUN] = processes.mark()
subprocess.run({command!r}, check=False)
"""


@pytest.mark.parametrize("shell", [False, True], ids=["its own child", "through a shell that lives on"])
def test_what_a_run_started_ends_when_the_run_is_killed(shell: bool) -> None:
    command = [sys.executable, "-c", TIED]
    if shell:
        command = ["sh", "-c", f'"{sys.executable}" -c "{TIED}"; true']
    main = subprocess.Popen(
        [sys.executable, "-c", STARTS.format(command=command)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert main.stdout is not None
    assert main.stdout.readline() == "up\n"
    below = psutil.Process(main.pid).children(recursive=True)
    tied = [one for one in below if one.name() != "sh"]
    assert tied
    main.send_signal(signal.SIGKILL)
    main.wait()
    _, alive = psutil.wait_procs(tied, timeout=5)
    main.stdout.close()
    assert not alive


def test_who_comes_after_the_end_of_its_run_ends_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TIED],
        cwd=ROOT,
        env={**os.environ, processes.RUN: f"{os.getpid()} 1"},  # of this number, but not this process
        timeout=30,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
