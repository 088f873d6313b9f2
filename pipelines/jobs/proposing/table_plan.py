"""The joins between the files of a table: the main file, with one row per customer, and files joined to it by keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from features.errors import UsageError
from pipelines.jobs.proposing import names
from pipelines.jobs.proposing.columns import shown
from pipelines.jobs.proposing.profiles import Profile, profile
from pipelines.jobs.proposing.settling import Said
from pipelines.jobs.proposing.sheets import Sheet

# The share of rows that must find a partner for a column to be a key.
FOUND = 0.5


@dataclass(frozen=True)
class Join:
    """A joined file: its key, the matching column `by` in the file `of`, and the reason.

    several says that a key has several rows, whole that every row of `of` has a match.
    """

    sheet: Sheet
    key: str
    by: str
    of: Sheet
    why: str
    several: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Plan:
    """The main file, the joins, and the profiles of all columns by file."""

    main: Sheet
    joins: tuple[Join, ...] = ()
    profiles: Mapping[str, Mapping[str, Profile]] = field(default_factory=dict)

    @property
    def of_main(self) -> Mapping[str, Profile]:
        """The profiles of the main file."""
        return self.profiles[self.main.file]


def plan(sheets: Sequence[Sheet], database: duckdb.DuckDBPyConnection, said: Said) -> Plan:
    """The plan for one or several files.

    Raises UsageError where the main file is unclear, or a file shares no key with it or has several rows per customer.
    """
    known = {one.file: {name: profile(one, name, database) for name in one.columns} for one in sheets}
    main = sheets[0] if len(sheets) == 1 else _main(sheets, known, said)
    joins: list[Join] = []
    left = [one for one in sheets if one is not main]
    while left:
        found = [join for one in left if (join := _join(one, [main, *(j.sheet for j in joins)], known, database, said))]
        if not found:
            names_of = {one.file: list(one.columns) for one in left}
            raise UsageError(
                f"{sorted(names_of)} share no key with {[main.file, *(j.sheet.file for j in joins)]}: a column of the"
                " same name, of which most values are found there. Leave the file out, or give the columns one name."
            )
        joins.append(found[0])
        left = [one for one in left if one is not found[0].sheet]
    return Plan(main, tuple(joins), known)


def _main(sheets: Sequence[Sheet], known: Mapping[str, Mapping[str, Profile]], said: Said) -> Sheet:
    """The file with the label and, if any, the arm."""
    asked = [("--label", said.label), ("--treatment", said.treatment)]
    wanted = [(option, name) for option, name in asked if name and any(name in one.columns for one in sheets)]
    if wanted:
        fitting = [one for one in sheets if all(name in one.columns for _, name in wanted)]
    else:
        fitting = [
            one
            for one in sheets
            if any(names.says(name, names.LEAVING) and known[one.file][name].distinct == 2 for name in one.columns)
        ]
    if len(fitting) == 1:
        return fitting[0]
    files = [one.file for one in fitting or sheets]
    raise UsageError(f"{files}: which file holds the label? Give --label COLUMN; label and arm must be in one file.")


def _join(
    sheet: Sheet,
    before: Sequence[Sheet],
    known: Mapping[str, Mapping[str, Profile]],
    database: duckdb.DuckDBPyConnection,
    said: Said,
) -> Join | None:
    """The join of a file to one of the earlier files, by the column with most matches; None where there is none."""
    best: tuple[float, Join] | None = None
    for of in before:
        for name in sheet.columns:
            if name not in of.columns or not _may_lead(name, known[sheet.file][name], known[of.file][name], said):
                continue
            share = _share(sheet, of, name, database)
            several = known[sheet.file][name].distinct < known[sheet.file][name].known
            why = f"{100 * share:.1f} % of the rows of {of.file} find theirs by '{name}'"
            if share >= FOUND and (best is None or (not several, share) > (not best[1].several, best[0])):
                best = share, Join(sheet, name, name, of, why, several, share == 1)
    if best is None:
        return None
    join = best[1]
    if join.several and sheet.file not in said.aggregate:
        found = known[sheet.file][join.key]
        raise UsageError(
            f"{sheet.file} has several rows per customer: '{join.key}' has {found.distinct:,} values in {found.known:,}"
            f" rows, such as {shown(found.top[0][0])} in {found.top[0][1]:,}. Give --aggregate {sheet.file} to count"
            " its rows and sum up its numbers (none of them may be from after the outcome), or leave it out."
        )
    return join


def _may_lead(name: str, there: Profile, here: Profile, said: Said) -> bool:
    if name == said.customer_id:
        return True
    return (names.is_key(name) or names.says(name, names.CODE)) and there.distinct > 1 and here.distinct > 1


def _share(sheet: Sheet, of: Sheet, name: str, database: duckdb.DuckDBPyConnection) -> float:
    there = f"SELECT {sheet.sql(name)} FROM {sheet.table}"  # noqa: S608 - names of our own
    query = f"SELECT count(*) FILTER ({of.sql(name)} IN ({there})) / count(*) FROM {of.table}"  # noqa: S608
    found: Any = database.execute(query).fetchall()[0][0]
    return float(found or 0.0)
