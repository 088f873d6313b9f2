"""Process identity across machines: whether a process is alive, and ending a child when its parent ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
# The main process of a run, for those that it starts: its number and when it started.
RUN = "HOLDFAST_RUN"
LOOK_SECONDS = 0.5
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h


@dataclass(frozen=True)
class Process:
    """A process on some machine.

    host is the machine's name; machine and boot tell whether it is the same one, started the same time; space is the
    namespace in which pid counts; started is when the process did, in the machine's own words.
    """

    host: str
    machine: str
    boot: str
    space: str
    pid: int
    started: str

    @property
    def name(self) -> str:
        """Its name in messages."""
        return f"process {self.pid} on {self.host}"

    def to_dict(self) -> dict[str, str]:
        """Its fields as texts, such as tags."""
        return {key: str(value) for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, told: Mapping[str, str]) -> "Process | None":
        """The process that `to_dict` wrote; None where it is malformed."""
        try:
            texts = {key: str(told[key]) for key in ("host", "machine", "boot", "space", "started")}
            return cls(**texts, pid=int(told["pid"]))
        except (KeyError, ValueError, TypeError):
            return None

    @property
    def is_gone(self) -> bool:
        """Whether it has certainly ended: its number is free or reused, or the machine was rebooted.

        Of another machine or container nothing is sure.
        """
        here = this()
        if (self.host, self.machine) != (here.host, here.machine) or not self.boot:
            return False
        if self.boot != here.boot:
            return bool(self.machine)
        return self.space == here.space and started(self.pid) != self.started


def this() -> Process:
    """The current process."""
    return Process(socket.gethostname(), *_place(), pid=os.getpid(), started=started(os.getpid()) or "")


def started(pid: int) -> str | None:
    """A process's start time, which tells apart processes of the same number; None where there is none."""
    if (PROC / "self" / "stat").exists():
        try:
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return asked.stdout.strip() or None


@cache
def _place() -> tuple[str, str, str]:
    """Machine, boot and namespace; empty where the system does not say."""
    machine, boot = (_read(Path(name)) for name in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"))
    try:
        space = str((PROC / "self" / "ns" / "pid").stat().st_ino)
    except OSError:
        space = ""
    return machine[:8], boot or f"{sys.platform} of unknown start", space


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def mark() -> str:
    """The identity of the current process, for the variable `RUN` of its children."""
    return f"{os.getpid()} {started(os.getpid())}"


def is_of_a_run(environment: Mapping[str, str]) -> bool:
    """Whether this process was started by another one in the middle of a run."""
    pid = environment.get(RUN, "").partition(" ")[0]
    return pid.isdecimal() and int(pid) != os.getpid()


def tie(environment: Mapping[str, str]) -> None:
    """End this process when the main process of its run ends, in whatever way.

    Linux does so at once where that one started this one; a thread looks twice a second, for all else.
    """
    if not is_of_a_run(environment):
        return
    pid, _, since = environment[RUN].partition(" ")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if started(int(pid)) != since:
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=_watch, args=(int(pid), since), daemon=True, name="watches the run").start()


def _watch(pid: int, since: str) -> None:
    while started(pid) == since:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
