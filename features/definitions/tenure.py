"""Tenure, market segment and region of the customer."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="customers", unit="days", minimum=0)
def tenure_days(history: History) -> ir.Value:
    """Days since the customer joined."""
    return history.days_since(history.customers.joined_at.min())


@feature(table="customers", unit=None, type="category")
def segment(history: History) -> ir.Value:
    """The market segment."""
    return history.last("customers", "segment")


@feature(table="customers", unit=None, type="category")
def region(history: History) -> ir.Value:
    """Where the customer lives."""
    return history.last("customers", "region")
