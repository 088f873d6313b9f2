"""The assignments of a round as rows of the database, and back."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from pipelines.outreach.operations.tables import ASSIGNMENTS

NONE = "none"
# The columns of a round's assignments, in order; `probabilities` is by action and `none`.
COLUMNS = tuple(column.name for column in ASSIGNMENTS.columns if column.name not in ("spec", "as_of"))
# Younger than some rounds, of whose digest they are no part.
LATER = ("next_best", "warnings", "value", "segment", "playbook_row", "why_action")
NO_WHY = ("", "")


def digest(rows: list[dict[str, Any]]) -> str:
    """SHA-256 of a round's assignments, in order."""
    said = [{name: one for name, one in row.items() if name not in LATER or one is not None} for row in rows]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def drawn(rows: list[dict[str, Any]]) -> frozenset[str]:
    """The customers whom a round draws, contacted or withheld."""
    return frozenset(row["customer_id"] for row in rows if row["proposed"] != NONE)


def checked(assignments: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of assignments in the order of the list, as they are kept, with their `place`.

    Raises DataError when a customer occurs twice or probabilities do not sum to one.
    """
    if twice := assignments.loc[assignments["customer_id"].duplicated(), "customer_id"].tolist():
        raise DataError(f"a round with customer '{twice[0]}' twice cannot be written.")
    rows = []
    for place, row in enumerate(assignments.to_dict("records")):
        probabilities = {str(name): float(share) for name, share in row["probabilities"].items()}
        if not np.isclose(sum(probabilities.values()), 1.0, atol=1e-9) or min(probabilities.values()) < 0:
            raise DataError(
                f"the probabilities of customer '{row['customer_id']}' are {probabilities}, no distribution."
            )
        plain = {
            **{name: str(row[name]) for name in ("customer_id", "action", "proposed", "level", "because")},
            **{name: bool(row[name]) for name in ("withheld", "explored")},
            "risk": float(row["risk"]),
            "expected_value": _number(row["expected_value"]),
            "probabilities": json.dumps(probabilities, sort_keys=True),
            "reasons": json.dumps([list(pair) for pair in row["reasons"]], ensure_ascii=False),
            "next_best": str(row["next_best"]),
            "warnings": json.dumps([dict(one) for one in row["warnings"]], sort_keys=True),
            "value": _number(row.get("value")),
            **{name: _text(row.get(name)) for name in ("segment", "playbook_row")},
            "why_action": _both(row.get("why_action", NO_WHY)),
            "place": place,
        }
        rows.append({name: plain[name] for name in COLUMNS})
    return rows


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _both(languages: Sequence[str]) -> str | None:
    """A text in both languages as JSON; None where nothing is said."""
    return json.dumps(list(languages), ensure_ascii=False) if any(languages) else None


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) or value == "" else str(value)


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Kept rows as assignments, with COLUMNS."""
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return found.assign(
        probabilities=[json.loads(text) for text in found["probabilities"]],
        reasons=[json.loads(text) for text in found["reasons"]],
        next_best=found["next_best"].fillna(NONE),
        warnings=[json.loads(text) for text in found["warnings"].fillna("[]")],
        why_action=[json.loads(text) for text in found["why_action"].fillna(json.dumps(NO_WHY))],
        **{name: pd.to_numeric(found[name], errors="coerce").astype(float) for name in ("expected_value", "value")},
        **{name: found[name].fillna("") for name in ("segment", "playbook_row")},
    )
