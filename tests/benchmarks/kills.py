"""Runs killed by force at random moments: `python -m tests.benchmarks.kills [TIMES [SEED]]`, a hundred unless said.

Each is of the small table of the tests, and killed within the time that an undisturbed run takes here. A checkout whose
run was killed is run again, and maybe killed again, until a run ends; it must then hold the same bytes, versions and
decisions as one in which nothing was killed.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.end_to_end.killed_runs import LONGEST_SECONDS, kill_at_random, left
from tests.end_to_end.repository import Repository
from tests.end_to_end.small_table import put_small_table

ROOT = Path(__file__).parent.parent.parent
TIMES, SEED = 100, 0


def report(times: int = TIMES, seed: int = SEED) -> None:
    """Print how many kills there were, in how many checkouts, and in how many of these something was otherwise."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:

        def make() -> Repository:
            root = Path(tempfile.mkdtemp(dir=folder)) / "repository"
            subprocess.run(["git", "clone", "-q", str(ROOT), str(root)], check=True)
            repository = Repository(root)
            if repository.run("data", "shop", put_small_table(repository)).returncode:
                raise AssertionError("the small table was not taken")
            return repository

        calm, started = make(), time.monotonic()
        if calm.run("run", "shop").returncode:
            raise AssertionError("an undisturbed run failed")
        seconds = time.monotonic() - started
        undisturbed = left(calm.root, "shop")
        longest = max(LONGEST_SECONDS, seconds)
        found = kill_at_random(make, "shop", times, np.random.default_rng(seed), longest_seconds=longest)
    other = 0
    for place, one in enumerate(found, 1):
        if differs := [
            f"{what}: {undisturbed[what]} became {one[what]}" for what in one if one[what] != undisturbed[what]
        ]:
            other += 1
            print(f"checkout {place}: " + "; ".join(differs), flush=True)
    minutes = (time.monotonic() - began) / 60
    print(f"\n{times} runs killed, in {len(found)} checkouts: {other} ended otherwise", flush=True)
    print(f"an undisturbed run took {seconds:.0f} s, and all of it {minutes:.0f} min", flush=True)


if __name__ == "__main__":
    report(*(int(word) for word in sys.argv[1:]))
