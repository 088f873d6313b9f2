"""How often a challenger that is better by a stated AUC passes the gate, and then its shadow.

`python -m tests.benchmarks.shadow_power [RUNS]` prints the table of docs/gate.md, in per cent with Monte-Carlo errors.
Of equally good models ten times as many worlds are drawn.
"""

import sys

from pipelines.ruling.verdict import MOVES
from tests.pipelines.gate.test_shadow_simulations import passes

RUNS = 200
CUSTOMERS = (2000, 10_000)
GAINS = (0.0, 0.01, 0.02, 0.04)


def share(found: int, runs: int) -> str:
    """A share in per cent with its Monte-Carlo error."""
    p = found / runs
    return f"{100 * p:.1f} ± {100 * (p * (1 - p) / runs) ** 0.5:.1f}"


def row(customers: int, gain: float, runs: int) -> str:
    """A line of the table."""
    began = [verdicts for seed in range(runs) if (verdicts := list(passes(seed, customers, gain)))[0] in MOVES]
    promoted = [verdicts for verdicts in began if len(verdicts) > 1 and verdicts[-1] in MOVES]
    at_once = sum(len(verdicts) == 2 for verdicts in promoted)
    cells = (share(len(began), runs), share(len(promoted), runs), share(at_once, runs))
    return f"| {customers:,} | {gain:.2f} | {' | '.join(cells)} | {len(promoted)} of {len(began)} | {runs:,} |"


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    for customers in CUSTOMERS:
        for gain in GAINS:
            print(row(customers, gain, runs if gain else 10 * runs), flush=True)


if __name__ == "__main__":
    main()
