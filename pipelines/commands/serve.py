"""Answer over HTTP, while events happen: score rows and customers, receive events, show the list, record actions.

It serves the champions of one or several specs from one process, until SIGTERM, SIGINT or SIGHUP; then it answers what
it holds, and ends. A new champion is served without a restart. docs/service.md has every route with an example.
Requests show a key: `keys add` makes one. It listens on this machine only, unless --host says otherwise, and speaks
plain HTTP: encryption (TLS) is the job of a proxy before it.

group: work
writes: the operations database (events, answers, actions), state/operations.db or where HOLDFAST_OPERATIONS_URI says
example: python -m pipelines serve demo
example: python -m pipelines serve demo --without-keys
example: python -m pipelines serve demo telco --host 0.0.0.0 --port 8080 --log-json
"""

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipelines.jobs.service.settings import Settings
    from pipelines.workspace import Workspace

LOOPBACK = "127.0.0.1"
TLS = "serve: it speaks plain HTTP; encryption (TLS) is the job of a proxy before it"


def arguments(command: argparse.ArgumentParser) -> None:
    """The specs, where it listens, who may ask, and what is kept."""
    command.add_argument("specs", metavar="SPEC", nargs="+", help="the specs whose champions are served")
    command.add_argument("--host", default=LOOPBACK, help="the address to listen on; this machine only unless said")
    command.add_argument("--port", type=_port, default=8080, help="8080 unless said; 0 takes a free one")
    command.add_argument("--without-keys", action="store_true", help="anybody may ask, on this machine only")
    command.add_argument(
        "--keep-answers",
        metavar="SHARE",
        type=_share,
        default=1.0,
        help="the share of answers to POST /score that are kept, from 0 to 1 (all, unless said)",
    )
    command.add_argument(
        "--rate", metavar="N", type=_positive, default=30_000, help="requests a minute for each key; 30000 unless said"
    )


def run(_spec: None, workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Serve until it is stopped. Raises UsageError without keys where others could ask, or without any key."""
    from pipelines.jobs.service.settings import Settings
    from pipelines.jobs.service.web import app, server
    from pipelines.messages import log
    from pipelines.outreach.operations import database
    from pipelines.processes import scratch

    settings = Settings(
        host=arguments.host,
        port=arguments.port,
        without_keys=arguments.without_keys,
        keep_answers=arguments.keep_answers,
        rate=arguments.rate,
    )
    engine = database.opened(workspace.root)
    look_up = _look_up(engine, settings)
    if not settings.is_loopback:
        log.note(TLS)
    with scratch.own(), ExitStack() as at_end:
        opened = {}
        for name in dict.fromkeys(arguments.specs):
            opened[name] = _opened(name, workspace, settings)
            at_end.callback(opened[name].close)
        server.run(app.made(opened, keys=look_up, settings=settings), settings)
    return 0


def _look_up(engine: "sa.Engine", settings: "Settings") -> Any:
    """What finds a key's name and role; None without keys."""
    from features.errors import UsageError
    from pipelines.outreach.operations import service_keys

    if settings.without_keys:
        if not settings.is_loopback:
            raise UsageError(f"--without-keys listens on this machine only, and --host says {settings.host}.")
        return None
    if all(one["revoked_at"] for one in service_keys.all_of(engine)):
        raise UsageError("there is no key yet: `keys add NAME --role read` makes one; or say --without-keys.")
    return lambda key: service_keys.role_of(engine, key)


def _opened(name: str, workspace: "Workspace", settings: "Settings") -> Any:
    """The desk of a spec. Raises UsageError for a reader of texts, which has no customers."""
    from experiments.texts.spec import TextsSpec
    from features.errors import UsageError
    from pipelines.jobs.service import desks
    from pipelines.servers import probe
    from pipelines.specs import text_specs
    from pipelines.workspace import Workspace

    own = Workspace(workspace.root, name)
    spec = text_specs.load(own)
    if isinstance(spec, TextsSpec):
        raise UsageError(f"'{name}' is a reader of texts, which has no customers; name the spec of a model.")
    probe.answers(workspace.root, writes=False)
    return desks.opened(spec, own, settings)


def _port(text: str) -> int:
    return _number(text, 0, 65_535)


def _positive(text: str) -> int:
    return _number(text, 1, 10_000_000)


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {least} to {most}")
    return int(text)


def _share(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no share from 0 to 1")
    return found
