"""DVC's default remote, asked whether it answers."""

import os
import subprocess
import sys
from pathlib import Path

from pipelines.dvc import remote_child, remote_errors
from pipelines.dvc.remote_errors import Remote

# What the process may take beside the time that the remote has.
STARTS_SECONDS = 20


def asked(root: Path) -> Remote:
    """What the remote of a checkout answers, asked in a process of its own without a terminal; nothing is changed."""
    seconds = remote_child.SECONDS + STARTS_SECONDS
    try:
        ended = subprocess.run(
            [sys.executable, "-P", remote_child.__file__, str(root / ".dvc")],
            cwd=root,
            env={**os.environ, "DVC_NO_ANALYTICS": "true"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Remote(fault=f"it did not answer within {seconds} s", remedy="see that its server runs")
    return read(ended.returncode, ended.stdout)


def read(code: int, said: str) -> Remote:
    """What a process said that asked the remote, and ended with a code."""
    unexplained = code != 0 and remote_child.FAULT not in said
    return remote_errors.read(f"{said}\n{remote_child.FAULT}DVC ended with code {code}" if unexplained else said)
