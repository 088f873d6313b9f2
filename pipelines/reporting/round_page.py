"""list.html: the customers of a round with what is to be done for each, to filter and to print."""

from typing import Any, Protocol

import pandas as pd

from pipelines.messages.numbers import money
from pipelines.reporting.pages import page


class DrawnRound(Protocol):
    """What the page says of a round."""

    @property
    def spec(self) -> str:
        """The spec's name."""

    @property
    def as_of(self) -> Any:
        """The date of the list."""

    @property
    def versions(self) -> Any:
        """The versions of model and playbook."""


def render(round_: DrawnRound, listed: pd.DataFrame, *, title: str, currency: str) -> str:
    """The page of a round's list; listed are those with an action, in order."""
    rows = [
        {
            "place": place,
            "customer": row["customer_id"],
            "action": row["action"],
            "level": row["level"],
            "risk": f"{row['risk']:.0%}",
            "worth": _worth(row["expected_value"], currency),
            "by": row["because"],
            "why": [(row[f"reason_{place}_en"], row[f"reason_{place}_zh"]) for place in (1, 2)],
        }
        for place, row in enumerate(listed.to_dict("records"), start=1)
    ]
    actions = sorted({row["action"] for row in rows})
    return page("round.html.j2", (), round=round_, title=title, rows=rows, actions=actions, levels=LEVELS)


LEVELS = ("high", "medium", "low")


def _worth(value: float, currency: str) -> str:
    if pd.isna(value):
        return "not known"
    unit = money(currency)
    return f"{unit.before}{value:.2f}{unit.after}"
