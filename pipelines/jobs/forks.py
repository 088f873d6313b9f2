"""Stages as forks of the run's process, so that libraries are loaded once.

DVC calls every stage as a command. Under a run that command only asks the run (`handover`), whose fork then does the
stage where the command would have: in the same folder, with the same input, output and exit code. What is loaded of our
own code must be as it lies on the disk: where a file was changed meanwhile, the command does its stage itself.
"""

import gc
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from threading import Event, Thread

from features.errors import HoldfastError
from pipelines.processes import handover, processes, stopping

# The system takes no longer address of a socket.
LONGEST = 100
LOOK_SECONDS = 0.2
MESSAGE = 1 << 16
NOT_HERE = -1
# How long a stage that is asked to stop may take for it; DVC is given more.
GRACE_SECONDS = 5.0
# What a stage loads late, in its functions, and later stages load again: at its first turn it is loaded here. Great
# Expectations brings the first four with it, MLflow's last comes as soon as it opens a database, and the pages of
# `evaluate` and `promote` draw with matplotlib.
LIBRARIES = {
    "validate": ("pandas", "scipy.stats", "sqlalchemy", "jinja2"),
    "tune": ("lightgbm", "mlflow.store.tracking.sqlalchemy_store"),
    "evaluate": ("matplotlib.figure", "matplotlib.style", "matplotlib.backends.backend_svg"),
}
# What loading a stage may end with: the stage will say it itself.
UNLOADABLE = (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, HoldfastError)

Seen = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Served:
    """What a served command needs: its environment, the server, and the time when DVC stored the last output.

    stored is by stage, in nanoseconds of the clock that files have.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    command: stopping.Command | None = None
    stored: dict[str, int] = field(default_factory=dict)

    def now_stored(self) -> None:
        """Note that DVC has stored the last stage's output, since it goes on."""
        if self.stored:
            self.stored[list(self.stored)[-1]] = time.time_ns()


@contextmanager
def serving(root: Path, folder: Path, command: stopping.Command | None) -> Iterator[Served]:
    """A block in which commands that see the given variables are executed by forks of this process.

    root is the checkout, folder one in it that may be written, command does what their words say. There are no
    variables, and every command does its stage itself, without that, where the system knows no forks or where the
    folder's name is too long.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    address = folder / f"stages.{os.getpid()}"
    if command is None or not hasattr(os, "fork") or len(str(address)) > LONGEST:
        yield Served()
        return
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(address))
        door.listen()
        door.settimeout(LOOK_SECONDS)
        over, served = Event(), Served({handover.LISTENS: str(address.relative_to(root))}, command)
        server = Thread(target=_serve, args=(door, root, over, served, _sources(root)), daemon=True, name="does stages")
        server.start()
        try:
            yield served
        finally:
            over.set()
            served.now_stored()
            address.unlink(missing_ok=True)
            server.join()
            gc.unfreeze()


def _clear(folder: Path) -> None:
    """Remove the leftovers of killed runs."""
    for left in folder.glob("stages.*"):
        with suppress(OSError, ValueError):
            os.kill(int(left.suffix[1:]), 0)
            continue
        left.unlink(missing_ok=True)


def _serve(door: socket.socket, root: Path, over: Event, served: Served, seen: Seen) -> None:
    """Answer commands one after the other until the block ends; DVC calls them in turn."""
    try:
        while not over.is_set():
            with suppress(TimeoutError):
                line, _ = door.accept()
                with line:
                    line.settimeout(None)
                    seen = _answered(line, root, seen=seen, served=served)
    finally:
        door.close()  # whoever asks now does it himself


def _answered(line: socket.socket, root: Path, *, seen: Seen, served: Served) -> Seen:
    """Execute a command, send it the exit code, and give the project files that are loaded now."""
    message, files, _, _ = socket.recv_fds(line, MESSAGE, 3)
    served.now_stored()
    try:
        words = json.loads(message)
        code = NOT_HERE
        if _sources(root).items() >= seen.items():
            _load(words[0])
            seen = {**_sources(root), **seen}
            code = _done(line, words, files, served.command)
            served.stored[words[0]] = time.time_ns()
        with suppress(OSError):  # nobody waits any more
            line.sendall(str(code).encode())
    finally:
        for file in files:
            os.close(file)
    return seen


def _load(stage: str) -> None:
    """Load a stage's libraries; they stay loaded, so they are exempt from garbage collection."""
    gc.disable()
    for library in LIBRARIES.get(stage, ()):
        with suppress(ImportError):
            import_module(library)
    with suppress(*UNLOADABLE):
        import_module(f"pipelines.stages.{stage}")
    gc.freeze()  # nor need a fork look at it, and so copy it
    gc.enable()


def _done(line: socket.socket, words: Sequence[str], files: Sequence[int], command: stopping.Command | None) -> int:
    """The exit code of a fork that executes the command; it is ended when its caller ends."""
    stage = get_context("fork").Process(target=_stage, args=(words, files, processes.mark(), command), daemon=True)
    stage.start()
    if stage.sentinel not in wait([stage.sentinel, line]):
        stage.terminate()
        stage.join(GRACE_SECONDS)
        stage.kill()
    stage.join()
    code = stage.exitcode if stage.exitcode is not None else 0
    return code if code >= 0 else 128 - code


def _stage(words: Sequence[str], files: Sequence[int], run: str, command: stopping.Command) -> None:
    """In the fork: the command, as if DVC had called it; it ends with its run."""
    os.environ[processes.RUN] = run
    for number, file in enumerate(files):
        os.dup2(file, number)
    sys.stdin = open(0, closefd=False, encoding=sys.stdout.encoding)  # noqa: SIM115 - multiprocessing took it away
    sys.exit(stopping.guard(words, command))


def _sources(root: Path) -> Seen:
    """Modification times and sizes of the loaded project files; missing files are left out."""
    found = {}
    here, libraries = f"{root}{os.sep}", f"{sys.prefix}{os.sep}"
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        # Thousands are loaded, and Path is slow; an environment may lie in the checkout.
        if file and file.startswith(here) and not file.startswith(libraries):
            with suppress(OSError):
                stat = os.stat(file)  # noqa: PTH116
                found[file] = stat.st_mtime_ns, stat.st_size
    return found
