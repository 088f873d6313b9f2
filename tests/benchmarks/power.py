"""The power of the gate: how often a truly better challenger is promoted and an equally good one refreshed.

`python -m tests.benchmarks.power` prints the tables of docs/gate.md, each figure with its Monte-Carlo error, and what
each rule costs: how much more often the verdict would have been given without it.
"""

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.statistics.repeated_looks import spent
from features.plugins import discover
from pipelines import rules
from pipelines.gate.decisions import ComparedModels, evidence_on
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.evidence import Mode
from pipelines.ruling.rule import Rule, Status
from tests.pipelines.gate.test_gate_simulations import model, rows_of, spec_of

RULES = discover(rules, Rule).values()
RUNS = 200
ROWS = (1500, 3000, 6000, 12_000)
# How much blur there is in what the champion knows of the effect, and what the challenger then earns more (in 200,000
# rows).
BLURS = {"+16 %": 0.5, "+55 %": 1.0, "+179 %": 2.0}
# A hair of noise in each model's risk.
HAIR = 0.05
SPEC = spec_of(policy={"budget_share": 0.3}, gate={"minimum_positives": 20})


@dataclass(frozen=True)
class Tally:
    """How often all rules held, and how often all but one."""

    runs: int
    held: int
    held_without: Counter[str]

    def share(self) -> str:
        """The power with its Monte-Carlo error, in per cent."""
        p = self.held / self.runs
        return f"{100 * p:.0f} ± {100 * (p * (1 - p) / self.runs) ** 0.5:.0f}"

    def dearest(self) -> str:
        """The rule that costs most, and how much."""
        code, held = max(self.held_without.items(), key=lambda one: one[1])
        return f"{code} {100 * (held - self.held) / self.runs:.0f}"


def world(seed: int, n_rows: int, blur: float) -> tuple[Cohort, Predictions, Predictions, Predictions]:
    """Rows of a trial, a challenger that knows the effect, a champion that knows it through a blur, and the floor."""
    rng = np.random.default_rng(seed)
    x, z, *noise = rng.normal(size=(6, n_rows))
    called = rng.integers(0, 2, n_rows).astype(float)
    risk, effect = expit(x - 0.5), 0.15 * np.tanh(z)
    churn = (rng.random(n_rows) < np.clip(risk - effect * called, 0, 1)).astype(float)
    rows = rows_of(churn, called=called).assign(mu_control=1 - risk, mu_call=1 - risk)
    challenger = model(x - 0.5 + HAIR * noise[0], effect + 0.01 * noise[1])
    champion = model(x - 0.5 + HAIR * noise[2], 0.15 * np.tanh(z + blur * noise[3]) + 0.01 * rng.normal(size=n_rows))
    floor = Predictions(0 * x, 0 * x + churn.mean(), {}).knowing(("call",))
    return Cohort(rows, SPEC), challenger, champion, floor


def tally(n_rows: int, blur: float, mode: Mode, alpha: float, runs: int) -> Tally:
    """Judge that many worlds."""
    held, without = 0, Counter({rule.code: 0 for rule in RULES if mode in rule.modes})
    for seed in range(runs):
        cohort, challenger, champion, floor = world(seed, n_rows, blur)
        both = Claims(risk=True, uplift=True)
        anchor = challenger if mode is Mode.REFRESH else None
        models = ComparedModels(mode, True, challenger, champion, floor, both, anchor and champion, anchor and "1")
        evidence = evidence_on(cohort, models, alpha=alpha)
        findings = {rule.code: rule.judge(evidence, SPEC.gate) for rule in RULES if mode in rule.modes}
        bad = {
            code for code, one in findings.items() if one.status in (Status.BROKEN, Status.UNCLEAR) and not one.remark
        }
        held += not bad
        without.update({code: 1 for code in without if bad <= {code}})
    return Tally(runs, held, without)


def main() -> None:
    """Print both tables."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    alpha = spent(SPEC.gate.alpha, look=1)
    print("| what | " + " | ".join(f"{n:,} rows" for n in ROWS) + " |")
    cases = [(f"PROMOTE, policy value {name}", blur, Mode.REPLACE) for name, blur in BLURS.items()]
    for name, blur, mode in [*cases, ("REFRESH, an equally good model", 0.0, Mode.REFRESH)]:
        cells = [tally(n, blur, mode, alpha, runs) for n in ROWS]
        print(
            f"| {name} | " + " | ".join(f"{one.share()} (dearest: {one.dearest()})" for one in cells) + " |", flush=True
        )


if __name__ == "__main__":
    main()
