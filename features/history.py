"""The data as known strictly before a date, which is all that features can see."""

from datetime import datetime

import ibis
import ibis.expr.types as ir

from features.errors import SchemaError
from features.hindsight import Hindsight, of_use

STATE_TABLES = ("customers", "contracts")
VERSIONS = {"contract_versions": "contracts", "customer_versions": "customers"}
# Tables that are made of others: of use, the last days and the same days a year before; the gaps between days of
# use; the first use of those who joined within the look-back; and what changed in a contract.
MADE = {"usage_seasons": "usage", "usage_gaps": "usage", "first_use": "usage", "contract_changes": "contracts"}
YEAR_DAYS = 365
SEASON_DAYS = 30
GAP_DAYS = 90
# Doubles are added as decimals: exactly, so that neither the order of rows nor the number of threads moves a bit.
EXACT = "decimal(18, 6)"


def source_of(name: str) -> str:
    """The canonical table from which a table of a History derives."""
    return {**VERSIONS, **MADE}.get(name, name)


class History:
    """The canonical tables as known strictly before `as_of`, a date or an expression for one.

    A row is visible when it was known before `as_of` and no correction of it was; events that lie ahead or are older
    than `look_back_days` are left out, the state of customers and contracts never is. A table is an attribute:
    `history.transactions`; `history.contract_versions` also holds what later versions replaced;
    MADE lists those that are made of others. Numbers are decimals of six places. Features
    see a History and never what it is cut from.
    """

    def __init__(self, known_today: Hindsight, *, as_of: datetime | ir.TimestampScalar, look_back_days: int) -> None:
        self.as_of = ibis.literal(as_of, type="timestamp") if isinstance(as_of, datetime) else as_of
        self.look_back_days = look_back_days
        self._known_today = known_today
        self._raw, self._declared = known_today.tables, known_today.declared
        self._visible: dict[str, ir.Table] = {}

    def __contains__(self, name: str) -> bool:
        return source_of(name) in self._raw

    def __getattr__(self, name: str) -> ir.Table:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.table(name)

    def table(self, name: str) -> ir.Table:
        """The visible rows of one table; the same expression object at every call, so that aggregates can share it."""
        source = source_of(name)
        if source not in self._raw:
            raise SchemaError(f"the data have no table '{source}'; they have {sorted(self._raw)}.")
        if name not in self._visible:
            made = getattr(self, f"_{name}", None) if name in MADE else None
            self._visible[name] = made() if made else self._exact(source, self._seen(name, source))
        return self._visible[name]

    def _seen(self, name: str, source: str) -> ir.Table:
        raw = self._raw[source]
        known = raw.filter(raw.known_at < self.as_of)
        if name in VERSIONS:
            return known
        if name not in STATE_TABLES:
            begins = self.days_ago(self.look_back_days)
            known = known.filter(known.event_at < self.as_of, known.event_at >= begins)
        return self._latest(source, known)

    def _usage_seasons(self) -> ir.Table:
        raw = self._raw["usage"]
        recent = (raw.event_at < self.as_of) & (raw.event_at >= self.days_ago(SEASON_DAYS))
        before = (raw.event_at < self.days_ago(YEAR_DAYS)) & (raw.event_at >= self.days_ago(YEAR_DAYS + SEASON_DAYS))
        seen = raw.filter(raw.known_at < self.as_of, recent | before)
        return self._latest("usage", seen).select("customer_id", "event_at")

    def _usage_gaps(self) -> ir.Table:
        """Each day of use with the previous one; the time since the last day of use is not included."""
        usage = self.table("usage")
        days = usage.filter(self.within(usage, GAP_DAYS)).select("customer_id", "event_at")
        return days.mutate(before=days.event_at.lag().over(group_by="customer_id", order_by="event_at"))

    def _first_use(self) -> ir.Table:
        """A row for each day of use of customers who joined within the look-back; without a day where there was none.

        Both days are told by their midnight: of use, more than the day is not always known.
        """
        customers = self.table("customers")
        joined = customers.group_by("customer_id").aggregate(joined_on=customers.joined_at.min().truncate("D"))
        new = joined.filter(joined.joined_on >= self.days_ago(self.look_back_days))
        used = self.table("usage").select("customer_id", used_on=lambda usage: usage.event_at.truncate("D"))
        return new.left_join(used, "customer_id").drop("customer_id_right")

    def _contract_changes(self) -> ir.Table:
        """Each change of a contract, with the plan and the price before it.

        Of several versions of one moment the one known last counts: it corrects the others and changes nothing. Most
        contracts have one version; only the others are put in order.
        """
        versions, replaced = self.table("contract_versions"), self._known_today.corrections("contracts")
        missing = {"plan_before": ibis.null("string"), "price_before": ibis.null(EXACT)}
        if replaced is None:
            return versions.mutate(**missing)
        once = versions.anti_join(replaced, "contract_id").mutate(**missing)
        several = versions.semi_join(replaced, "contract_id")
        known_last = several.known_at.max().over(group_by=["contract_id", "event_at"])
        moments = several.mutate(known_last=known_last).filter(lambda one: one.known_at == one.known_last)
        contract = ibis.window(group_by="contract_id", order_by="event_at")
        plan_before, price_before = (moments[name].lag().over(contract) for name in ("plan", "price"))
        return once.union(moments.mutate(plan_before=plan_before, price_before=price_before).drop("known_last"))

    def _latest(self, source: str, known: ir.Table) -> ir.Table:
        key, replaced = self._declared[source].key, self._known_today.corrections(source)
        if replaced is not None:
            replaced = replaced.filter(replaced.superseded_at < self.as_of).select(*key, "known_at")
            known = known.anti_join(replaced, [*key, "known_at"])
        return of_use(known) if self._declared[source].daily else known

    def _exact(self, source: str, rows: ir.Table) -> ir.Table:
        numbers = [column.name for column in self._declared[source].columns if column.type == "number"]
        return rows.mutate(**{name: rows[name].cast(EXACT) for name in numbers if name in rows.columns})

    def days_ago(self, days: int) -> ir.TimestampScalar:
        """The moment `days` days before `as_of`."""
        return self.as_of - ibis.interval(days=days)

    def within(self, table: ir.Table, days: int) -> ir.BooleanValue:
        """Whether a row of table happened in the last `days` days before `as_of`."""
        return table.event_at >= self.days_ago(days)

    def running(self) -> ir.BooleanValue:
        """Whether a row of `contracts` had begun by `as_of` and was not known to have ended."""
        contracts = self.table("contracts")
        ended = contracts.ended_at.notnull() & (contracts.ended_at < self.as_of)
        return (contracts.starts_at < self.as_of) & ~ended

    def days_since(self, moment: ir.Value) -> ir.NumericValue:
        """Days, with fractions, from a moment to `as_of`; negative for a later moment, missing for none."""
        return (seconds(self.as_of) - seconds(moment)) / 86_400.0

    def last(self, name: str, column: str, where: ir.BooleanValue | None = None) -> ir.Value:
        """A column's last non-missing value among a customer's rows of a table (where a condition holds).

        Of rows of one moment the one known last counts, and of those the one of the greatest key: no order decides.
        """
        rows = self.table(name)
        key = self._declared[source_of(name)].key
        if key == ("customer_id",) and name not in VERSIONS:
            return rows[column].max(where=where)  # each customer has one row
        order = ibis.struct({part: rows[part] for part in dict.fromkeys(("event_at", "known_at", *key))})
        present = rows[column].notnull()
        return rows[column].argmax(order, where=present if where is None else present & where)


def seconds(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Whole seconds from 1970 to a moment; fractions are dropped, since engines differ in keeping them."""
    return moment.epoch_seconds().floor()


def total(values: ir.NumericColumn, where: ir.BooleanValue | None = None) -> ir.FloatingValue:
    """The exact sum of a column of a History, as a double; 0 for no rows."""
    return values.sum(where=where).cast("float64").fill_null(0.0)


def mean(values: ir.NumericColumn, where: ir.BooleanValue | None = None) -> ir.FloatingValue:
    """The mean of a column of a History, without missing values; missing where none is left."""
    present = values.notnull()
    counted = values.count(where=present if where is None else present & where)
    return values.sum(where=where).cast("float64") / counted.nullif(0)


def share(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """The ratio of two numbers as a double; missing where the denominator is 0."""
    return part.cast("float64") / whole.cast("float64").nullif(0.0)
