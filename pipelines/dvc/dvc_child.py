"""`python -m pipelines.dvc.dvc_child PIPE WORDS`: DVC as a process that ends with its run and reports through a pipe.

What the stages say goes to the terminal, as DVC hands them the descriptors of this process; what DVC says about them is
for the run to translate.
"""

import gc
import os
import runpy
import signal
import sys
from types import FrameType

from pipelines.dvc import lock_file, remote_child
from pipelines.processes import processes


def _wait_for_the_stage(_signal: int, _frame: FrameType | None) -> None:
    """On a stop, which reaches all processes of the run, DVC waits until its stage has ended."""


def main(pipe: int, words: list[str]) -> None:
    """Run DVC in this process; its output goes to a descriptor that the stages do not get."""
    processes.tie(os.environ)
    if words[0] not in remote_child.ASKING:
        signal.signal(signal.SIGTERM, _wait_for_the_stage)
    os.set_inheritable(pipe, False)
    # It stays open until the process ends: what ends it is said there, too.
    told = os.fdopen(pipe, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    sys.argv, sys.stdout, sys.stderr = ["dvc", *words], told, told
    gc.set_threshold(50_000, 20, 100)  # as for us: what is loaded stays
    if words[0] == "repro":
        lock_file.quicken()
    if words[0] in remote_child.ASKING:
        remote_child.look(".dvc")
    runpy.run_module("dvc", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
