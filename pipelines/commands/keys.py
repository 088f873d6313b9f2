"""Give and end the keys with which programs ask the service.

A role says what a key may do: `read` asks for scores, customers and the list; `write` also sends events; `desk` reads,
and sends what was done. A key is shown once, when it is added; only its SHA-256 is kept. To change a key, revoke it
and add one of the same name. A running service notices within seconds.

group: care
writes: the operations database, state/operations.db or where HOLDFAST_OPERATIONS_URI says
codes: 2 the name or role is none, or has a key already, or none to revoke
json: the action; the name, role and key that was added, the name that was revoked, or all keys without themselves
example: python -m pipelines keys add crm --role write
example: python -m pipelines keys list
example: python -m pipelines keys revoke crm
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from pipelines.workspace import Workspace

ROLES = ("read", "write", "desk")
ACTIONS = {
    "add": "Make a key, and show it once.",
    "list": "List all keys that there were, without the keys themselves.",
    "revoke": "End the key of a name.",
}


def arguments(command: argparse.ArgumentParser) -> None:
    """The action, and the name and role that it is about."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        if name != "list":
            action.add_argument("name", metavar="NAME", help="who asks with the key, such as crm")
        if name == "add":
            action.add_argument("--role", required=True, choices=ROLES, help="what the key may do")


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Do what is asked, in the operations database."""
    from features.errors import UsageError
    from pipelines.outreach.operations import database, service_keys

    engine, action = database.opened(workspace.root), arguments.action
    if action == "list":
        found = service_keys.all_of(engine)
        return Answer(tuple(map(_line, found)) or ("there are no keys",), {"action": action, "keys": found})
    plain: dict[str, Any] = {"action": action, "name": arguments.name}
    if action == "add":
        key = service_keys.add(engine, arguments.name, arguments.role)
        lines = (f"keys: '{arguments.name}' may {arguments.role}; the key is shown this once:", key)
        return Answer(lines, {**plain, "role": arguments.role, "key": key})
    if not service_keys.revoke(engine, arguments.name):
        raise UsageError(f"there is no key '{arguments.name}' in force; `keys list` shows all.")
    return Answer((f"keys: that of '{arguments.name}' ends now",), plain)


def _line(key: dict[str, Any]) -> str:
    until = f"revoked {key['revoked_at']}" if key["revoked_at"] else "in force"
    return f"{key['name']}  {key['role']}  added {key['added_at']}  {until}"
