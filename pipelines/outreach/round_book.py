"""What a playbook says of today's customers: the row that holds, and those that would come after it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.money.policy import NOBODY
from experiments.playbooks import row_of_customer
from experiments.playbooks.playbook_file import NO_ACTION, PlaybookFile
from experiments.playbooks.proposals import Book
from pipelines.outreach import columns as known_columns
from pipelines.outreach import open_warnings


@dataclass(frozen=True)
class RoundBook:
    """first is by the first row that each customer meets.

    actions and ends have shape (n_customers, n_rows), by the playbook's rows in order: the action of each row that the
    customer meets, as an index, else NOBODY; and whether it is met and says to leave the customer alone. row and
    segment, shape (n_customers,), name the first row that each customer meets and its segment; "" where none is.
    """

    first: Book
    actions: NDArray[np.intp]
    ends: NDArray[np.bool_]
    row: NDArray[np.object_]
    segment: NDArray[np.object_]


def read(
    playbook: PlaybookFile | None, rows: pd.DataFrame, actions: tuple[str, ...], warned: pd.DataFrame
) -> RoundBook:
    """What the playbook says of the rows; warned are the open warnings, as `open_warnings.read` gives them."""
    if playbook is None:
        none, nowhere = np.zeros((len(rows), 0)), np.full(len(rows), "", dtype=object)
        return RoundBook(Book.empty(len(rows)), none.astype(np.intp), none.astype(np.bool_), nowhere, nowhere)
    asked = list(playbook.segments.values())
    rows = open_warnings.beside(rows, asked, warned)
    columns = known_columns.of_rows(rows, asked)
    names = frozenset[str]().union(*(one.columns() for one in asked))
    values = known_columns.values(rows, names, columns)
    said = np.array(
        [NOBODY if row.action == NO_ACTION else actions.index(row.action) for row in playbook.rows.values()]
    )
    met, first = (ask(playbook, values, size=len(rows)) for ask in (row_of_customer.met, row_of_customer.first_met))
    book = Book(np.append(said, NOBODY)[first], first != row_of_customer.NO_ROW)
    named = [*playbook.rows, ""], [*(row.segment for row in playbook.rows.values()), ""]
    row, segment = (np.array(told, dtype=object)[first] for told in named)
    return RoundBook(book, np.where(met, said, NOBODY), met & (said == NOBODY), row, segment)
