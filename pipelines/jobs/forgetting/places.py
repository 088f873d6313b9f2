"""Every file of a spec's checkout in which a person can stand, but for the raw files."""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from features.tables import SURVEYS
from pipelines.files import spreadsheet, storage
from pipelines.jobs.forgetting.change import CUSTOMER, Change, of_matrix, of_rows, renamed
from pipelines.jobs.service.online import sorted_tables
from pipelines.learning import surveys_of
from pipelines.outreach import round_list
from pipelines.outreach.operations import opt_outs, rounds
from pipelines.raw_data import without_rows
from pipelines.workspace import Workspace

TEXTS = (".json", ".html", ".csv", ".txt", ".log")


def changes(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, customer: str, pseudonym: str
) -> Iterator[Change]:
    """What is to be written anew, in an order in which a second call goes on after a kill.

    Tables, matrix and lists lose the rows; the rows that judged a model keep them by the pseudonym; lists of rounds are
    made from the database again; what was refused or quoted in a finding is removed: the next run makes it anew. So is
    the service's copy of the tables, which it makes of the tables when it next looks.
    """
    yield from of_matrix(workspace, customer)
    yield from of_readers(workspace, customer)  # before the tables, which say which texts are the person's
    for path in sorted(workspace.tables.glob("*/*.parquet")):
        yield from _some(of_rows(path, customer))
    yield from _some(renamed(workspace.evaluation / "gate.parquet", customer, pseudonym))
    for path in (workspace.ranked_list / "ranked_list.parquet", workspace.treatments):
        yield from _some(of_rows(path, customer))
    for path in (workspace.ranked_list / "ranked_list.csv", workspace.warnings_file):
        yield from _some(_of_csv(path, customer))
    for folder in sorted(workspace.rounds.glob("*")):
        yield from _some(_of_round(spec, engine, folder, customer))
    quoting = (workspace.validation, workspace.alerts_backtest, workspace.state / "unmapped")
    for path in sorted(one for folder in quoting for one in folder.rglob("*")):
        yield from _some(_quoting(path, customer))
    for path in (workspace.failure, workspace.root / "state" / "dvc.log"):
        yield from _some(_quoting(path, customer))
    for path in sorted_tables.made(workspace.state / sorted_tables.FOLDER):
        yield from _some(_of_service(path, customer))


def of_readers(workspace: Workspace, customer: str) -> Iterator[Change]:
    """The texts of readers that learn from the spec's surveys, without those of the customer."""
    surveys = workspace.tables / SURVEYS.name
    if not surveys.is_dir():
        return
    rows = storage.read_parquet(surveys, [CUSTOMER, "survey_id"])
    ours = rows.filter(pc.equal(rows[CUSTOMER].cast(pa.string()), customer))["survey_id"].combine_chunks()
    for told in sorted(workspace.raw.parent.glob(f"*/{surveys_of.NAME}")):
        path = Workspace(workspace.root, told.parent.name).texts / "texts.parquet"
        if (storage.read_receipt(told) or {}).get("spec") == workspace.spec and path.is_file():
            found = pc.is_in(pq.read_table(path, columns=["key"])["key"], ours.cast(pa.string()))
            if count := pc.sum(found).as_py():
                yield Change(path, count, partial(_without, path, pc.invert(found)))


def _without(path: Path, kept: pa.ChunkedArray, out: Path) -> None:
    storage.write_parquet(out, pq.read_table(path).filter(kept))


def _some(change: Change | None) -> Iterator[Change]:
    if change is not None:
        yield change


def _of_csv(path: Path, customer: str) -> Change | None:
    if not path.is_file():
        return None
    rows = spreadsheet.read(path)
    found = [place for place, one in enumerate(rows.get(CUSTOMER, ())) if one == customer]
    return Change(path, len(found), partial(without_rows.write_list, path, found)) if found else None


def _of_round(spec: ExperimentSpec, engine: sa.Engine, folder: Path, customer: str) -> Change | None:
    """The list of a round, written from the database, which has the pseudonym by then."""
    file = folder / "list.parquet"
    if not file.is_file():
        return None
    ids = pq.read_table(file, columns=[CUSTOMER])[CUSTOMER].to_pylist()
    if not (count := ids.count(customer)):
        return None

    def write(out: Path) -> None:
        kept = rounds.found(engine, spec.name, date.fromisoformat(folder.name))
        if kept is None:
            out.mkdir()  # of a round that the database does not have nothing can be shown
            return
        told = {"title": spec.title, "currency": spec.currency, "time_zone": spec.clocks}
        round_list.write(out, kept[0], kept[1], opted_out=opt_outs.now(engine), **told)

    return Change(folder, count, write)


def _of_service(folder: Path, customer: str) -> Change | None:
    """The tables of a batch, sorted for the service."""
    found = 0
    for one in sorted_tables.tables_in(folder):
        found += one.of([customer]).num_rows
        one.close()
    return Change(folder, found, None) if found else None


def _quoting(path: Path, customer: str) -> Change | None:
    """A text in which the id stands as a word."""
    if not path.is_file() or path.suffix not in TEXTS:
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    found = len(re.findall(rf"(?<![\w-]){re.escape(customer)}(?![\w-])", text))
    return Change(path, found, None) if found else None
