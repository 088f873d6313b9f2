"""Levels of a category that training never saw."""

from collections.abc import Iterator

from experiments.evaluation.monitoring.evidence import MonthSeen
from experiments.evaluation.monitoring.kind import Change, drift
from experiments.evaluation.monitoring.reference import TRAINING
from experiments.evaluation.monitoring.shares import gap, more_than
from experiments.evaluation.monitoring.words import percent


@drift("new_category", threshold=0.02, unit="share", of="features", remedy="look whether the level was renamed")
def new_category(month: MonthSeen) -> Iterator[Change]:
    """A share of rows has a level that training never saw, beyond what the number of rare levels lets expect.

    As many rows of new levels are expected as there were levels of one customer only (Good 1953), or as there were rows
    of such levels in the gate cohort or a year ago, where these are more.
    """
    for column in month.features:
        today, one = column.today, column.known.get(TRAINING)
        if one is None or one.counts.size == 0 or not today.rows or not one.rows:
            continue
        others = {where: known for where, known in column.known.items() if where != TRAINING and known.units}
        expected = {where: (known.unseen * known.worth, known.units) for where, known in others.items()}
        expected[TRAINING] = float(column.singletons), float(max(column.customers, 1))
        here, count = today.share(today.unseen), today.unseen * today.worth
        most = max(expected, key=lambda where: expected[where][0] / expected[where][1])
        usual = min(expected[most][0] / expected[most][1], 1.0)
        measured = gap(here, today.units, other=usual, of=expected[most][1])
        p = max(more_than(count, today.units, expected=few, of=of) for few, of in expected.values())
        words = f"{percent(here)} of the rows have a level that training never saw; {percent(usual)} are usual"
        yield Change(column.name, measured.value, measured.low, measured.high, p, words)
