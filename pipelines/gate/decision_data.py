"""The basis of a decision as plain data, for `decision.json` and the ledger."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.comparison import Pair, judged_slices
from experiments.sections.gate import GateSpec
from pipelines.ruling.evidence import Evidence

NO_PAIR = {"challenger": None, "champion": None, "difference": None}


def cohort(judged: Cohort, *, left_out: int) -> dict[str, Any]:
    """The judged rows; left_out were training rows of the champion, left_in_gap are left out of the risk."""
    return {
        "rows": len(judged.rows),
        "customers": int(judged.rows["customer_id"].nunique()),
        "untreated": int(judged.untreated.sum()),
        "positives": int(judged.churned[judged.untreated].sum()),
        "rarer": judged.rarer,
        "risk_weighted": judged.risk_weights is not None,
        "left_in_gap": int(judged.left_in_gap.sum()),
        "left_out": left_out,
        **({"stated": judged.balance.stated, "in_file": judged.balance.in_file} if judged.balance else {}),
        "dates": sorted({str(moment.date()) for moment in judged.rows["as_of"].dropna().unique()}),
    }


def pairs(found: Mapping[str, Pair]) -> dict[str, Any]:
    """Pairs by name; undefined figures are None, since JSON has no NaN."""
    return {name: _pair(one) for name, one in found.items()}


def slices(evidence: Evidence, gate: GateSpec) -> list[dict[str, Any]]:
    """The AUC of both models in each slice, the p-value of R004, and the verdict: worse, no worse or neither."""
    found = judged_slices(evidence.slices, margin=gate.slice_margin, alpha=gate.alpha)
    return [
        {
            "name": one.name,
            "rows": one.rows,
            "rarer": one.rarer,
            **(_pair(one.pair) if one.pair else NO_PAIR),
            "p": _number(judged.p),
            "worse": judged.worse,
            "no_worse": judged.no_worse,
        }
        for one, judged in zip(evidence.slices, found, strict=True)
    ]


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "challenger": _number(pair.challenger),
        "champion": _number(pair.champion),
        "difference": pair.difference and {key: _number(one) for key, one in pair.difference.to_dict().items()},
    }


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
