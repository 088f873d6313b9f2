"""Show every entry of a spec's ledger: what was decided, by whom, on which numbers.

One line an entry, oldest first: its number, when, its kind (decision, forced, approval, rollback, adopted, sealed,
restored, refitted, frozen, unfrozen, shadow ended), the verdict, the version it is about, the champion before and
after, the look at the gate cohort with what it spent of alpha, who wrote it, and why, shortened unless --whole. Entries
are never changed; `registry check` proves it.

group: look
codes: 5 the ledger is broken
json: a list of the entries, oldest first, each with all that the ledger holds of it
example: python -m pipelines history demo
example: python -m pipelines history demo --json
"""

import argparse
from textwrap import shorten
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.champion.ledger import Entry
    from pipelines.workspace import Workspace

HEAD = ("entry", "when", "kind", "verdict", "version", "champion", "look", "by", "why")
WIDTH = 80


def arguments(command: argparse.ArgumentParser) -> None:
    """How much is shown."""
    command.add_argument("--whole", action="store_true", help="show reasons in full")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """The table."""
    from pipelines.champion import chain, ledger
    from pipelines.ruling import answers

    entries = chain.check(spec.name, ledger.opened(workspace.root).entries(spec.name)).entries
    lines = [f"nothing was decided on '{spec.name}' yet; run: python -m pipelines run {spec.name}"]
    if entries:
        lines = answers.table([HEAD, *(row(entry, whole=arguments.whole) for entry in entries)])
    plain = [{"entry": one.number, "hash": one.hash, "previous": one.previous, **one.body} for one in entries]
    return Answer(tuple(lines), plain)


def row(entry: "Entry", *, whole: bool) -> tuple[str, ...]:
    """The cells of one entry."""
    from pipelines.ruling import answers

    body, look = entry.body, entry.body["look"]
    moved = f"{body['compared_with'] or 'none'} -> {body['champion_version'] or 'none'}"
    verdict = answers.verdict_of(body) if body["verdict"] else "-"
    verdict += ", awaiting approval" if body["awaiting_approval"] else ""
    return (
        str(entry.number),
        body["decided_at"],
        body["kind"],
        verdict,
        body["challenger_version"] or "-",
        moved if entry.moves else body["champion_version"] or "none",
        f"{look['number']} at {look['alpha']:.3g}" if look else "-",
        body["by"],
        body["words"] if whole else shorten(body["words"], WIDTH, placeholder=" ..."),
    )
