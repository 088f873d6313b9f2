"""The entry point `python -m pipelines <command> <spec>`."""

import gc
import sys
from collections.abc import Sequence

from pipelines.processes import handover
from pipelines.processes.stopping import guard


def answer(words: list[str]) -> int:
    """The exit code of a command, executed by the run that started it, or else in this process."""
    code = handover.answer(words)
    return guard(words, command) if code is None else code


def command(words: Sequence[str]) -> int:
    """The exit code of a command executed in this process."""
    from pipelines.cli import main  # not at the top: who is answered by a run waits for nothing

    return main(words)


if __name__ == "__main__":
    # Loading makes hundreds of thousands of objects that stay; to look through them for garbage took a sixth of it.
    gc.set_threshold(50_000, 20, 100)
    sys.exit(answer(sys.argv[1:]))
