"""List the available specs, tables, features, metrics, checks, rules and other plug-ins.

Without a kind it lists the kinds.

group: look
json: a list of objects with name and meaning
example: python -m pipelines list
example: python -m pipelines list metrics
example: python -m pipelines list specs --json
"""

from collections.abc import Callable
from pathlib import Path

from experiments import checks, conditions, families, learners, metrics
from experiments.evaluation.monitoring import kinds
from experiments.evaluation.monitoring.kind import DriftKind
from experiments.family import Family
from experiments.leaks.check import Check
from experiments.logic.condition import ConditionKind
from experiments.metric import Metric
from experiments.uplift.learner import Learner
from features import labels, sources
from features.catalog import all_features
from features.errors import UsageError
from features.event_log.recorded import RECORDED, ROW
from features.label import Label
from features.plugins import discover
from features.schema import Column
from features.source import Source
from features.tables import CANONICAL
from pipelines import rules
from pipelines.messages.answer import Answer
from pipelines.messages.stage_names import stages
from pipelines.ruling.rule import Rule
from pipelines.workspace import Workspace

Rows = list[tuple[str, str]]


def _features(_root: Path) -> Rows:
    return [
        (name, f"{one.column.meaning} [{one.column.unit or one.column.type}]") for name, one in all_features().items()
    ]


def _tables(_root: Path) -> Rows:
    """Every column of the canonical tables, onto which event logs are mapped, and of what `record` keeps."""
    return [
        (f"{table.name}.{one.name}", f"{one.meaning} [{_legal(one)}]")
        for table in (*CANONICAL.values(), *RECORDED.values())
        for one in table.columns
        if one.name != ROW
    ]


def _legal(column: Column) -> str:
    words = [column.type, *([column.unit] if column.unit else []), *([] if column.nullable else ["required"])]
    return ", ".join([*words, *([f"one of {'/'.join(column.values)}"] if column.values else [])])


def _specs(root: Path) -> Rows:
    files = sorted(Workspace(root, "").specs.glob("*.yaml"))
    return [
        (file.stem, next(line for line in file.read_text().splitlines() if line.startswith("title:"))[7:])
        for file in files
    ]


KINDS: dict[str, Callable[[Path], Rows]] = {
    "kinds": lambda _: [(name, f"python -m pipelines list {name}") for name in KINDS],
    "specs": _specs,
    "stages": lambda _: list(stages().items()),
    "tables": _tables,
    "features": _features,
    "labels": lambda _: [(one.name, one.meaning) for one in discover(labels, Label).values()],
    "sources": lambda _: [(one.kind, one.meaning) for one in discover(sources, Source).values()],
    "families": lambda _: [(one.name, one.meaning) for one in discover(families, Family).values()],
    "learners": lambda _: [(one.name, one.meaning) for one in discover(learners, Learner).values()],
    "conditions": lambda _: [(one.name, one.meaning) for one in discover(conditions, ConditionKind).values()],
    "drift": lambda _: [
        (one.name, f"{one.meaning} (from {one.threshold:g}, {one.unit})") for one in discover(kinds, DriftKind).values()
    ],
    "metrics": lambda _: [(one.name, one.meaning) for one in discover(metrics, Metric).values()],
    "checks": lambda _: [(one.code, f"{one.meaning} ({one.severity})") for one in discover(checks, Check).values()],
    "rules": lambda _: [
        (one.code, f"{one.meaning} ({', '.join(sorted(one.modes))}; needs {', '.join(one.needs)})")
        for one in discover(rules, Rule).values()
    ],
}


def listed(kind: str, root: Path) -> Answer:
    """The names and meanings of a kind. Raises UsageError when there is no such kind."""
    if kind not in KINDS:
        raise UsageError(f"there is no kind '{kind}'; there are {', '.join(KINDS)}.")
    rows = KINDS[kind](root)
    width = max(len(name) for name, _ in rows)
    lines = tuple(f"{name:<{width}}  {meaning}" for name, meaning in rows)
    return Answer(lines, [{"name": name, "meaning": meaning} for name, meaning in rows])
