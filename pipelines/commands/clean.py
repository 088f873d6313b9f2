"""Show studies, runs and data that nothing refers to; with --yes delete them.

Found are: studies of Optuna that no registered version and no result names, but for the newest, which may go on; ended
runs of MLflow of no study and no version, with their trials, where MLflow's database is this checkout's own; tables,
matrices and texts of specs that are neither in experiments/specs nor in params.yaml, and what a kill left half-written
beside the others. Never deleted are versions, their runs and studies, the ledger, raw data, and anything of a spec
whose champion or version before is not in order: mend that first (`registry check`). MLflow keeps the files of deleted
runs until `mlflow gc`. Without SPEC all specs are looked at.

group: care
writes: with --yes: state/SPEC/study.db, MLflow's runs, data/tables, data/matrix and data/texts of specs that are gone
codes: 5 a spec was left alone, for its registry is not in order
json: deleted (whether), left: kind, key, name and spec of each, and alone: the reason by spec
example: python -m pipelines clean
example: python -m pipelines clean demo --yes
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The specs, and whether it is meant."""
    command.add_argument("specs", metavar="SPEC", nargs="*", help="a spec; all of experiments/specs unless said")
    command.add_argument("--yes", action="store_true", help="delete it; else it is shown only")


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """What nothing refers to. Raises as `load` for a spec that there is not, before anything is deleted."""
    from dataclasses import asdict

    from features.errors import DataError
    from pipelines.jobs.care import cleaning, unreferenced
    from pipelines.messages import masking
    from pipelines.messages.numbers import counted
    from pipelines.servers import probe
    from pipelines.specs import text_specs
    from pipelines.workspace import Workspace

    specs = arguments.specs or unreferenced.all_specs(workspace.root)
    for spec in specs:
        text_specs.load(Workspace(workspace.root, spec))
    probe.answers(workspace.root, writes=arguments.yes)
    found = (cleaning.delete if arguments.yes else cleaning.look)(workspace.root, specs)
    what = "deleted" if arguments.yes else "that nothing refers to; --yes deletes them"
    lines = [f"clean: {counted(len(found.left), 'thing')} {what}" if found.left else "clean: nothing is left over"]
    lines += [f"  {one.kind:<6}  {one.name}{f' of {one.spec}' if one.spec else ''}" for one in found.left]
    if arguments.yes and any(one.kind == cleaning.RUN for one in found.left):
        lines.append("  MLflow keeps the files of deleted runs until `mlflow gc`")
    if not unreferenced.is_own(workspace.root):
        lines.append("  runs were not looked at: other checkouts may use this MLflow, too")
    lines += [f"  left alone: {spec}: {why}" for spec, why in found.alone.items()]
    plain = {"deleted": arguments.yes, **asdict(found)}
    return Answer(tuple(map(masking.mask, lines)), plain, DataError.exit_code if found.alone else 0)
