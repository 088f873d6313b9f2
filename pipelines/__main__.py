"""`python -m pipelines <command> <spec>`: the one way in."""

import gc
import sys

from pipelines import handover
from pipelines.stopping import guard


def answer(words: list[str]) -> int:
    """The exit code of a command, done by the run that called for it, or else here."""
    code = handover.answer(words)
    return guard(words) if code is None else code


if __name__ == "__main__":
    # Loading makes hundreds of thousands of objects that stay; to look through them for garbage took a sixth of it.
    gc.set_threshold(50_000, 20, 100)
    sys.exit(answer(sys.argv[1:]))
