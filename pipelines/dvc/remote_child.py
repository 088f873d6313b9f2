"""DVC's default remote, asked in a process of DVC: which it is, and whether it answers before files are copied.

Run by its path in a checkout, it imports nothing of ours. `remotes` reads what it prints.
"""

import os
import signal
import sys
from types import FrameType, TracebackType
from typing import Any

# Commands of DVC that copy files from or to a remote.
ASKING = ("pull", "push")
NONE, NAMED, GONE, THERE, FAULT = "remote: none", "remote: ", "remote is gone", "remote is there", "ERROR: "
NOWHERE = "no address"
# DVC itself would wait for half an hour.
SECONDS = 20
KNOWN_HOSTS = "known_hosts"


def look(folder: str) -> bool | None:
    """Print name and address of the remote that the settings in a folder name, and whether its folder is there.

    Gives that, None where there is no remote. What is wrong is raised, by `say` in words for `remotes`: stores fail in
    as many ways as there are kinds of them.
    """
    sys.excepthook = say
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        return _look(folder)
    finally:
        signal.alarm(0)


def say(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Print an error that ends the process as one line."""
    print(f"{FAULT}{kind.__name__}: {' '.join(str(error).split())}")  # noqa: T201 - `remotes` reads it


def _look(folder: str) -> bool | None:
    from dvc.config import Config  # type: ignore[import-untyped]
    from dvc.fs import get_cloud_fs  # type: ignore[import-untyped]

    config = Config(folder)
    name = config["core"].get("remote")
    if not name:
        print(NONE)  # noqa: T201
        return None
    address = str(config["remote"].get(name, {}).get("url", NOWHERE))
    shown = address if "://" in address or address == NOWHERE else os.path.realpath(address)
    print(f"{NAMED}{name} at {shown}")  # noqa: T201
    kind, settings, path = get_cloud_fs(config, name=name)
    if kind.protocol == "ssh":
        verify_hosts(kind)
    is_there = _is_there(kind(**settings), path)
    print(THERE if is_there else GONE)  # noqa: T201
    return is_there


def _is_there(store: Any, path: str) -> bool:
    """Whether a folder is there; of a bucket, in which there are no folders, it raises what is wrong with it."""
    if store.protocol != "s3":
        return bool(store.exists(path))
    bucket, _, prefix = path.partition("/")
    store.fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
    return True


def verify_hosts(kind: Any) -> None:
    """Make DVC in this process refuse an SSH server whose key is not in ~/.ssh/known_hosts, as `ssh` does.

    Otherwise it takes any, and whoever poses as the server is given the data.
    """
    prepared = kind._prepare_credentials  # noqa: SLF001 - DVC has no setting for it

    def checked(self: Any, **settings: Any) -> dict[str, Any]:
        return {**prepared(self, **settings), KNOWN_HOSTS: ()}

    kind._prepare_credentials = checked  # noqa: SLF001


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"it did not answer within {SECONDS} s")


if __name__ == "__main__":
    look(sys.argv[1])
