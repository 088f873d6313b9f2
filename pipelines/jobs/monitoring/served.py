"""The scores that the service gave to ready rows, beside those of the champion's gate cohort."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pandas as pd

from experiments.evaluation.monitoring.evidence import ColumnSeen
from experiments.spec import ExperimentSpec
from experiments.statistics import rounding
from pipelines.jobs.monitoring.watched import Watched
from pipelines.learning.reference import SCORE
from pipelines.outreach.operations import answers, clock, database
from pipelines.workspace import Workspace

SPAN = timedelta(days=30)
# Of fewer, an index of ten bins has a standard error of more than 0.04 where nothing has changed.
FEWEST_INPUTS = 100


def seen(spec: ExperimentSpec, workspace: Workspace, champion: Watched, *, asked: date | None) -> Iterator[ColumnSeen]:
    """The scores of the 30 days before a date, or before now; answers to the same input count as one customer.

    There are none where fewer than FEWEST_INPUTS inputs were answered, or without an operations database. Raises
    StorageError where that does not answer.
    """
    if not database.exists(workspace.root):
        return
    until = clock.now(spec.time_zone) if asked is None else datetime.combine(asked, datetime.min.time())
    span = {"after": clock.text(until - SPAN), "until": clock.text(until)}
    found = answers.scored(database.opened(workspace.root), spec.name, version=champion.serving, **span)
    if len(found) < FEWEST_INPUTS:
        return
    every = found.loc[found.index.repeat(found["answers"])]
    # As those of the gate cohort are kept.
    scores = pd.Series(rounding.probabilities(every["score"].to_numpy(dtype=float)))
    for one in champion.reference.predictions:
        if one.name == SCORE:
            yield one.seen(scores, pd.Series(every.index))
