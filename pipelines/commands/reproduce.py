"""Make a registered version again, and say whether it has the same bytes.

The commit, the data and the reader of texts that the version's tags name are brought into a work tree of its own, and
all stages run there anew, up to `evaluate`. Nothing of the checkout changes. Where a file of the model differs, it is
said which, from which stage on (beside the dvc.lock that recorded the version's stages: of its commit, of one after it,
or of the checkout), and what of Python, packages and processor is not as it was. Of a refitted version its judged twin
is made again. A version that was made of uncommitted changes cannot be made again.

The packages are those of this environment, compared with the requirements.lock of the commit; with --environment those
of that lock, which `make .venv/ready` installs in the work tree.

group: care
writes: state/tries, the work tree, which goes when it ends
codes: 0 the same bytes; 2 also: version, commit or data are nowhere here; 5 other bytes, or the registry's were changed
json: whether it is the same, how each file and each stage stands, and what of the environment differs
example: python -m pipelines reproduce demo 1
example: python -m pipelines reproduce demo champion --json
example: python -m pipelines reproduce demo 1 --environment
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The version, and in which environment."""
    command.add_argument("version", metavar="VERSION", help="a version's number, or `champion`")
    command.add_argument(
        "--environment", action="store_true", help="with the packages of the commit's lock, installed anew"
    )


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Make it again and compare; exit code 5 where it differs."""
    from features.errors import DataError
    from pipelines.jobs.reproducing import reproduction

    found = reproduction.made(spec, workspace, arguments.version, fresh=arguments.environment)
    return Answer(tuple(found.lines()), found.plain, 0 if found.is_same else DataError.exit_code)
