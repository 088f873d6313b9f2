"""Try a spec with some values changed, several side by side, and compare the results with the workspace.

Each KEY=VALUE changes one value of the spec, such as tuning.trials=40 or features=[recency,activity]. A key that is
given more than once makes a try of each value; several such keys, a try of each combination. Keys and values are
checked before anything starts. Each try runs the stages up to `evaluate` in a work tree of its own, with the
uncommitted changes of this one: nothing here is touched, neither the spec nor the registry, and a kill loses nothing.
Those that end well are DVC experiments: `dvc exp show` lists them, `dvc exp apply NAME` takes one over.

group: work
writes: state/SPEC/tries.json, the figures; DVC's cache; one DVC experiment a try, in git beneath refs/exps
writes: state/tries, the work trees, which go with their tries; trials in mlflow.db or where MLFLOW_TRACKING_URI says
codes: 0 all tries ended well; 2 also: a key or a value that a spec does not take; 5 the data of a try were refused
json: the workspace and every try, with its name, changes, figures with intervals, or why it failed
example: python -m pipelines try demo tuning.trials=40
example: python -m pipelines try demo tuning.trials=20 tuning.trials=40 split.seed=1
example: python -m pipelines try demo 'tuning.families=[logistic]' 'tuning.families=[lightgbm]' --at-once 2
example: python -m pipelines try demo --show
"""

import argparse
import os
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from experiments.spec import ExperimentSpec
    from pipelines.jobs.tries import Try
    from pipelines.workspace import Workspace

HERE = "workspace"
NOTE = (
    "Each interval is of one model alone; whether one is better than another is decided by the gate, on pairs:"
    " write the change into the spec and `run` it."
)


def arguments(command: argparse.ArgumentParser) -> None:
    """The changes, how many run at once, or whether earlier ones are shown."""
    command.add_argument("changes", metavar="KEY=VALUE", nargs="*", help="a value of the spec; none tries it as it is")
    command.add_argument(
        "--at-once", metavar="N", type=_some, default=os.cpu_count() or 1, help="tries at once (as many as processors)"
    )
    command.add_argument("--show", action="store_true", help="run nothing: compare the tries that DVC still has")


def _some(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it is 1 at least")
    return number


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Run them, or show earlier ones. Raises UsageError where there is no git, SpecError for a wrong change."""
    from features.errors import UsageError
    from pipelines.jobs import tries
    from pipelines.specs import changes

    if arguments.show:
        if arguments.changes:
            raise UsageError("--show runs nothing; say it without changes.")
        return _answer(spec, workspace, tries.kept(workspace))
    changed = changes.read(arguments.changes, spec, workspace)
    made = tries.run(spec, workspace, changed, at_once=arguments.at_once)
    tries.remember(workspace, made)
    return _answer(spec, workspace, made)


def _answer(spec: "ExperimentSpec", workspace: "Workspace", made: "Sequence[Try]") -> Answer:
    from dataclasses import asdict

    from pipelines.jobs import tries

    here = tries.figures_of(workspace)
    state = tries.state_of(spec, workspace)
    plain: dict[str, Any] = {
        "spec": spec.name,
        HERE: {"state": state, "figures": here},
        "tries": [asdict(one) for one in made],
    }
    code = next((one.code for one in made if one.failed), 0)
    return Answer(tuple(_lines(state, here, made)), plain, code)


def _lines(state: str, here: "dict[str, dict[str, float]]", made: "Sequence[Try]") -> "list[str]":
    """A block for each figure, the workspace first; then the names of the tries, and what failed."""
    from pipelines.ruling import answers

    well = [one for one in made if not one.failed]
    names = {one.name: ", ".join(one.changes) or "as it is" for one in made}
    rows = [(f"{HERE} ({state})", here), *((names[one.name], one.figures) for one in well)]
    lines: list[str] = []
    for figure in dict.fromkeys(name for _, figures in rows for name in figures):
        lines.append(figure)
        shown = [(f"  {name}", *_cells(figures.get(figure))) for name, figures in rows]
        lines += answers.table(shown)
    lines += [f"failed: {names[one.name]}: {one.failed}" for one in made if one.failed]
    if not well:
        return lines or ["no try is kept; run one: python -m pipelines try SPEC KEY=VALUE"]
    return [*lines, "", *answers.table([(names[one.name], f"dvc exp apply {one.name}") for one in well]), "", NOTE]


def _cells(figure: "Any") -> tuple[str, str]:
    if figure is None:
        return "-", ""
    return f"{figure['value']:.4f}", f"[{figure['low']:.4f}, {figure['high']:.4f}]"
