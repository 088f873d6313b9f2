"""Makes the DVC that a process starts a fork of it, which has DVC loaded: to load it takes two seconds.

Its text is run as a script's (`runpy.run_path`), as `loaded` knows no module of the tests.
"""

import gc
import importlib
import io
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

DVC = "pipelines.dvc.dvc_child"
LIBRARIES = (
    *("dvc.cli.parser", "dvc.analytics", "dvc._debug", "dvc.repo.graph", "dvc.repo.reproduce", "dvc.stage.run"),
    *("dvc.repo.artifacts", "dvc.repo.datasets", "dvc.repo.metrics", "dvc.repo.params", "dvc.repo.plots", "dvc.rwlock"),
    *("dvc.repo.stage", "dvc.utils.strictyaml", "dvc.data_cloud", "dvc.cachemgr", "dvc.lock", "dvc.scm", "dvc.dirs"),
    *("dvc_data.hashfile.db.local", "scmrepo.git", "scmrepo.noscm", "dulwich.ignore", "dulwich.worktree"),
    *("networkx", "ruamel.yaml", "configobj", "dulwich.index", "dvc_data.hashfile.status"),
)


def be_forks() -> None:
    """Load DVC; from now on, in this process and its forks, `python -m` DVC is a fork, and all else starts as ever."""
    modules: Any = subprocess
    start = modules._fork_exec
    for name in LIBRARIES:
        importlib.import_module(name)

    def started(args: Sequence[Any], executables: Any, close: Any, keep: Any, cwd: Any, env: Any, *more: Any) -> int:
        words = [os.fsdecode(word) for word in args]
        if words[:3] != [sys.executable, "-m", DVC]:
            return int(start(args, executables, close, keep, cwd, env, *more))
        number = os.fork()
        if not number:
            (reads, *_), session, group = more[:6], more[9], more[10]
            if session:
                os.setsid()
            if group >= 0:
                os.setpgid(0, group)
            if reads >= 0:
                os.dup2(reads, 0)
            _take(keep=set(keep) - {more[7]})
            os.environ.clear()
            os.environ.update([os.fsdecode(pair).split("=", 1) for pair in env])
            os.chdir(cwd)
            be(words[2:])
        return number

    modules._fork_exec = started


def _take(keep: set[int]) -> None:
    """Have no files open but the standard streams and those to keep, and signals as a process has them at its start."""
    gc.freeze()  # what the parent has open is closed here by its number alone: no object of its may do so later
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        if int(name) > 2 and int(name) not in keep:
            with suppress(OSError):
                os.close(int(name))
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def be(words: list[str]) -> NoReturn:
    """Be `python -m WORDS`; the fork ends with it, at once: to take down all that is loaded takes seconds."""
    parents = sys.stdout, sys.stderr  # noqa: F841 - they would be written out if they were forgotten
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.argv = words
    sys.modules.pop(DVC, None)
    code: object = 1
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as Python does
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
