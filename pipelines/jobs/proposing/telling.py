"""Columns that predict the outcome almost alone, and so may be leaks."""

from collections.abc import Iterator, Mapping

import duckdb

from features.event_log.expressions import literal
from pipelines.jobs.proposing.profiles import NUMBER, Profile
from pipelines.jobs.proposing.sheets import Sheet
from pipelines.jobs.proposing.table_roles import MOST_OUTCOMES, Label

# Honest columns of a churn table seldom have a higher AUC alone, or predict more rows correctly.
RANKS, TELLS = 0.9, 0.98


def telling(
    sheet: Sheet, profiles: Mapping[str, Profile], label: Label, database: duckdb.DuckDBPyConnection
) -> Iterator[tuple[str, str]]:
    """Each such column, with what to examine. The leak checks of a run are stricter, and refuse."""
    for name, one in profiles.items():
        if name == label.column:
            continue
        asked = "known only afterwards, or somebody else's score? Then --drop it"
        if (share := _majority_share(sheet, one, label, profiles, database)) >= TELLS:
            yield name, f"predicts the outcome in {100 * share:.1f} % of the rows: {asked}"
        elif one.numbers > 0.5 * one.known and one.distinct > 2:
            area = _area(sheet, name, label, database)
            if max(area, 1 - area) >= RANKS:
                yield name, f"ranks leavers by itself (AUC {max(area, 1 - area):.3f}): {asked}"


def _majority_share(
    sheet: Sheet, one: Profile, label: Label, profiles: Mapping[str, Profile], database: duckdb.DuckDBPyConnection
) -> float:
    """The share of rows with the majority outcome of their value; 0 where that is hardly above the overall majority."""
    if one.distinct > MOST_OUTCOMES or one.distinct + bool(one.missing) < 2:
        return 0.0
    asked = f"SELECT {sheet.sql(one.name)} AS v, {sheet.sql(label.column)} AS y, count(*) AS n FROM {sheet.table}"  # noqa: S608
    query = f"SELECT sum(n), sum(most) FROM (SELECT sum(n) AS n, max(n) AS most FROM ({asked} GROUP BY ALL) GROUP BY v)"  # noqa: S608
    ((rows, same),) = database.execute(query).fetchall()
    outcome = profiles[label.column]
    most = max((rows for _, rows in outcome.top), default=0)
    return float(same / rows) if same > most + (outcome.known - most) / 2 else 0.0


def _area(sheet: Sheet, name: str, label: Label, database: duckdb.DuckDBPyConnection) -> float:
    """The area under the ROC curve of a column alone, by ranks (Mann and Whitney 1947), ties halved."""
    c = sheet.sql(name)
    number = f"CASE WHEN regexp_full_match({c}, {literal(NUMBER)}) THEN TRY_CAST({c} AS DOUBLE) END"
    values = f"SELECT {number} AS n, {sheet.sql(label.column)} = {literal(label.churned)} AS y FROM {sheet.table}"  # noqa: S608
    of_each = "count(*) FILTER (y) AS bad, count(*) FILTER (NOT y) AS good"
    counted = f"SELECT n, {of_each} FROM ({values}) WHERE n IS NOT NULL GROUP BY n"  # noqa: S608
    below = f"SELECT bad, good, sum(good) OVER (ORDER BY n) - good / 2 AS under FROM ({counted})"  # noqa: S608
    query = f"SELECT sum(bad * under), sum(bad) * sum(good) FROM ({below})"  # noqa: S608
    ((area, pairs),) = database.execute(query).fetchall()
    return float(area / pairs) if pairs else 0.5
