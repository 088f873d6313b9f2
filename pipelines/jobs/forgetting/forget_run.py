"""`forget`: find a person everywhere, erase them step by step, and keep a receipt that names nobody."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.errors import MissingError, UsageError
from pipelines.files import storage
from pipelines.jobs.forgetting import journal, places, raw, receipts, settled
from pipelines.jobs.forgetting.change import Change
from pipelines.jobs.forgetting.journal import Journal
from pipelines.jobs.service.online import sorted_tables
from pipelines.matrix import matrices
from pipelines.outreach.feedback import known_customers
from pipelines.outreach.operations import erased_people, erasing
from pipelines.processes import removal
from pipelines.raw_data import erased
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Found:
    """Where a person stands: rows of the database by table, and rows of files by name."""

    database: dict[str, int]
    files: dict[str, int]
    others: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    was_erased: bool = False

    @property
    def nowhere(self) -> bool:
        """Whether nothing names the person."""
        return not self.database and not self.files


def look(spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, customer: str) -> Found:
    """Where a person stands now; nothing is changed.

    Raises UsageError for somebody of whom nothing is known, and was not erased either.
    """
    files: dict[str, int] = {}
    for one in _changes(spec, workspace, engine, customer, ""):
        name = _name(one.path, workspace)
        files[name] = files.get(name, 0) + one.rows
    found = Found(
        erasing.counted(engine, customer),
        files,
        _others(workspace, customer),
        raw.unread(spec, workspace),
        bool(_known(workspace, engine).among([customer])),
    )
    if found.nowhere and not found.was_erased:
        raise UsageError(
            f"there is no customer '{customer}', neither in the data of '{spec.name}' nor in the operations database:"
            " nothing was changed."
        )
    return found


def forget(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, customer: str, *, at: str, by: str
) -> tuple[Found, dict[str, Any] | None]:
    """Erase a person, or go on with it; where they stood, and the receipt: None where there was nothing to do.

    Raises UsageError for an unknown customer, and while another erasure waits to be ended; DataError, and nothing is
    changed, where a raw file cannot be written without the rows.
    """
    if journal.is_of_another(workspace, customer):
        raise UsageError("the erasure of another customer was stopped; run it again first, with that customer.")
    begun = journal.unfinished(workspace, customer)
    found = look(spec, workspace, engine, customer) if begun is None else Found({}, {}, _others(workspace, customer))
    if begun is None and found.nowhere:
        raw.leave_out(workspace, customer)  # who was erased by another spec, or checkout, comes into this one neither
        raw.track(spec, workspace)
        return found, None
    if begun is None:
        raw.rehearse(spec, workspace, customer)
        dates = erasing.specs_with_rounds(engine, customer)
        told, silent = settled.read(engine, workspace, customer, dates)
        begun = journal.begun(workspace, customer, at=at, by=by, settled=told, silent=silent)
    return found, _erase(spec, workspace, engine, customer, begun)


def _erase(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, customer: str, begun: Journal
) -> dict[str, Any]:
    """The steps, each of which may be done twice."""
    told = erasing.erase(engine, customer, begun.signed, begun.settled)
    erasing.tidy(engine)
    raw.leave_out(workspace, customer)
    for path in sorted_tables.leftovers(workspace.state / sorted_tables.FOLDER):  # nobody knows of whom it has rows
        removal.remove(path)
    for change in _changes(spec, workspace, engine, customer, begun.signed.pseudonym):
        _do(change, workspace, begun)
    _recount(workspace)
    tracked = raw.track(spec, workspace)
    receipt = receipts.write(spec, workspace, engine, begun, told, tracked=tracked)
    begun.end()
    return receipt


def _changes(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, customer: str, pseudonym: str
) -> Iterator[Change]:
    """Derived files first: whoever is stopped between finds the raw rows still there, and goes on."""
    return chain(places.changes(spec, workspace, engine, customer, pseudonym), raw.changes(spec, workspace, customer))


def _do(change: Change, workspace: Workspace, begun: Journal) -> None:
    entry = {"file": _name(change.path, workspace), "rows": change.rows, "before": storage.digest(change.path)}
    if change.write is None:
        begun.wrote({**entry, "after": None})
        removal.remove(change.path)
        return
    with storage.replacing(change.path) as out:
        change.write(out)
        begun.wrote({**entry, "after": storage.digest(out)})


def _recount(workspace: Workspace) -> None:
    """Keep the counts beside tables and matrix true."""
    about = workspace.tables / "about.json"
    if told := storage.read_receipt(about):
        rows = {name: _rows(workspace.tables / name, before) for name, before in told["rows"].items()}
        if rows != told["rows"]:
            storage.write_json(about, {**told, "rows": rows})
    counts = workspace.matrix / "counts.json"
    if told := storage.read_receipt(counts):
        listed = matrices.count(workspace.matrix, matrices.SCORE)
        if listed != told[matrices.SCORE]:
            storage.write_json(counts, {**told, matrices.SCORE: listed})


def _rows(folder: Path, before: int) -> int:
    if not folder.is_dir():
        return before
    with suppress(MissingError):
        return int(storage.read_parquet(folder, []).num_rows)
    return before


def _known(workspace: Workspace, engine: sa.Engine) -> erased.Erased:
    return erased.Erased(erased.read(workspace.raw).people | erased_people.read(engine).people)


def _others(workspace: Workspace, customer: str) -> list[str]:
    """Other specs of the checkout whose tables have the customer: each is asked for by itself."""
    folders: Sequence[Path] = sorted(workspace.tables.parent.glob("*"))
    others = [one for one in folders if one.is_dir() and one.name != workspace.spec]
    return [one.name for one in others if customer in known_customers.of_tables(one)]


def _name(path: Path, workspace: Workspace) -> str:
    return str(path.relative_to(workspace.root))
