"""Effects of the actions on further outcomes, beside the label."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from experiments.evaluation import claims
from pipelines.messages.numbers import NO_BREAK, Unit, alone, money, written
from pipelines.reporting.effects import NOT_ESTABLISHED, claimed
from pipelines.reporting.judged_figures import Words

Found = Mapping[str, Any]

_CHANGED = Words("Raised", "Lowered", NOT_ESTABLISHED)


def other_outcomes(found: Found) -> list[dict[str, Any]]:
    """Each further outcome in its own unit: means, differences, what the ranking adds, and missing values."""
    return [
        {
            "meaning": one["meaning"],
            "actions": [_other(found, column, action) for action in one["trial"]],
            "missing": _missing(one.get("missing", {})),
        }
        for column, one in found["uplift"]["outcomes"].items()
    ]


def _missing(missing: Found) -> str:
    """A sentence on rows that lack an outcome, and whether the arms differ in that; "" where none does."""
    if not missing.get("rows"):
        return ""
    by_arm = ", ".join(f"{arm} {rows:,}" for arm, rows in missing["by_arm"].items())
    differ = (
        "differ in this: a difference may come from who is missing"
        if missing["differs"]
        else "do not differ in this beyond chance"
    )
    rows = f"{missing['rows']:,} of {missing['of']:,} rows, which are left out ({by_arm})"
    return f"It is missing in {rows}; the arms {differ} (p {missing['p']:.2g})."


def _other(found: Found, column: str, action: str) -> dict[str, Any]:
    outcome = found["uplift"]["outcomes"][column]
    unit, one = outcome["unit"] or "", outcome["trial"][action]
    is_money = unit == found["spec"]["currency"]
    plain = money(unit) if is_money else Unit(after=f"{NO_BREAK}{unit}".rstrip(NO_BREAK))
    means = {name: alone(one[name], plain, standard_error=one["standard_error"]) for name in ("mean", "control_mean")}
    changed = replace(plain, signed=True)
    return {
        **means,
        "difference": claimed(found, claims.name("outcome", f"{column}, {action}"), one, _CHANGED, changed, of=action),
        "ranking": written(outcome["qini"][action], changed),
    }
