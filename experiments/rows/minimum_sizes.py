"""Minimum numbers of customers per outcome and of rows per arm, below which nothing is judged."""

from experiments.metric import Numbers

# With fewer customers, more than 1 in 100 bootstrap draws of the gate cohort would hold none: exp(-5).
FEWEST_OF_AN_OUTCOME = 5
# With fewer rows, an arm cannot be compared with the control.
FEWEST_OF_AN_ARM = 10
# With fewer rows, an outcome has no spread within an arm.
FEWEST_MEASURED = 2


def rarer_of(churned: Numbers) -> int:
    """How many rows have the rarer outcome; churned is 0 or 1, shape (n_rows,)."""
    return int(min(churned.sum(), len(churned) - churned.sum()))
