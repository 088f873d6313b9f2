"""Which row of a playbook each customer meets."""

import numpy as np
from numpy.typing import NDArray

from experiments.logic import truth
from experiments.logic.condition import Values
from experiments.playbooks.playbook_file import PlaybookFile

NO_ROW = -1


def first_met(playbook: PlaybookFile, values: Values, *, size: int) -> NDArray[np.intp]:
    """The first row whose segment each customer is in, by its place in the file, or -1; shape (n_customers,).

    values, by column, have shape (n_customers,). A segment that is unknown for a customer is not met.
    """
    found = met(playbook, values, size=size)
    return np.where(found.any(axis=1), found.argmax(axis=1), NO_ROW)


def met(playbook: PlaybookFile, values: Values, *, size: int) -> NDArray[np.bool_]:
    """Which rows each customer meets, shape (n_customers, n_rows); values and unknown segments as in `first_met`."""
    found = np.zeros((size, len(playbook.rows)), dtype=bool)
    for place, row in enumerate(playbook.rows.values()):
        found[:, place] = playbook.segments[row.segment].truth(values) == truth.TRUE
    return found
