"""Open points of a table's spec: newcomers, duplicates under new keys, an unknown currency, and others."""

from collections.abc import Iterator, Mapping

import duckdb

from pipelines.jobs.proposing import names
from pipelines.jobs.proposing.columns import shown
from pipelines.jobs.proposing.settling import Said
from pipelines.jobs.proposing.sheets import Sheet
from pipelines.jobs.proposing.table_plan import Plan
from pipelines.jobs.proposing.table_roles import Arms, Label

# States of customers who have only just joined, so that it is too early to say whether they stay.
NEWCOMERS = {"joined", "new", "prospect", "trial", "onboarding", "newbie"}
STATES = {"status", "state", "stage"}
LeaveOut = Mapping[str, tuple[str, ...]]


def of_a_table(
    plan: Plan, said: Said, *, key: str | None, label: Label, arms: Arms | None, gone: LeaveOut,
    database: duckdb.DuckDBPyConnection,
) -> Iterator[str]:  # fmt: skip
    """One line per open point, with the option or key that settles it."""
    yield from _newcomers(plan, gone)
    if key and not plan.joins:
        yield from _copies(plan.main, key, label, database)
    if arms:
        yield from _arms(plan, arms, said)
        yield from _afterwards(plan, said)
    elif label.said_by_name:
        yield (
            f"label.leavers_are_gone: assumed, as '{label.column}' says that they left; write false"
            " where those who left are still to be scored"
        )
    if said.currency is None and any(names.says(name, names.MONEY) for one in plan.profiles.values() for name in one):
        yield "currency: no name says it, so eur is assumed; --currency"
    yield "value.constant: the value of keeping a customer is not in the file; write it, or name a column of amounts"
    yield "policy.budget_share: how many can be contacted is not in the file; a fifth is assumed"


def _newcomers(plan: Plan, gone: LeaveOut) -> Iterator[str]:
    for file, profiles in plan.profiles.items():
        for name, one in profiles.items():
            fresh = [text for text in one.values if text.lower() in NEWCOMERS and text not in gone.get(name, ())]
            if fresh and names.says(name, STATES) and 2 < one.distinct <= 10:
                rows = dict(one.top)[fresh[0]]
                yield (
                    f"{name} ({file}): {rows:,} customers are {shown(fresh[0])}: they have only just joined, and count"
                    f" as customers here. --leave-out '{name}={fresh[0]}' leaves them out"
                )


def _copies(sheet: Sheet, key: str, label: Label, database: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The open point on rows that are equal except for their key."""
    rest = [sheet.sql(name) for name in sheet.columns if name != key]
    if len(rest) < 4:  # few columns are often equal
        return
    hashed = f"SELECT hash({', '.join(rest)}) AS h FROM {sheet.table}"  # noqa: S608 - names of our own
    query = f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM ({hashed}) GROUP BY h HAVING n > 1)"  # noqa: S608
    ((again,),) = database.execute(query).fetchall()
    if again:
        yield (
            f"{again:,} rows equal an earlier one in all but '{key}' ('{label.column}' included): the same customer"
            " under new keys? Remove them from the file; the leak check L004 examines them, too"
        )


def _arms(plan: Plan, arms: Arms, said: Said) -> Iterator[str]:
    shares = dict(plan.of_main[arms.column].top)
    total = max(sum(shares.values()), 1)
    told = ", ".join(f"{shown(text)} {100 * rows / total:.1f} %" for text, rows in shares.items())
    yield (
        f"source.treatment: the arms ({told}) are assumed to have been equally likely; where they were not, write the"
        " planned `probabilities`, not the observed shares"
    )
    if not said.randomised:
        yield (
            "treatment.randomised: nobody said that the arms were randomised, so no effect is claimed; --randomised"
            " where they were"
        )


def _afterwards(plan: Plan, said: Said) -> Iterator[str]:
    known = set(said.outcome) | set(said.drop) | {said.label}
    after = [
        name for name in plan.of_main if names.says(name, {"conversion", "converted", "spend", "visit", "response"})
    ]
    if left := [name for name in after if name not in known]:
        yield f"{left}: measured after the actions? Then give --outcome (reported, not a feature) or --drop for each"
