"""The customer's last contract ends within the window."""

from collections.abc import Mapping

import ibis.expr.types as ir

from features.label import Label


def happened_at(tables: Mapping[str, ir.Table]) -> ir.Table:
    """When the last contract of each customer ended; no row while one of them runs.

    Of several versions of a contract the one known last holds.
    """
    contracts = tables["contracts"]
    latest = contracts.group_by("customer_id", "contract_id").aggregate(
        ended_at=contracts.ended_at.argmax(contracts.known_at),
        running=contracts.ended_at.isnull().argmax(contracts.known_at),
    )
    customers = latest.group_by("customer_id").aggregate(
        happened_at=latest.ended_at.max(), running=latest.running.any()
    )
    return customers.filter(~customers.running).select("customer_id", "happened_at")


LABEL = Label("cancelled", "the customer's last contract ends", happened_at)
