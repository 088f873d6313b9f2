"""Show where a spec stands: champion, the one before, what awaits approval, looks spent, the last decision.

It changes nothing. Looks are counted on the gate cohort of the last `evaluate`: new customers bring alpha, and the k-th
comparison on the same ones spends alpha / (k (k + 1)) of it, so that however many challengers are tried, a worthless
one passes with probability alpha at most for each cohort's worth of customers.
"""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiments.spec import ExperimentSpec
    from pipelines.champion.succession import Standing
    from pipelines.workspace import Workspace


def arguments(_command: argparse.ArgumentParser) -> None:
    """None but the spec."""


def run(spec: "ExperimentSpec", workspace: "Workspace", _arguments: argparse.Namespace) -> int:
    """Print a line for each."""
    from pipelines.champion import ledger_writer
    from pipelines.ruling import answers
    from pipelines.servers import mlflow_runs

    with mlflow_runs.answering(workspace.root):
        standing, alias = ledger_writer.reading(spec.name, workspace.root).seen()
    waiting = [
        f"version {version}, {entry.body['verdict']} since {entry.body['decided_at']}"
        for version, entry in standing.waiting.items()
    ]
    head = standing.head
    last = _told(head.body, head.number) if head else ["none"]
    lines = [
        ("champion", _champion(standing, alias)),
        ("before", f"version {standing.before}" if standing.before else "none"),
        ("awaiting approval", "; ".join(waiting) or "none"),
        ("looks", _looks(spec, workspace, standing)),
        ("last entry", last[0]),
        *(("", line) for line in last[1:]),
    ]
    answers.say(*answers.table(lines))
    return 0


def _told(body: "Mapping[str, Any]", number: int) -> list[str]:
    """An entry: what was decided of which version, and the reasons, a line each."""
    from pipelines.ruling import answers

    what, version = answers.verdict_of(body), body["challenger_version"]
    return [f"{number}, {body['decided_at']}: {what}, version {version}", *answers.lines_of(body)]


def _champion(standing: "Standing", alias: str | None) -> str:
    """The ledger's champion, and the alias where it shows another."""
    if standing.champion == alias:
        return f"version {alias}" if alias else "none"
    shown = f"version {alias}" if alias else "nothing"
    if not standing.entries:
        return f"{shown}, and there is no ledger: see `registry check`"
    remedy = "the next promote finishes" if standing.unfinished(alias) else "see `registry check`"
    return f"version {standing.champion}, but the alias shows {shown}: {remedy}"


def _looks(spec: "ExperimentSpec", workspace: "Workspace", standing: "Standing") -> str:
    """Comparisons so far, and what the next one would spend on the gate rows of the last evaluation."""
    from experiments.evaluation.cohort import Cohort
    from pipelines.files import storage
    from pipelines.gate import spending

    gate = workspace.evaluation / "gate.parquet"
    if not gate.exists():
        return f"nothing is evaluated here yet; run: python -m pipelines run {spec.name}"
    rows = storage.read_parquet(gate).to_pandas()
    cohort = Cohort(rows, spec).digest
    following = spending.next_look(standing, rows, spec.label, cohort=cohort, alpha=spec.gate.alpha)
    looks, units = following["number"] - 1, following["units"]
    new = units["new"] / units["of"] if units["of"] else 0.0
    return (
        f"{looks} on cohort {cohort}, of which {new:.0%} is new; the next spends at most {following['alpha']:.3g} of"
        f" alpha {spec.gate.alpha:g}"
    )
