"""The joining day of each customer, and the rows of a log dated before it."""

from features.event_log.expressions import literal
from features.event_log.options import EventLogOptions

# The first day of each customer, where rows from before it are set aside.
FIRST_DAYS = "first_days"
TOO_EARLY = "before the customer's first day"


def sets_aside(options: EventLogOptions, table: str) -> bool:
    """Whether the spec excludes rows of this table dated before the joining day."""
    return options.before_first_day == "set_aside" and table != "customers"


def set_aside(judged: str) -> str:
    """The rows with a reason for those dated before their customer's joining day, as SQL."""
    is_early = f"problem IS NULL AND event_at < {FIRST_DAYS}.first_day"
    return (
        f"SELECT j.* REPLACE (CASE WHEN {is_early} THEN {literal(TOO_EARLY)} ELSE problem END AS problem,"  # noqa: S608
        f" CASE WHEN problem IS NOT NULL OR ({is_early}) THEN raw END AS raw)"
        f" FROM ({judged}) AS j LEFT JOIN {FIRST_DAYS} ON j.customer_id = {FIRST_DAYS}.customer_id"
    )
