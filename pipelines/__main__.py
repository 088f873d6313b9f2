"""`python -m pipelines <command> <spec>`: the one way in."""

import gc
import sys

from pipelines import handover


def answer(words: list[str]) -> int:
    """The exit code of a command, done by the run that called for it, or else here."""
    code = handover.answer(words)
    if code is not None:
        return code
    from pipelines.cli import main  # not at the top: a command that is handed over needs none of it

    return main(words)


if __name__ == "__main__":
    # Loading makes hundreds of thousands of objects that stay; to look through them for garbage took a sixth of it.
    gc.set_threshold(50_000, 20, 100)
    sys.exit(answer(sys.argv[1:]))
