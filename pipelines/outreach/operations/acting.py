"""Who stood on which list, and when warnings were raised, due, acted on and over, as kept."""

import pandas as pd
import sqlalchemy as sa

from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.database import NAMED
from pipelines.outreach.operations.tables import ASSIGNMENTS, ROUNDS, WARNING_EVENTS, WARNINGS
from pipelines.outreach.operations.warnings import ACKNOWLEDGED, DONE, EXPIRED, KEY
from pipelines.servers import databases


def listings(engine: sa.Engine, spec: str) -> tuple[pd.DataFrame, pd.Series]:
    """Everybody whom a round of a spec proposed an action for, with `at`, the date of the list; and all those dates.

    Who was withheld stood on the list too.
    """
    listed = (ASSIGNMENTS.c.proposed != NONE) | (ASSIGNMENTS.c.action != NONE)
    asked = sa.select(ASSIGNMENTS.c.customer_id, ASSIGNMENTS.c.as_of).where((ASSIGNMENTS.c.spec == spec) & listed)
    dates = sa.select(ROUNDS.c.as_of).where(ROUNDS.c.spec == spec)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(asked)]
        made = list(connection.execute(dates).scalars())
    found = pd.DataFrame(rows, columns=["customer_id", "at"], dtype=object)
    return found.assign(at=_moments(found["at"])), _moments(pd.Series(made, dtype=object))


def warning_times(engine: sa.Engine, spec: str) -> pd.DataFrame:
    """Each warning of a spec: customer_id, and the moments raised, due, acted (acknowledged or done) and over.

    The last two are missing where it did not come to that.
    """
    names = (*KEY, "raised_at", "due_at")
    asked = sa.select(*(WARNINGS.c[name] for name in names)).where(WARNINGS.c.spec == spec)
    columns = [WARNING_EVENTS.c[name] for name in (*KEY, "kind", "happened_at")]
    events = sa.select(*columns).where(WARNING_EVENTS.c.spec == spec)
    with databases.answering(engine, NAMED), engine.connect() as connection:
        rows = pd.DataFrame([tuple(row) for row in connection.execute(asked)], columns=list(names), dtype=object)
        happened = [tuple(row) for row in connection.execute(events)]
    firsts: dict[tuple[bool, tuple[str, ...]], str] = {}
    for *key, kind, at in happened:
        if kind in (ACKNOWLEDGED, DONE, EXPIRED):
            place = (kind == EXPIRED, tuple(key))
            firsts[place] = min(firsts.get(place, at), at)
    keys = [tuple(row) for row in rows[list(KEY)].itertuples(index=False)]
    times = {
        "raised": rows["raised_at"],
        "due": rows["due_at"],
        "acted": pd.Series([firsts.get((False, key)) for key in keys], dtype=object),
        "over": pd.Series([firsts.get((True, key)) for key in keys], dtype=object),
    }
    return rows[["customer_id"]].assign(**{name: _moments(one) for name, one in times.items()})


def _moments(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, format="ISO8601").astype("datetime64[us]")
