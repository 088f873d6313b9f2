"""list.html: the customers of a round with what is to be done for each, to filter and to print."""

import base64
import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import pandas as pd

from experiments.playbooks.playbook_file import NO_ACTION
from pipelines.messages.numbers import count, counted, money, number, percent
from pipelines.reporting import catalogue
from pipelines.reporting.catalogue import Both, Catalogue
from pipelines.reporting.pages import TEMPLATES, page

LEVELS = ("high", "medium", "low")


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


@dataclass(frozen=True)
class RoundLine:
    """A row of the page: a customer with what is to be done. action, level and owner are what the filters compare."""

    place: int
    customer: str
    action: str
    level: str
    owner: str
    named: Mapping[str, Both]
    risk: str
    worth: Both
    urgency: str
    due: Both | None


def render(round_: DrawnRound, listed: pd.DataFrame, *, title: str, currency: str) -> str:
    """The page of a round's list; listed are those with an action, in order."""
    words = catalogue.of_page("round")
    rows = [_line(place, row, currency, words) for place, row in enumerate(listed.to_dict("records"), start=1)]
    of_round = {"on": catalogue.on(str(round_.as_of)), "title": title, "model": round_.versions["model"]}
    filters = {
        "level": _options(rows, "level", [one for one in LEVELS if one in {row.level for row in rows}]),
        "action": _options(rows, "action", sorted({row.action for row in rows})),
        "owner": _options(rows, "owner", sorted({row.owner for row in rows}, key=lambda owner: (not owner, owner))),
    }
    return page(
        "round.html.j2",
        (),
        words=words,
        round=round_,
        title=title,
        rows=rows,
        filters=filters,
        filled={**of_round, "counted": counted(len(rows), "customer"), "count": count(len(rows))},
        # The script fills in how many rows there are.
        shown=words.both("shown", shown="{shown}", all="{all}"),
        script=_script(),
        script_hash=_hash(_script()),
    )


def _line(place: int, row: Mapping[Hashable, Any], currency: str, words: Catalogue) -> RoundLine:
    said = [(row[f"reason_{at}_en"], row[f"reason_{at}_zh"]) for at in (1, 2) if row[f"reason_{at}_en"]]
    by, effect = words.named("by", row["because"]), (row["why_action_en"], row["why_action_zh"])
    other = row["next_best_action"]
    return RoundLine(
        place=place,
        customer=row["customer_id"],
        action=row["action"],
        level=row["level"],
        owner=row["owner"],
        named={
            "action": words.named("action", row["action"]),
            "else": ("", "") if other == NO_ACTION else words.named("action", other),
            "level": words.named("level", row["level"]),
            "owner": (row["owner"], row["owner"]) if row["owner"] else words.both("nobody"),
            "why": _joined(said, "; ", "；"),
            "warned": _joined([_rule(one, words) for one in row["warned_of"].split(", ") if one], ", ", "、"),
            "by": words.both("rests_on", by=by, effect=effect) if effect[0] else by,
        },
        risk=percent(row["risk"], 0),
        worth=_worth(row["expected_value"], currency, words),
        urgency=row["urgency"],
        due=_due(row["urgency"], row["due_at"], words) if row["urgency"] else None,
    )


def _joined(parts: Sequence[Both], english: str, chinese: str) -> Both:
    return english.join(one for one, _ in parts), chinese.join(one for _, one in parts)


def _rule(name: str, words: Catalogue) -> Both:
    """What a rule is called; one that the catalogue does not know by its name as people write it."""
    english, chinese = words.named("rule", name)
    return english.replace("_", " "), chinese.replace("_", " ")


def _due(urgency: str, due_at: str, words: Catalogue) -> Both:
    level = words.named("level", urgency)
    return words.both("due", level=level, day=catalogue.on(due_at), time=due_at[11:16]) if due_at else level


def _options(rows: Sequence[RoundLine], name: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """What a filter offers, with its name in both languages, as an option can hold no markup."""
    named = {getattr(row, name): row.named[name] for row in rows}
    return [(one, " ".join(dict.fromkeys(named[one]))) for one in values]


@cache
def _script() -> str:
    """What filters the rows; without it all are shown."""
    return (TEMPLATES / "round" / "filters.js").read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """The digest by which a browser knows that it may run this script and no other (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _worth(value: float, currency: str, words: Catalogue) -> Both:
    if pd.isna(value):
        return words.both("not_known")
    told = f"{money(currency).before}{number(value, 2)}{money(currency).after}"
    return told, told
