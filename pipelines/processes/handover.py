"""Passes a DVC stage's command to the running main process, which forks to save import time."""

import json
import os
import signal
from collections.abc import Sequence

# Where the run listens, told from the root of the checkout; set for DVC's commands only.
LISTENS = "HOLDFAST_STAGES"
KILLED = 128 + signal.SIGKILL
MOST = 64


def answer(words: Sequence[str]) -> int | None:
    """The exit code of a stage executed by the run; None where no run listens or it declines."""
    address = os.environ.get(LISTENS)
    if not address:
        return None
    import socket  # not at the top: every other command would wait for it

    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(address)
            # Ctrl-C reaches the stage, too, which says so.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            socket.send_fds(line, [f"{json.dumps(list(words))}\n".encode()], [0, 1, 2])
            said = line.recv(MOST)
        except OSError:
            said = b"-1"
    if not said:
        return KILLED
    return int(said) if int(said) >= 0 else None
