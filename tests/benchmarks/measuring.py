"""What a command costs: wall time, CPU time and memory of all its processes together."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of wall time and of CPU, and the most memory of all its processes together."""

    wall: float
    cpu: float
    gigabytes: float
    told: str

    def __str__(self) -> str:
        return f"{self.wall:.1f} s | {self.cpu:.1f} s | {self.gigabytes:.2f} GiB"


def measure(*words: str, cwd: Path, ends_with: Collection[int] = (0,), **variables: str) -> Cost:
    """Run a command to its end, with these variables beside those of the environment.

    Raises CalledProcessError when it ends with another exit code.
    """
    began = time.perf_counter()
    environment = {**os.environ, **variables, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    running = psutil.Popen(
        list(words), cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    most: list[int] = [0]
    watcher = threading.Thread(target=_watch, args=(running, most))
    before = os.times()
    watcher.start()
    told, _ = running.communicate()
    watcher.join()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if running.returncode not in ends_with:
        raise subprocess.CalledProcessError(running.returncode, words, told)
    return Cost(time.perf_counter() - began, cpu, most[0] / 2**30, told)


def _watch(process: psutil.Popen, most: list[int]) -> None:
    while process.poll() is None:
        total = 0
        for one in [process, *_children(process)]:
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue  # it has just ended
        most[0] = max(most[0], total)
        time.sleep(0.1)


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
