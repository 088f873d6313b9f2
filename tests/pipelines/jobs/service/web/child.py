"""Serves a slow desk as `serve` does, until a signal: python -m tests.pipelines.jobs.service.web.child SECONDS."""

import signal
import sys
import threading

from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import server
from pipelines.jobs.service.web.app import made
from pipelines.processes import stopping
from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk
from tests.pipelines.jobs.service.web.running import KEYS


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - to the test


def command(words: object) -> int:
    """Say `held` once the desk has a request, and `closed` once it is closed."""
    settings = Settings(port=0)
    desk = MemoryDesk("demo", seconds=float(str(words)))
    threading.Thread(target=lambda: (desk.held.wait(), say("held")), daemon=True).start()
    try:
        server.run(made({"demo": desk}, keys=KEYS.get, settings=settings), settings)
    finally:
        desk.close()
        say(f"closed {desk.sizes}")
    return 0


if __name__ == "__main__":
    # Whoever started the tests may ignore it (nohup), and that would be handed on.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    sys.exit(stopping.guard(["serve"], lambda _: command(sys.argv[1])))
