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
    met = np.full(size, NO_ROW)
    for place, row in reversed(list(enumerate(playbook.rows.values()))):
        met[playbook.segments[row.segment].truth(values) == truth.TRUE] = place
    return met
