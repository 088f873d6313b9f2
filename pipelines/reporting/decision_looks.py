"""Text on the decision page about sample size, reuse in earlier comparisons, and the alpha spent."""

from collections.abc import Mapping
from typing import Any

from pipelines.messages.numbers import NO_BREAK, count, ordinal

Found = Mapping[str, Any]


def looks(decision: Found) -> str:
    """The number of comparisons on these customers, and the alpha of this one; "" where nothing was compared."""
    look = decision["look"]
    if not look:
        return ""
    allowed = _in_thousand(decision["gate"]["alpha"])
    units = look.get("units")
    since = "on these customers."
    if units and units["of"] and not look["number"] == 1 == units["new"] / units["of"]:
        share = units["new"] / units["of"]
        new = f"{_percent(share)} of them are new" if 0 < share < 1 else f"{'all' if share else 'none'} of them are new"
        since = f"since the customers were last renewed, by as many as are judged here; {new}."
    return (
        f"This was the {ordinal(look['number'])} comparison {since} Each further one on the same customers gives "
        "chance another try, and so needs stronger evidence. A new model that is no better would have passed this one "
        f"by luck at most {_in_thousand(look['alpha'])} times in 1,000 (alpha). For all comparisons on these customers "
        f"together the limit is {allowed} in 1,000; it starts afresh once as many new customers are available as were "
        "used here."
    )


def _percent(part: float) -> str:
    return f"{float(f'{100 * part:.2g}'):g}{NO_BREAK}%"


def _in_thousand(part: float) -> str:
    return f"{float(f'{1000 * part:.2g}'):g}"


def judged_on(decision: Found) -> str:
    """The customers judged, in a phrase; "" where they are not known."""
    cohort = decision.get("cohort")
    if not cohort:
        return ""
    rows = f" ({count(cohort['rows'])} observations)" if cohort["rows"] > cohort["customers"] else ""
    left = (
        f"; {count(cohort['left_out'])} observations that the champion was trained on are left out"
        if cohort["left_out"]
        else ""
    )
    return f"{count(cohort['customers'])} customers{rows}, the same for both{left}"
