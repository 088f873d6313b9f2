"""Copy the data of a spec from and to DVC's remote: a folder, another machine over SSH, or a bucket of S3.

pull  bring what dvc.lock and the `.dvc` files of the spec name, and no other spec's: raw data, a pinned reader of
      texts, and what the stages made, so that nothing of it is made again. What the remote lacks is left out.
push  copy the same to the remote.

The remote is asked first, and has 20 seconds to answer; what is wrong is one line with the remedy. An SSH server whose
key is not in ~/.ssh/known_hosts is refused. Without a remote nothing is copied.

group: care
writes: data/ and artifacts/ of the spec, and DVC's cache (pull); DVC's remote (push)
codes: 2 the remote does not answer, refuses the credentials, or lacks a plug-in
json: the spec, the action, and name and address of the remote, null where there is none
example: python -m pipelines store pull demo
example: python -m pipelines store push demo
"""

import argparse
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pipelines.workspace import Workspace

ACTIONS = {"pull": "Bring the data of a spec from DVC's remote.", "push": "Copy the data of a spec to DVC's remote."}


def arguments(command: argparse.ArgumentParser) -> None:
    """The action and the spec."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        action.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Copy, and say from or to where."""
    from pipelines.jobs import storing

    remote = storing.pull(workspace) if arguments.action == "pull" else storing.push(workspace)
    where = f"{'from' if arguments.action == 'pull' else 'to'} {remote.name} at {remote.address}"
    said = f"the data are copied {where}" if remote.name else "DVC has no remote; nothing is copied"
    named = {"name": remote.name, "address": remote.address} if remote.name else None
    plain = {"spec": workspace.spec, "action": arguments.action, "remote": named}
    return Answer((f"store {arguments.action} {workspace.spec}: {said}",), plain)
