"""list.html: the customers of a round with what is to be done for each, to filter and to print."""

import base64
import hashlib
from functools import cache
from typing import Any, Protocol

import pandas as pd

from experiments.playbooks.playbook_file import NO_ACTION
from pipelines.messages.numbers import day, money, number, percent
from pipelines.reporting.pages import TEMPLATES, page

LEVELS = ("high", "medium", "low")
# Of a customer without an open warning.
NOBODY = "no warning"


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
            "instead": "" if row["next_best_action"] == NO_ACTION else row["next_best_action"],
            "level": row["level"],
            "urgency": row["urgency"],
            "owner": row["owner"] or NOBODY,
            "due": f"{day(row['due_at'])}, {row['due_at'][11:16]}" if row["due_at"] else "",
            "warned": row["warned_of"].replace("_", " "),
            "risk": percent(row["risk"], 0),
            "worth": _worth(row["expected_value"], currency),
            "by": row["because"],
            "effect": (row["why_action_en"], row["why_action_zh"]),
            "why": [(row[f"reason_{place}_en"], row[f"reason_{place}_zh"]) for place in (1, 2)],
        }
        for place, row in enumerate(listed.to_dict("records"), start=1)
    ]
    filters = {
        "action": sorted({row["action"] for row in rows}),
        "level": [one for one in LEVELS if one in {row["level"] for row in rows}],
        "owner": sorted({row["owner"] for row in rows}, key=lambda owner: (owner == NOBODY, owner)),
    }
    parts: dict[str, Any] = {"script": _script(), "script_hash": _hash(_script()), "filters": filters}
    return page("round.html.j2", (), round=round_, title=title, rows=rows, on=day(str(round_.as_of)), **parts)


@cache
def _script() -> str:
    """What filters the rows; without it all are shown."""
    return (TEMPLATES / "round" / "filters.js").read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """The digest by which a browser knows that it may run this script and no other (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _worth(value: float, currency: str) -> str:
    if pd.isna(value):
        return "not known"
    unit = money(currency)
    return f"{unit.before}{number(value, 2)}{unit.after}"
