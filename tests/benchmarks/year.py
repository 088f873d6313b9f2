"""Simulated years: `python -m tests.benchmarks.year [CUSTOMERS [SEEDS [TRIALS]]]`, the demo under every policy.

Each seed is another world. The last lines are the mean of our rounds less calling the riskiest, with its standard
error over the seeds, the share of the oracle's lead that ours keep (the ratio of the means, its error by the delta
method), and how many of the measured effects' 95 % intervals hold the truth.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.cli import settings_of_libraries
from pipelines.jobs.simulation import simulated
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent
CUSTOMERS, SEEDS, TRIALS, MONTHS = 20_000, 10, 6, 12
POLICIES = ("ours", "riskiest_first", "playbook_alone", "coupon_for_all", "oracle")


def main(customers: int = CUSTOMERS, seeds: int = SEEDS, trials: int = TRIALS) -> None:
    """Play the years one after the other, and tell each as it is known."""
    settings_of_libraries()
    print(f"\n| seed, {customers:,} customers | {' | '.join(POLICIES)} | established | CPU |", flush=True)
    print("|---" * (len(POLICIES) + 3) + "|", flush=True)
    years = []
    for seed in range(1, seeds + 1):
        began = time.process_time()
        years.append(played(customers, seed, trials))
        gains = " | ".join(f"{years[-1]['gain'][name][-1]:,.0f}" for name in POLICIES)
        known = ", ".join(name for name, is_known in years[-1]["established"].items() if is_known) or "none"
        print(f"| {seed} | {gains} | {known} | {time.process_time() - began:.0f} s |", flush=True)
    print("\n" + "\n".join(summary(years)), flush=True)


def played(customers: int, seed: int, trials: int) -> dict[str, Any]:
    """The demo's year in a world of so many customers, each search of so many trials."""
    workspace = Workspace(ROOT, "demo")
    spec = spec_files.load(workspace)
    changes = {
        "source": {**spec.source, "customers": customers},
        "tuning": spec.tuning.model_copy(update={"trials": trials}),
    }
    with tempfile.TemporaryDirectory(prefix="holdfast-year-") as folder:
        told = spec.model_copy(update=changes)
        return simulated.simulated(told, workspace, Path(folder), months=MONTHS, seed=seed)


def summary(years: Sequence[dict[str, Any]]) -> list[str]:
    """What is said of all years together."""
    ours, riskiest, oracle = (
        np.array([one["gain"][name][-1] for one in years]) for name in ("ours", "riskiest_first", "oracle")
    )
    lead, room = ours - riskiest, oracle - riskiest
    share = lead.mean() / room.mean()
    covers = [one["covers"] for year in years for one in year["effects"].values() if "covers" in one]
    return [
        f"ours less riskiest first: {lead.mean():,.0f} ± {_error(lead):,.0f}",
        f"share of the oracle's lead: {share:.3f} ± {_error((lead - share * room) / room.mean()):.3f}",
        f"intervals that hold the truth: {sum(covers)} of {len(covers)}",
    ]


def _error(values: np.ndarray) -> float:
    """The standard error of the mean; NaN of a single one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
