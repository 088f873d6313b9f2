"""All data as known today, from which labels and outcomes are computed, and features never."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from features.schema import Table


@dataclass(frozen=True)
class Hindsight:
    """The canonical tables with every version of every row.

    corrected holds what `corrections` gives for a table, or None where nothing in it was ever corrected; what is not
    in it is worked out anew. It does not depend on a date, so an engine works it out once for all of them.
    """

    tables: Mapping[str, ir.Table]
    declared: Mapping[str, Table]
    corrected: Mapping[str, ir.Table | None] = field(default_factory=dict)

    def latest(self, name: str) -> ir.Table:
        """The rows of a table by today's knowledge, without those that a later row of the same key replaces.

        Days of which nothing is left are none.
        """
        table, replaced = self.tables[name], self.corrections(name)
        if replaced is not None:
            table = table.anti_join(replaced, [*self.declared[name].key, "known_at"])
        return of_use(table) if self.declared[name].daily else table

    def corrections(self, name: str) -> ir.Table | None:
        """The result of `corrections` for a table, or None where it has no corrections."""
        if name in self.corrected:
            return self.corrected[name]
        return corrections(self.tables[name], self.declared[name].key)


def of_use(days: ir.Table) -> ir.Table:
    """Days with any use; a day whose use was corrected to zero is left out.

    days holds the latest versions. What could not be read may have been something.
    """
    done = [days[name] for name in ("actions", "minutes", "sessions", "kinds") if name in days.columns]
    if "actions" not in days.columns:
        return days
    return days.filter(ibis.or_(days.actions.isnull(), *(amount > 0 for amount in done)))


def corrections(table: ir.Table, key: tuple[str, ...]) -> ir.Table:
    """The rows that a later row of the same key replaces: key, known_at and superseded_at (when that was known).

    No two rows share key and known_at; checks refuse them. Few keys have more than one version. Where the date of the
    event is part of the key, one of them was known late.
    """
    if "event_at" in key:
        several = table.filter(table.known_at > table.event_at).select(*key)
    else:
        several = table.group_by(*key).having(table.count() > 1).aggregate().select(*key)
    versions = table.semi_join(several, list(key)).select(*key, "known_at").distinct()
    ordered = versions.mutate(superseded_at=versions.known_at.lead().over(group_by=list(key), order_by="known_at"))
    return ordered.filter(ordered.superseded_at.notnull())
