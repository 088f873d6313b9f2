"""Who of a round was contacted from elsewhere within its window: by another round's list, or as another spec recorded.

Whoever a round withholds is on no later list until the window closes; whoever it contacts may be, after a rest. So the
effect of an assignment is that of the action and of what followed from it, against no contact by any list.
"""

from datetime import date

import pandas as pd
import sqlalchemy as sa

from pipelines.outreach.feedback.compliance import KEY
from pipelines.outreach.feedback.recorded_rows import NOT_DONE
from pipelines.outreach.operations import came_back, rounds


def read(engine: sa.Engine, spec: str, assignments: pd.DataFrame, *, at: date) -> pd.Series:
    """Whether each assignment of a spec is of a customer who was contacted again up to a date, shape (n_rows,).

    assignments are `record_run.listed`. What the spec itself recorded is no contact from elsewhere.
    """
    lists = rounds.contacts_of_all(engine).rename(columns={"as_of": "on"})
    made = came_back.contacts_of_others(engine, spec)
    made = made[made["outcome"] != NOT_DONE].assign(on=lambda rows: rows["happened_at"].str[:10])
    elsewhere = pd.concat([lists, made[["spec", "on", "customer_id"]]], ignore_index=True)
    elsewhere = elsewhere[elsewhere["on"] <= at.isoformat()]
    pairs = assignments[[*KEY, "closes"]].merge(elsewhere, on="customer_id")
    own = (pairs["spec"] == spec) & (pairs["on"] == pairs["round"])
    again = pairs[(pairs["round"] <= pairs["on"]) & (pairs["on"] < pairs["closes"]) & ~own]
    keys = pd.MultiIndex.from_frame(assignments[KEY])
    return pd.Series(keys.isin(pd.MultiIndex.from_frame(again[KEY])), index=assignments.index, dtype=bool)
