"""Three-valued logic (Kleene 1938): for each customer a statement is true, false or unknown."""

import numpy as np
from numpy.typing import NDArray

# Shape (n_customers,); 1 is true, 0 false, 0.5 unknown.
Truth = NDArray[np.float64]
TRUE, UNKNOWN, FALSE = 1.0, 0.5, 0.0


def of(holds: NDArray[np.bool_], *, known: NDArray[np.bool_]) -> Truth:
    """The truth of a statement: unknown where it is not known whether it holds. Both have shape (n_customers,)."""
    return np.where(known, holds.astype(float), UNKNOWN)


def all_of(*parts: Truth) -> Truth:
    """AND: false where one is false, true where all are true, else unknown."""
    found: Truth = np.minimum.reduce(parts)
    return found


def any_of(*parts: Truth) -> Truth:
    """OR: true where one is true, false where all are false, else unknown."""
    found: Truth = np.maximum.reduce(parts)
    return found


def not_(part: Truth) -> Truth:
    """NOT: what is unknown stays unknown."""
    return 1.0 - part
