"""A file that holds rows of a person, and how it is written without them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.files import storage
from pipelines.matrix.matrices import FROZEN, LEARN, SCORE, THEMES
from pipelines.workspace import Workspace

CUSTOMER, PLACE = "customer_id", "place"


@dataclass(frozen=True)
class Change:
    """rows of the person in a file or folder; write puts it, without them, at another path; None: it is removed."""

    path: Path
    rows: int
    write: Callable[[Path], None] | None


def of_rows(path: Path, customer: str) -> Change | None:
    """A Parquet file with the column customer_id without the rows of a customer; None where it has none."""
    if not path.is_file() or CUSTOMER not in pq.read_schema(path).names:
        return None
    found = _is_of(pq.read_table(path, columns=[CUSTOMER]), customer)
    if not found.any():
        return None
    return Change(
        path,
        int(found.sum()),
        lambda out: storage.write_parquet(out, pq.read_table(path).filter(pa.array(~found))),
    )


def renamed(path: Path, customer: str, pseudonym: str) -> Change | None:
    """A Parquet file in which a pseudonym takes the place of the customer; None where the customer is not in it."""
    if not path.is_file() or CUSTOMER not in pq.read_schema(path).names:
        return None
    found = _is_of(pq.read_table(path, columns=[CUSTOMER]), customer)
    if not found.any():
        return None

    def write(out: Path) -> None:
        rows = pq.read_table(path)
        ids = pc.if_else(pa.array(found), pseudonym, rows[CUSTOMER].cast(pa.string()))
        storage.write_parquet(out, rows.set_column(rows.column_names.index(CUSTOMER), CUSTOMER, ids))

    return Change(path, int(found.sum()), write)


def blanked(path: Path, places: np.ndarray) -> Change | None:
    """A partition of features in which the rows at these places say nothing; None where they already do not."""
    rows = pq.read_table(path)
    held = [one for one in places if one < rows.num_rows and any(column[int(one)].is_valid for column in rows.columns)]
    if not held:
        return None
    mask = np.zeros(rows.num_rows, dtype=np.bool_)
    mask[held] = True

    def write(out: Path) -> None:
        columns = [pc.if_else(pa.array(mask), None, column).cast(column.type) for column in rows.columns]
        storage.write_parquet(out, pa.table(columns, schema=rows.schema))

    return Change(path, len(held), write)


def of_matrix(workspace: Workspace, customer: str) -> list[Change]:
    """The partitions of the matrix: features first, whose rows are found by those of the dates."""
    found: list[Change | None] = []
    dates = [one for purpose in (LEARN, SCORE) for one in sorted((workspace.matrix / purpose).glob("*.parquet"))]
    for date in dates:
        if PLACE not in pq.read_schema(date).names:
            continue
        rows = pq.read_table(date, columns=[CUSTOMER, PLACE])
        if len(places := rows[PLACE].to_numpy()[_is_of(rows, customer)]):
            partitions = [*workspace.matrix.glob(f"{THEMES}/*/{date.name}")]
            partitions += workspace.matrix.glob(f"{FROZEN}/*/{date.name}")
            found += [blanked(one, places) for one in sorted(partitions)]
    return [one for one in (*found, *(of_rows(date, customer) for date in dates)) if one is not None]


def _is_of(rows: pa.Table, customer: str) -> np.ndarray:
    ids = rows[CUSTOMER].cast(pa.string())
    return np.array(pc.fill_null(pc.equal(ids, customer), False), dtype=np.bool_)
