"""The wall: what was known of the customers strictly before a date, and nothing else."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import ibis
import ibis.expr.types as ir

from features.errors import SchemaError
from features.schema import Table

STATE_TABLES = ("customers", "contracts")
VERSIONS = {"contract_versions": "contracts", "customer_versions": "customers"}


def corrections(table: ir.Table, key: tuple[str, ...]) -> ir.Table:
    """The rows that a later row of the same key replaces: key, known_at and superseded_at (when that was known).

    They do not depend on the date of observation, so an engine computes them once and hands them to every History.
    """
    versions = table.select(*key, "known_at").distinct()
    ordered = versions.mutate(superseded_at=versions.known_at.lead().over(group_by=list(key), order_by="known_at"))
    return ordered.filter(ordered.superseded_at.notnull())


class History:
    """The canonical tables as they stood strictly before `as_of`.

    A row is visible when it was known before `as_of` and no correction of it was; events older than
    `look_back_days` are left out, the state of customers and contracts never is. A table is an attribute:
    `history.transactions`; `history.contract_versions` also holds what later versions replaced. Features see a
    History and never a raw table.
    """

    def __init__(
        self,
        tables: Mapping[str, ir.Table],
        *,
        declared: Mapping[str, Table],
        as_of: datetime,
        look_back_days: int,
        corrected: Mapping[str, ir.Table] | None = None,
    ) -> None:
        self.as_of = as_of
        self.look_back_days = look_back_days
        self._raw = tables
        self._declared = declared
        self._corrected = corrected or {}
        self._visible: dict[str, ir.Table] = {}

    @cached_property
    def as_of_literal(self) -> ir.Value:
        """The date of observation as an expression."""
        return ibis.literal(self.as_of, type="timestamp")

    def __contains__(self, name: str) -> bool:
        return VERSIONS.get(name, name) in self._raw

    def __getattr__(self, name: str) -> ir.Table:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.table(name)

    def table(self, name: str) -> ir.Table:
        """The visible rows of one table; the same expression at every call, so that aggregates can share it."""
        source = VERSIONS.get(name, name)
        if source not in self._raw:
            raise SchemaError(f"the data have no table '{source}'; they have {sorted(self._raw)}.")
        if name not in self._visible:
            known = self._raw[source].filter(self._raw[source].known_at < self.as_of_literal)
            self._visible[name] = known if name in VERSIONS else self._latest(name, known)
        return self._visible[name]

    def _latest(self, name: str, known: ir.Table) -> ir.Table:
        raw, key = self._raw[name], self._declared[name].key
        if name not in STATE_TABLES:
            known = known.filter(known.event_at >= self.as_of_literal - ibis.interval(days=self.look_back_days))
        replaced = self._corrected[name] if name in self._corrected else corrections(raw, key)
        replaced = replaced.filter(replaced.superseded_at < self.as_of_literal).select(*key, "known_at")
        return known.anti_join(replaced, [*key, "known_at"])

    def within(self, table: ir.Table, days: int) -> ir.BooleanValue:
        """Whether a row of table happened in the last `days` days before `as_of`."""
        return table.event_at >= self.as_of_literal - ibis.interval(days=days)

    def days_since(self, moment: ir.Value) -> ir.NumericValue:
        """Days, with fractions, from a moment to `as_of`; negative for a moment still to come, missing for none."""
        return (self.as_of_literal.epoch_seconds() - moment.epoch_seconds()) / 86_400.0
